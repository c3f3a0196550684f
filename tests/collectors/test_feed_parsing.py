"""Documents in, mentions out: `collectors.feeds.parse`."""

from __future__ import annotations

import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import feedparser
import pytest

from sahut.core.errors import CollectError
from tests.collectors.feed_documents import FORMATS, only, parsed
from tests.collectors.feed_server import item, rss


@pytest.mark.parametrize("body", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_gives_the_same_mention(body: bytes) -> None:
    mention = only(body)

    assert mention.platform == "feed"
    assert mention.native_id == mention.permalink == "https://warta.example/1"
    assert mention.title == "Jalan rusak"
    assert parsed(body).title in {"W", "Warta Kota Contoh"}
    assert json.dumps(dict(mention.raw))


def test_html_becomes_clean_text() -> None:
    html = (
        "<![CDATA[<p>Air&nbsp;mati &amp; kotor</p><script>alert(1)</script><style>p{}</style>"
        "<ul><li>RT 03</li><li>RT&#8203;04</li></ul>baris<br>dua &amp;lt;b&amp;gt;"
        "<table><tr><td>1</td><td>2</td></tr></table>]]>"
    )
    mention = only(rss(f"<guid>1</guid><title>A &amp; B</title><description>{html}</description>"))

    assert mention.title == "A & B"
    assert mention.text == "Air mati & kotor\nRT 03\nRT04\nbaris\ndua &lt;b&gt;\n1 2"


def test_the_fullest_wording_is_taken() -> None:
    long = "Lampu di sepanjang Jalan Melati padam sejak Senin dan belum ada petugas."
    extra = f'<description>Lampu …</description><content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>{long}</p>]]></content:encoded>'

    assert only(rss(item(1, extra=extra))).text == long


def test_relative_links_are_resolved_against_the_document() -> None:
    assert only(rss("<title>a</title><link>/baca/1</link>")).permalink == "https://warta.example/baca/1"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_only_web_addresses_become_permalinks(link: str) -> None:
    assert only(rss(f"<title>a</title><guid>1</guid><link>{link}</link>")).permalink == ""


def test_a_bare_ampersand_or_a_missing_end_costs_nothing_else() -> None:
    assert only(rss("<title>Taman & parkir</title><guid>1</guid>")).title == "Taman & parkir"
    cut = rss(item(1), item(2), item(3))
    assert len(parsed(cut[: cut.rindex(b"<link>")]).mentions) >= 2


def test_one_malformed_item_is_a_dead_letter_and_the_rest_is_kept() -> None:
    body = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "items": [{"id": "1", "title": "a"}, 7, {"id": "2", "title": "b"}],
        }
    )
    batch = parsed(body.encode())

    assert [mention.title for mention in batch.mentions] == ["a", "b"]
    assert len(batch.dead) == 1
    assert batch.dead[0].reason
    assert batch.seen == 3


# --- charsets ----------------------------------------------------------------------------------------------------

WORDS = "Jalan “berlubang” – café"
PLAIN = f"<rss version='2.0'><channel><item><title>{WORDS}</title><guid>1</guid></item></channel></rss>"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/xml",
        "application/rss+xml",
        "text/xml; charset=iso-8859-1",
        "text/xml; charset=us-ascii",
        "text/html",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        b'<?xml version="1.0" encoding="utf-8"?>' + PLAIN.encode(),
        b'<?xml version="1.0" encoding="windows-1252"?>' + PLAIN.encode("windows-1252"),
        ('<?xml version="1.0" encoding="utf-16"?>' + PLAIN).encode("utf-16"),
        PLAIN.encode("utf-16"),
    ],
    ids=["bare", "bom", "declared", "cp1252", "utf-16", "utf-16 undeclared"],
)
def test_the_document_is_believed_over_the_header(body: bytes, content_type: str | None) -> None:
    assert only(body, content_type=content_type).title == WORDS


def test_a_charset_disagreement_is_a_note_not_an_error() -> None:
    batch = parsed(rss(item(1, title=WORDS)), content_type="text/xml; charset=iso-8859-1")

    assert len(batch.mentions) == 1
    assert any("iso-8859-1" in note for note in batch.notes)


# --- the corpus of feedparser ------------------------------------------------------------------------------------

CORPUS = Path(__file__).parents[3] / "shared" / "recorded" / "feeds-feedparser"
HEADER = re.compile(rb"Header:\s*Content-type:\s*([^\r\n]+)", re.IGNORECASE)


def reference(body: bytes, hint: str | None) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(feedparser.parse(io.BytesIO(body), response_headers={"content-type": hint} if hint else {}).entries)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the public feed corpus is not here")
def test_every_feed_of_the_corpus_gives_as_many_mentions_as_it_has_entries() -> None:
    compared, short = 0, []
    for file in sorted(CORPUS.rglob("*.xml")):
        body = file.read_bytes()
        found = HEADER.search(body[:4000])
        hint = found[1].decode("latin-1").strip() if found else None
        entries = reference(body, hint)
        identifiable = any(entry.get("id") or entry.get("link") or entry.get("title") for entry in entries)
        for content_type in {None, hint}:
            try:
                mentions = parsed(body, content_type=content_type).mentions
            except CollectError:
                mentions = []
            if identifiable:
                compared += 1
                if len(mentions) < len(entries):
                    short.append(f"{file.relative_to(CORPUS)} ({content_type}): {len(mentions)} of {len(entries)}")
    assert compared > 100
    assert short == []
