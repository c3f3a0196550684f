"""Lists of feeds from other readers, and ours for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sahut.core import opml
from sahut.core.errors import RefusedError
from sahut.core.model import SourceDraft
from tests.builders import NOW

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Langganan</title></head><body>
<outline text="Berita"><outline text="Kota/Kab"><outline type="rss" text="Warta &amp; Kota"
  xmlUrl="https://warta.example/rss" htmlUrl="https://warta.example"/></outline>
  <outline xmlurl="http://kabar.example/feed"/></outline>
<outline title="Lepas" xmlUrl="HTTPS://Lepas.Example:443/rss" category="/Layanan/Air,lain"/>
<outline text="Rusak" xmlUrl="javascript:alert(1)"/><outline text="Kosong"/>
</body></opml>"""


def draft(name: str, address: str, **options: str) -> SourceDraft:
    return SourceDraft(platform="feed", name=name, address=address, options=options)


def test_folders_become_categories_and_what_is_no_address_is_told() -> None:
    drafts, notes = opml.read(LIST)

    assert [(d.name, d.address, d.options) for d in drafts] == [
        ("Warta & Kota", "https://warta.example/rss", {"category": "Berita/Kota-Kab"}),
        ("kabar.example", "http://kabar.example/feed", {"category": "Berita"}),
        ("Lepas", "HTTPS://Lepas.Example:443/rss", {"category": "Layanan/Air"}),
    ]
    assert len(notes) == 1
    assert "'Rusak' was left out" in notes[0]


def test_an_address_that_is_followed_counts_once_however_it_is_spelt() -> None:
    drafts, notes = opml.read(LIST)
    plan = opml.plan([*drafts, drafts[0]], notes, [draft("x", "http://sari:rahasia@lepas.example/rss")])

    assert [d.name for d in plan.add] == ["Warta & Kota", "kabar.example"]
    assert [d.name for d in plan.already] == ["Lepas", "Warta & Kota"]


def test_names_are_made_unique() -> None:
    plan = opml.plan(
        [draft("Warta", "https://a.example/"), draft("Warta", "https://b.example/")],
        [],
        [draft("Warta", "https://c.example/")],
    )

    assert [d.name for d in plan.add] == ["Warta (2)", "Warta (3)"]


def test_what_we_write_we_read_again_without_passwords() -> None:
    one = SourceDraft(
        platform="feed",
        name='Warta "Kota" <b>\x00',
        address="https://sari:rahasia@warta.example/rss?a=1&b=2",
        query='jalan AND NOT "iklan"',
        interval=timedelta(minutes=45),
        options={"category": "Berita/Kota", "comments": "yes", "secret": "x"},
    )
    other = SourceDraft(platform="replay", name="Arsip", address="/var/x.jsonl")
    text = opml.write([one, other, draft("Lepas", "https://lepas.example/")], title="Sahut & kawan", now=NOW)
    drafts, notes = opml.read(text.encode())

    assert "rahasia" not in text
    assert notes == []
    assert [d.name for d in drafts] == ["Lepas", 'Warta "Kota" <b>']
    assert drafts[1].address == "https://warta.example/rss?a=1&b=2"
    assert (drafts[1].query, drafts[1].interval) == (one.query, one.interval)
    assert drafts[1].options == {"category": "Berita/Kota", "comments": "yes"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "not well-formed"),
        (b"<html/>", "no element <opml>"),
        (b"<opml><body><outline></body></opml>", "not well-formed"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><opml><body/></opml>', "document type"),
        (b'<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>', "document type"),
        (b'<?xml version="1.0" encoding="utf-99"?><opml/>', "encoding"),
        (b"<opml>" + b"<outline>" * 60 + b"</outline>" * 60 + b"</opml>", "nested"),
        (b"<opml>" + b"<outline/>" * 5_001 + b"</opml>", "over 5000 outlines"),
        (b" " * (opml.MOST_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_list_is_refused_in_words(document: bytes, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        opml.read(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_list_in_any_declared_encoding_is_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><opml><outline text="Kafé" xmlUrl="https://a.example/"/></opml>'

    assert opml.read(text.encode(encoding))[0][0].name == "Kafé"
