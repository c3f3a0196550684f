"""What strangers write, everywhere it can stand: no page gets an element, a handler or a link of theirs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser
from selectolax.lexbor import LexborHTMLParser, LexborNode

from sahut import probe
from sahut.core.model import Author, CredentialDraft, Probe, Role, SourceDraft
from tests.abuse.conftest import served
from tests.abuse.corpus import EVERYTHING, HIDDEN, LINKS, SCRIPTS
from tests.builders import NOW, a_mention
from tests.fakes import FakeCollector
from tests.triage_api.conftest import PASSWORD, World
from triage_api.web import hostile, pages

PAGE = {"Accept": "text/html"}
# What the templates are made of, and what the app puts into a text by itself; a stranger's element would have to be one
# of these and name nothing `canary`.
_TEMPLATES = Path(pages.__file__).parent / "templates"
_ELEMENTS = {"a", "mark", "del", "ins", "head", "body", "tbody"} | {
    tag for file in _TEMPLATES.glob("*.html") for tag in re.findall(r"<([a-z][a-z0-9]*)", file.read_text("utf-8"))
}
_ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "poster", "data", "srcset", "xlink:href")


def _whole(texts: tuple[str, ...], most: int) -> Iterator[str]:
    """The texts, as many in one as fit into ``most`` characters."""
    held = ""
    for text in texts:
        if held and len(held) + len(text) + 1 > most:
            yield held
            held = ""
        held = f"{held} {text}".strip()
    yield held


def _nodes(html: str) -> Iterator[LexborNode]:
    root = LexborHTMLParser(html).root
    assert root is not None
    yield from root.traverse(include_text=False)


def faults(html: str) -> list[str]:
    """What on a page could be a stranger's doing."""
    found = [f"U+{ord(sign):04X} stands there" for sign in HIDDEN & set(html)]
    for node in _nodes(html):
        tag = node.tag or ""
        if tag.startswith(("-", "_", "!")):
            continue
        said = {name: value or "" for name, value in node.attributes.items()}
        if tag not in _ELEMENTS:
            found.append(f"<{tag}>")
        found += [f"<{tag} {name}>" for name in said if name.startswith(("on", "hx-on")) or "canary" in name]
        if "style" in said or "srcdoc" in said:
            found.append(f"<{tag}> with a style or a document of its own")
        if tag in {"script", "link", "img"}:
            here = said.get("src", said.get("href", ""))
            if not here.startswith("/static/") or (tag == "script" and node.text(deep=True).strip()):
                found.append(node.html or "")
        if tag == "meta" and "http-equiv" in said:
            found.append(node.html or "")
        for name in _ADDRESSES:
            if name in said:
                found += _wrong_address(tag, said, said[name])
    return found


def _wrong_address(tag: str, said: dict[str, str], address: str) -> list[str]:
    if address.startswith(("/", "?", "#")) and not address.startswith(("//", "/\\")):
        return []
    if not address:
        return []
    parts = urlsplit(address)
    out = tag == "a" and parts.scheme in {"http", "https"} and {"noopener", "noreferrer"} <= set(said["rel"].split())
    plain = (parts.hostname or "").isascii() and "@" not in parts.netloc and hostile.plain(address) == address
    return [] if out and plain else [f"<{tag}> leads to {address!r}"]


def _looked(draft: SourceDraft) -> Probe:
    """A place whose title and items are hostile."""
    items = [a_mention(text, title=text, permalink=text) for text in EVERYTHING]
    return probe.look(draft, FakeCollector().page(*items, title=SCRIPTS[0]), NOW)


@pytest.fixture
def attacked(sqlite_store: Any, clock: Any) -> World:
    """A world in which every text that comes from outside, or from a colleague, attacks."""
    world = World(sqlite_store, clock, look=_looked)
    with world.store.begin() as tx:
        for number, text in enumerate(_whole(EVERYTHING, 150)):
            tx.accounts.add_user(
                username=f"x{number}", name=text, role=Role.TRIAGE, password_hash="!", must_change=True, now=NOW
            )
            draft = CredentialDraft(platform="mastodon", name=text, settings={"server": text}, budgets=())
            tx.credentials.add(draft, {"access_token": "x"}, NOW)
            tx.sources.add(SourceDraft(platform="feed", name=text, address=f"https://a.example/{number}"), NOW)
    return world


def _post(world: World) -> list[int]:
    said = [
        a_mention(text, platform="feed", title=text, permalink=text, author=Author(handle=text, name=text))
        for text in EVERYTHING
    ]
    ids = world.store_mentions(said)
    world.tie(ids[41], ids[40])
    for one in ids[:6]:
        with world.store.read() as tx:
            body = tx.mentions.get(one).mention.body
        world.explain(one, body[: len(body) // 2], body[len(body) // 2 :])
    return ids


def _work(world: World, ids: list[int]) -> list[str]:
    """Tickets, replies and keys full of the corpus; the addresses of their pages."""
    found = []
    program = world.program(Role.ADMIN)
    for number, text in enumerate(_whole(EVERYTHING, 190)):
        body = {
            "mentions": [{"id": ids[number]}],
            "title": text[:190],
            "place": text[:190],
            "description": text,
            "topic": "roads",
        }
        made = program.post("/api/v1/tickets", json={name: _sendable(value) for name, value in body.items()})
        assert made.status_code == 201, made.text
        found.append(f"/tickets/{made.json()['ticket']['id']}")
        key = {"name": _sendable(text), "user_id": world.users[Role.ADMIN], "scopes": ["own"]}
        assert program.post("/api/v1/tokens", json=key).status_code == 201
    for number, text in enumerate(_whole(EVERYTHING, 240)):
        mention = ids[-1 - number]
        reply = {"mention_id": mention, "text": _sendable(text)}
        made = program.post("/api/v1/replies", json=reply)
        assert made.status_code == 201, made.text
        found += [f"/replies/{made.json()['id']}", f"/mentions/{mention}/reply"]
    return found


def _sendable(value: Any) -> Any:
    """Without what the API's fields refuse outright: NUL and lone surrogates."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else value


_SEARCHES = (
    "/?q={0}",
    "/?place={0}&topic={0}&source={0}&from={0}&state={0}",
    "/tickets?q={0}&status={0}",
    "/audit?key={0}&kind={0}&actor={0}",
    "/sources/test?address={0}",
    "/password?next={0}",
    "/account?done={0}&did={0}",
)


def _searches() -> Iterator[str]:
    """Each text in two of the places where an address is said again on its page."""
    for number, text in enumerate(map(_sendable, EVERYTHING)):
        for place in (number, number + 3):
            yield _SEARCHES[place % len(_SEARCHES)].format(quote(text))


@pytest.mark.timeout(900)
def test_no_page_gets_an_element_a_handler_or_a_link_of_what_strangers_wrote(attacked: World) -> None:
    ids = _post(attacked)
    paths = ["/", "/?state=filed", "/tickets", "/replies", "/sources", "/users", "/tokens", "/credentials", "/audit"]
    paths += _work(attacked, ids) + [f"/mentions/{one}" for one in ids] + [f"/mentions/{ids[40]}/copies", "/account"]
    picks = "&".join(f"pick={one}" for one in ids[30:60])
    paths += [f"/tickets/new?{picks}", f"/mentions/merge?{picks}", "/decisions/mine"]
    with attacked.store.read() as tx:
        paths += [f"/users/{one.id}" for one in tx.accounts.users()]
        paths += [f"/credentials/{one.id}" for one in tx.credentials.all()]
        paths += [f"/sources/{one.id}" for one in tx.sources.all()]
    browser = attacked.browser()
    for agent in EVERYTHING:
        said = {"User-Agent": _sendable(agent).encode("ascii", "ignore").replace(b"\t", b" ").strip()}
        signed = browser.post("/sign-in", data={"username": "admin", "password": PASSWORD}, headers=said)
        assert signed.status_code == 200
    found = {}
    for path in [*paths, *_searches()]:
        answer = browser.get(path, headers=PAGE)
        assert answer.status_code in {200, 404, 422}, (path, answer.status_code)
        if faulty := faults(answer.text):
            found[path] = faulty
    assert found == {}
    assert len(paths) > 150


@pytest.mark.timeout(900)
def test_what_a_form_says_again_is_only_text(attacked: World) -> None:
    ids = _post(attacked)
    browser, csrf = attacked.signed_in("admin")
    found = {}
    for number, text in enumerate(map(_sendable, EVERYTHING)):
        forms = [
            ("/sign-in", {"username": text, "password": text, "back": text}),
            ("/users", {"username": text, "name": text, "role": "triage"}),
            ("/tokens", {"name": text, "holder": "1", "days": "7", "scope": text}),
            ("/sources/test", {"address": text, "name": text, "query": text}),
            ("/sources", {"address": text, "name": text, "query": text}),
            ("/welcome", {"token": text, "new": text, "again": text}),
            (f"/mentions/{ids[number]}/reply/check", {"text": text}),
            (f"/mentions/{ids[number]}/reply", {"text": text, "note": text, "act": text, "version": text}),
            ("/tickets", {"title": text, "place": text, "pick": f"{ids[number]}:999", "topic": "roads"}),
            ("/mentions/dismiss", {"pick": f"{ids[number]}:999", "reason": "spam", "back": text}),
        ]
        for path, form in forms[number % 3 :: 3]:
            answer = browser.post(path, data={"csrf": csrf, **form}, headers=PAGE, follow_redirects=False)
            assert answer.status_code < 500, (path, text)
            away = answer.headers.get("location", "/")
            if away.startswith("//") or not away.startswith("/") or "\\" in away:
                found[path, text] = [away]
            if answer.headers.get("content-type", "").startswith("text/html"):
                said = faults(answer.text)
                if said:
                    found[path, text] = said
    assert found == {}


def test_the_look_itself_finds_what_it_looks_for() -> None:
    """Each script of the corpus, put into a page raw, is a fault."""
    blind = [
        text
        for text in SCRIPTS
        if "<" in text
        and not text.startswith(("&lt;", "<%", "<\x00"))
        and not faults(f"<main><p>{text}\"'></p></main>")
    ]
    assert [one for one in blind if "{{" not in one and "+AD" not in one] == []
    sound = [text for text in LINKS if "[" not in text]
    raw = [text for text in sound if not faults(f'<a href="{text}" rel="noopener noreferrer">x</a>')]
    # What is left is a plain address of the web, or none that a browser would follow to a script.
    assert {urlsplit(text.strip()).scheme for text in raw} <= {"http", "https"}


@pytest.mark.parametrize("text", LINKS)
def test_an_address_becomes_a_link_only_where_it_leads_to_the_page_that_it_shows(text: str) -> None:
    href = hostile.web_address(text)
    if href is not None:
        parts = urlsplit(href)
        assert parts.scheme in {"http", "https"}
        assert (parts.hostname or "").isascii()
        assert "@" not in parts.netloc
    page = str(hostile.linked(f"lihat {text} di sini"))
    assert faults(f"<main>{page}</main>") == []
    for node in _nodes(page):
        if node.tag == "a":
            assert node.text() == node.attributes["href"]


def test_a_name_in_strange_letters_is_shown_in_punycode() -> None:
    shown = str(hostile.linked("bayar di https://\u0430pple.example/masuk"))
    assert ">https://xn--pple-43d.example/masuk<" in shown
    assert "\u0430" not in shown


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_in_a_browser_nothing_of_it_runs(attacked: World, chromium: Browser) -> None:
    ids = _post(attacked)
    _work(attacked, ids)
    with served(attacked) as (host, port):
        context = chromium.new_context(base_url=f"http://{host}:{port}", locale="id-ID")
        page = context.new_page()
        ran: list[str] = []
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda sent: ran.append(sent.url) if "canary" in urlsplit(sent.url).netloc else None)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => { (window.broken ??= []).push(e.blockedURI) })"
        )
        page.goto("/sign-in")
        page.get_by_label("Nama pengguna").fill("admin")
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        page.wait_for_load_state()
        for path in (
            "/",
            *(f"/mentions/{one}" for one in ids[:37:2]),
            "/tickets",
            "/replies",
            "/users",
            "/sources",
            "/tokens",
        ):
            page.goto(path)
            page.wait_for_load_state()
            assert (
                page.evaluate("[...document.querySelectorAll('canary, main script, main iframe, main style')].length")
                == 0
            )
            assert page.evaluate("window.broken ?? []") == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        context.close()
    assert ran == []
