"""The board in English: every page, without a word of Indonesian left on it."""

import re
from html.parser import HTMLParser

import pytest
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

from tests.triage_api.conftest import POLICY, World
from tests.triage_api.web.every_page import addresses
from triage_api.web import languages

PAGE = {"accept": "text/html"}
_WORD = re.compile(r"[^\W\d_]{3,}")
# Everyday words that a text of the board may hold without standing in the catalogue.
_EVERYDAY = {
    "yang",
    "dan",
    "untuk",
    "dengan",
    "tidak",
    "belum",
    "sudah",
    "ini",
    "itu",
    "dari",
    "pada",
    "atau",
    "akan",
    "bisa",
    "dapat",
    "agar",
    "bila",
    "jika",
    "saat",
    "oleh",
    "karena",
    "juga",
    "lebih",
    "semua",
    "setiap",
    "antara",
    "sebagai",
    "tanpa",
    "hingga",
    "sampai",
    "kembali",
    "pilih",
    "simpan",
    "hapus",
    "tambah",
    "ubah",
    "lihat",
    "buka",
    "tutup",
}


def _words(texts: list[str]) -> set[str]:
    return {word.casefold() for text in texts for word in _WORD.findall(re.sub(r"%\(\w+\)s", " ", text))}


def _indonesian() -> set[str]:
    """Words that the Indonesian side of the catalogue has and the English one has not."""
    ours: list[str] = []
    theirs: list[str] = []
    with languages.path_of("en").open("rb") as said:
        for message in read_po(said, locale="en"):
            if message.id:
                ours += message.id if isinstance(message.id, tuple) else [message.id]
                theirs += message.string if isinstance(message.string, tuple) else [message.string]
    # "uji" is what the program is called that acts in these tests.
    return (_words(ours) | _EVERYDAY) - _words(theirs) - {"uji"}


class _Said(HTMLParser):
    """What a page says outside of parts marked as Indonesian: its texts, and the attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if self._left_out or said.get("lang") == "id":
            if tag not in {"input", "img", "br", "meta", "link"}:
                self._left_out.append(tag)
            return
        self.found += [said[name] or "" for name in ("alt", "aria-label", "placeholder", "title") if name in said]

    def handle_endtag(self, tag: str) -> None:
        if self._left_out and self._left_out[-1] == tag:
            self._left_out.pop()

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.found.append(data)


def _reader(world: World, username: str = "admin") -> TestClient:
    client, csrf = world.signed_in(username)
    client.headers.update(PAGE)
    client.headers["X-CSRF-Token"] = csrf
    answer = client.post("/display", data={"csrf": csrf, "language": "en", "back": "/account"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account"
    return client


def _leaked(page: str, names: list[str]) -> set[str]:
    for name in names:
        page = page.replace(name, " ")
    said = _Said()
    said.feed(page)
    return _words(said.found) & _indonesian()


def test_no_page_in_english_holds_an_indonesian_word(world: World) -> None:
    client = _reader(world)
    names = [unit.name for unit in POLICY.units] + [world.source.name, "Lampu padam", "Contoh"]
    for template, address in addresses(world).items():
        answer = client.get(address)
        assert answer.status_code < 500, (template, answer.status_code)
        # What htmx unfolds in a page is a part of one.
        assert '<html lang="en"' in answer.text or "<html" not in answer.text, template
        assert _leaked(answer.text, names) == set(), template


def test_what_is_refused_is_refused_in_english(world: World) -> None:
    client = _reader(world)
    csrf = client.headers["X-CSRF-Token"]
    for path, fields in (
        ("/mentions/dismiss", {}),
        ("/mentions/chosen", {"act": "convert"}),
        ("/password", {"current": "a", "new": "b", "again": "c"}),
        ("/sources", {"address": "no address"}),
        ("/tickets", {"title": ""}),
        ("/nowhere", {}),
    ):
        answer = client.post(path, data={"csrf": csrf, **fields})
        assert 400 <= answer.status_code < 500, path
        assert _leaked(answer.text, ["Contoh"]) == set(), path


def test_the_language_is_kept_for_those_not_signed_in_and_accept_language_is_not_asked(world: World) -> None:
    stranger = world.browser()
    stranger.headers.update(PAGE | {"accept-language": "en"})
    assert "Kata sandi" in stranger.get("/sign-in").text
    answer = stranger.post(
        "/display", data={"language": "en", "back": "/sign-in?next=/tickets"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/sign-in?next=/tickets"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Password" in stranger.get("/sign-in").text
    assert "The user name or the password is wrong." in stranger.post("/sign-in", data={"username": "x"}).text
    stranger.post("/display", data={"language": "id"})
    assert "Kata sandi" in stranger.get("/sign-in").text


def test_a_theme_is_kept_and_nonsense_changes_nothing(world: World) -> None:
    stranger = world.browser()
    stranger.headers.update(PAGE)
    assert "data-theme" not in stranger.get("/sign-in").text
    stranger.post("/display", data={"theme": "dark", "language": "xx"})
    assert 'lang="id" data-theme="dark"' in stranger.get("/sign-in").text
    stranger.post("/display", data={"theme": "../x"})
    assert 'data-theme="dark"' in stranger.get("/sign-in").text
    stranger.post("/display", data={"theme": "system"})
    assert "data-theme" not in stranger.get("/sign-in").text


@pytest.mark.parametrize("back", ["https://jahat.example/", "//jahat.example", "/\\jahat.example", "javascript:1"])
def test_the_switch_leads_to_no_other_site(world: World, back: str) -> None:
    answer = world.browser().post("/display", data={"language": "en", "back": back}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_another_site_cannot_switch(world: World) -> None:
    strange = {"sec-fetch-site": "cross-site", "origin": "https://jahat.example"}
    answer = world.browser().post("/display", data={"language": "en"}, headers=strange)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_api_answers_in_its_own_words_whatever_the_board_is_read_in(world: World) -> None:
    client = _reader(world)
    client.headers["accept"] = "application/json"
    answers = [client.get("/api/v1/mentions/999999999").json()]
    client.cookies.delete("sahut_language")
    answers.append(client.get("/api/v1/mentions/999999999").json())
    assert answers[0] == answers[1]
