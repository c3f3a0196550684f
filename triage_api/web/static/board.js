// Keyboard and small comforts. Every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  if (matchMedia("(hover: hover)").matches) root.classList.add("keys");
  let at = -1;
  const rows = () => [...document.querySelectorAll(".mention")];
  const current = () => document.activeElement?.closest(".mention") ?? (at >= 0 ? rows()[at] : null);

  function go(to) {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(to, all.length - 1));
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  }
  function act(key) {
    const row = current();
    const scope = key === "u" ? document : row ?? (rows().length ? null : document);
    scope?.querySelector(`[data-act="${key}"]`)?.click();
    return Boolean(scope);
  }
  function openMenu(name) {
    const row = current();
    const menu = (row ?? (rows().length ? null : document))?.querySelector(`[data-menu="${name}"]`);
    if (!menu) return act(name);
    menu.open = true;
    menu.querySelector("button, a")?.focus({ preventScroll: true });
    menu.querySelector("form, .panel")?.scrollIntoView({ block: "nearest" });
  }
  // What was asked for with a key may stand on another page: the keys go on from its first field there.
  function arrive() {
    const place = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place && place.matches("#tindakan, #balasan")) place.querySelector("select, textarea, a, button")?.focus();
  }
  // Back from a mention, the keys go on at its row: whoever reads one after the other does not begin at the top again.
  const MARKED = "sahut-marked";
  function comeBack() {
    const [kind] = performance.getEntriesByType("navigation");
    const [path, id] = (sessionStorage.getItem(MARKED) ?? "").split("#");
    const row = id && kind?.type === "back_forward" && path === location.pathname + location.search && document.getElementById(id);
    if (row && document.activeElement === document.body) go(rows().indexOf(row));
  }
  // A region that stays while the page below it is swapped: only then is what happened read aloud.
  function say() {
    const live = document.querySelector("#live");
    const flash = document.querySelector("#isi #flash");
    if (live) live.replaceChildren(...(flash ? [flash] : []));
  }
  function search() {
    const field = document.querySelector("#q");
    if (!field) return;
    const fold = field.closest("details");
    if (fold) fold.open = true;
    field.focus();
    field.select();
  }
  function chosen() {
    const count = document.querySelectorAll('[name="pick"][form="bulk"]:checked').length;
    const say = document.querySelector("[data-chosen]");
    if (say) say.textContent = say.dataset.chosen.replace("{n}", count);
    document.querySelector(".bulk")?.classList.toggle("some", count > 0);
  }
  function keys() {
    const dialog = document.querySelector("#keys");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }
  function wide() {
    const filters = document.querySelector("#filters");
    if (filters && matchMedia("(min-width: 44.01rem)").matches) filters.open = true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const menu = document.querySelector(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    if (event.target.closest("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
    if (menu && /^[1-6]$/.test(event.key)) {
      // Only what shows this number: in another menu, or on another tab, something else may stand first.
      [...menu.querySelectorAll("button")].find((one) => one.querySelector("kbd")?.textContent === event.key)?.click();
      event.preventDefault();
      return;
    }
    const all = rows();
    const row = current();
    const here = row ? all.indexOf(row) : -1;
    switch (event.key) {
      case "j": if (all.length) go(here + 1); else act("j"); break;
      case "k": if (all.length) go(here < 0 ? 0 : here - 1); else history.back(); break;
      case "d": case "s": case "m": openMenu(event.key); break;
      case "e": act("e") && document.querySelector("#tindakan select")?.focus(); break;
      case "n": newOnes(); break;
      case "p": case "t": act(event.key); break;
      case "c": case "o": case "x": case "u": case "a": case "g": act(event.key); break;
      case "r": act("r"); document.querySelector("#balasan")?.querySelector("textarea, a, button")?.focus(); break;
      case "b": document.querySelector(".bulk.some")?.querySelector("button")?.focus(); break;
      case "/": search(); break;
      case "?": keys(); break;
      default: return;
    }
    event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.(".mention");
    if (!row) return;
    at = rows().indexOf(row);
    if (row.id) sessionStorage.setItem(MARKED, `${location.pathname}${location.search}#${row.id}`);
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (event.target.closest("#keys-button")) keys();
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".menu") && event.target.open)
      for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== event.target) menu.open = false;
  }, true);
  // Testing an address may take half a minute: the button says that it heard.
  document.addEventListener("submit", (event) => {
    if (!event.target.hasAttribute("hx-post")) event.submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    comeBack();
  });
  document.addEventListener("change", chosen);
  document.addEventListener("htmx:after:swap", () => {
    wide();
    chosen();
    say();
    // The next mention has moved to where the decided one stood.
    if (at >= 0 && !document.activeElement?.closest(".mention")) go(at);
  });
  // --- Who has this mention open: said again while somebody looks, unsaid when the page goes.
  const RENEW = 45_000;
  let viewing = 0;
  function viewed(more) {
    const at = document.querySelector("[data-viewing]");
    if (!at) return null;
    return [at, new URLSearchParams({ key: at.dataset.key, csrf: at.dataset.csrf, ...more })];
  }
  function put(at, text) {
    if (at.textContent.trim() !== text.trim()) at.textContent = text.trim();
  }
  async function renew() {
    clearTimeout(viewing);
    const found = viewed({});
    if (!found || document.hidden) return;
    const [at, body] = found;
    let wait = RENEW;
    try {
      const answer = await fetch(at.dataset.viewing, { method: "POST", body, redirect: "error" });
      if (answer.ok) put(at, await answer.text());
      else if (answer.status < 500) return; // Signed out, or the mention is gone: the next click says so.
      else wait *= 4;
    } catch {
      wait *= 4;
    }
    viewing = setTimeout(renew, wait);
  }
  // --- What came into the queue: a bar over it; ever more rarely after errors, never from a hidden page.
  const ASK = 30_000;
  const LONGEST = 600_000;
  let asking = 0;
  let wait = ASK;
  let asked = 0;
  let known = { news: "", tag: "" };
  const title = document.title;
  const bar = () => document.querySelector("[data-news]");
  function newOnes() {
    const at = bar();
    if (at && !at.hidden) at.click();
  }
  function tell(said) {
    const at = bar();
    put(at.firstElementChild, said.say);
    at.hidden = !said.say;
    document.title = said.say ? `(${said.say.split(" ")[0]}) ${title}` : title;
    if (!matchMedia("(min-width: 44.01rem)").matches) return;
    for (const row of rows()) {
      const reads = row.querySelector(".readers");
      if (reads) put(reads, said.open[row.id.slice(1)] ?? "");
    }
  }
  async function ask() {
    clearTimeout(asking);
    const at = bar();
    if (!at || document.hidden) return;
    const { news } = at.dataset;
    const headers = known.news === news && known.tag ? { "If-None-Match": known.tag } : {};
    asked = Date.now();
    try {
      const answer = await fetch(news, { headers, cache: "no-store", redirect: "error" });
      if (answer.status === 200) {
        const said = await answer.json();
        // What was decided meanwhile has brought a newer page, which asks for itself.
        if (bar()?.dataset.news === news) tell(said);
        known = { news, tag: answer.headers.get("ETag") ?? "" };
      } else if (answer.status !== 304 && answer.status < 500 && answer.status !== 429) return; // Signed out.
      wait = answer.ok || answer.status === 304 ? ASK : Math.min(wait * 2, LONGEST);
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    // Not all at the same moment after the server was away.
    clearTimeout(asking);
    asking = setTimeout(ask, wait * (0.9 + Math.random() / 5));
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(asking);
    else if (bar()) asking = setTimeout(ask, Math.max(0, asked + wait - Date.now()));
  });
  if (bar()) asking = setTimeout(ask, ASK);

  document.addEventListener("visibilitychange", renew);
  addEventListener("pageshow", (event) => {
    if (event.persisted) renew();
  });
  addEventListener("pagehide", () => {
    const found = viewed({ gone: "1" });
    if (found) navigator.sendBeacon(found[0].dataset.viewing, found[1]);
  });
  if (viewed({})) viewing = setTimeout(renew, RENEW);

  wide();
  chosen();
  // After the browser's own jump to the place, which takes the focus away.
  addEventListener("load", () => requestAnimationFrame(arrive));
  const button = document.querySelector("#keys-button");
  if (button) button.hidden = !root.classList.contains("keys");
})();
