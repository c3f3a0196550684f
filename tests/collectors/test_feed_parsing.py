"""Documents in, mentions out: `collectors.feeds.parse`."""

from __future__ import annotations

import contextlib
import io
import json
import re
import warnings
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.feeds import parse
from sahut.core.errors import CollectError, SettingsError, TransientError
from sahut.core.model import Batch, Mention, Problem
from tests.builders import NOW
from tests.collectors.feed_server import item, packed, rss

URL = "https://warta.example/kota/rss.xml"


def parsed(body: bytes, **over: Any) -> Batch:
    return parse(body, **{"url": URL, "content_type": None, "fetched_at": NOW, **over})


def only(body: bytes, **over: Any) -> Mention:
    batch = parsed(body, **over)
    assert len(batch.mentions) == 1
    return batch.mentions[0]


FORMATS = {
    "rss 0.91": b"""<?xml version="1.0"?><rss version="0.91"><channel><title>W</title>
        <item><title>Jalan rusak</title><link>https://warta.example/1</link></item></channel></rss>""",
    "rss 1.0": b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>W</title></channel>
        <item rdf:about="https://warta.example/1"><title>Jalan rusak</title><link>https://warta.example/1</link></item>
        </rdf:RDF>""",
    "rss 2.0": rss(
        "<title>Jalan rusak</title><link>https://warta.example/1</link><guid>https://warta.example/1</guid>"
    ),
    "atom": b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><entry><id>https://warta.example/1</id>
        <title>Jalan rusak</title><link href="https://warta.example/1"/></entry></feed>""",
    "json feed": json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "W",
            "items": [{"id": "https://warta.example/1", "url": "https://warta.example/1", "title": "Jalan rusak"}],
        }
    ).encode(),
}


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


# --- identity ----------------------------------------------------------------------------------------------------


def ids(body: bytes, **over: Any) -> list[str]:
    return [mention.native_id for mention in parsed(body, **over).mentions]


def test_two_feeds_with_the_same_numbers_do_not_meet() -> None:
    body = rss(item(1, guid="17"))
    assert ids(body) != ids(body, url="https://kabar.example/rss")


@pytest.mark.parametrize("guid", ["tag:warta.example,2026:1", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"])
def test_a_global_guid_is_the_same_in_every_feed(guid: str) -> None:
    body = rss(item(1, guid=guid))
    assert ids(body) == ids(body, url="https://kabar.example/rss") == [guid]


def test_scheme_host_and_port_of_a_guid_are_normalised() -> None:
    spellings = ["https://warta.example/1", "HTTP://Warta.Example/1", "https://warta.example:443/1"]
    assert len({ids(rss(item(1, guid=guid)))[0] for guid in spellings}) == 1
    assert ids(rss(item(1, guid="https://warta.example/A"))) != ids(rss(item(1, guid="https://warta.example/a")))


def test_an_edit_keeps_its_identity_under_a_guid() -> None:
    before, after = rss(item(1, title="Lampu padam")), rss(item(1, title="Lampu padam (diperbarui)"))
    assert ids(before) == ids(after)


def test_a_reused_guid_with_other_content_is_another_item() -> None:
    body = rss(*(f"<title>Berita {n}</title><link>https://warta.example/{n}</link><guid>sama</guid>" for n in range(3)))
    batch = parsed(body)

    assert len({mention.native_id for mention in batch.mentions}) == 3
    assert any("guid" in note for note in batch.notes)
    assert ids(body) == [mention.native_id for mention in batch.mentions]


def test_a_reused_guid_stays_told_apart_when_its_items_come_alone() -> None:
    items = [f"<title>Berita {n}</title><link>https://warta.example/{n}</link><guid>sama</guid>" for n in range(2)]
    both = parsed(rss(*items))
    alone = parsed(rss(items[1]), reused=both.cursor["reused"])

    assert alone.mentions[0].native_id == both.mentions[1].native_id


def test_without_a_guid_the_link_counts_and_without_a_link_title_and_date() -> None:
    assert ids(rss("<title>a</title><link>https://warta.example/1</link>")) == ["https://warta.example/1"]
    one, other = (rss(f"<title>a</title><pubDate>Tue, {day} Nov 2026 10:00:00 GMT</pubDate>") for day in (23, 24))
    assert ids(one) != ids(other)
    assert ids(one) == ids(one)
    assert ids(rss("<description>hanya isi</description>")) == ids(rss("<description>hanya isi</description>"))


@pytest.mark.parametrize(
    ("policy", "changed", "same"),
    [
        ("guid", item(1, title="lain"), True),
        ("link", item(1, title="lain", guid="lain"), True),
        ("title_date", item(1, guid="lain"), True),
        ("title_date", item(1, title="lain"), False),
        ("content", item(1, title="lain"), False),
        ("content", item(1, guid="lain"), True),
    ],
)
def test_the_policy_says_what_makes_an_item_the_same(policy: str, changed: str, same: bool) -> None:
    assert (ids(rss(item(1)), identity=policy) == ids(rss(changed), identity=policy)) is same


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(SettingsError, match="identity"):
        parsed(rss(item(1)), identity="nomor")


# --- dates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("Tue, 24 Nov 2026 10:00:00 WIB", 3),
        ("Tue, 24 Nov 2026 10:00:00 WITA", 2),
        ("Tue, 24 Nov 2026 10:00:00 WIT", 1),
        ("Sel, 24 Nov 2026 10:00:00 +0700", 3),
        ("Selasa, 24 November 2026 10:00 WIB", 3),
        ("Selasa, 24 November 2026 10.00 WITA", 2),
        ("Selasa, 24 November 2026 | 10:00 WIB", 3),
        ("24/11/2026 10.00 WIB", 3),
        ("24-11-2026 10:00 WIB", 3),
        ("24 Nopember 2026 pukul 10.00 WIB", 3),
        ("24/11/2026 10:00", 3),
        ("2026-11-24 10:00:00 WIB", 3),
        ("2026-11-24T10:00:00+07:00", 3),
        ("2026-11-24T03:00:00Z", 3),
        ("Tue, 24 Nov 2026 03:00:00 GMT", 3),
        ("Tue, 24 Nov 2026 03:00:00", 3),
    ],
)
def test_dates_are_read_in_the_zone_that_they_name(raw: str, hour: int) -> None:
    assert only(rss(item(1, date=raw))).published_at == datetime(2026, 11, 24, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "number"),
    [
        (m, i)
        for i, names in enumerate(
            [
                "Januari Jan",
                "Februari Feb",
                "Maret Mar",
                "April Apr",
                "Mei",
                "Juni Jun",
                "Juli Jul",
                "Agustus Agu Agt",
                "September Sep",
                "Oktober Okt",
            ],
            start=1,
        )
        for m in names.split()
    ]
    + [("Desember", 12), ("Des", 12)],
)
def test_every_indonesian_month_is_known(month: str, number: int) -> None:
    year = 2025 if number == 12 else 2026
    assert only(rss(item(1, date=f"5 {month} {year} 10:00 WIB"))).published_at == datetime(
        year, number, 5, 3, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "raw", ["", "kemarin", "0000-00-00", "0000-00-00 00:00:00", "32/13/2026", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_an_item_without_a_usable_date_has_none(raw: str) -> None:
    assert only(rss(item(1, date=raw))).published_at is None


def test_a_future_date_is_left_out_with_a_note_and_blocks_nothing() -> None:
    ahead = format_datetime(NOW + timedelta(days=400), usegmt=True)
    batch = parsed(rss(item(1, date=ahead), item(2, date=format_datetime(NOW, usegmt=True))))

    assert [mention.published_at for mention in batch.mentions] == [None, NOW]
    assert any("date" in note for note in batch.notes)


def test_back_dated_undated_and_same_second_items_are_all_kept() -> None:
    old = format_datetime(NOW - timedelta(days=900), usegmt=True)
    now = format_datetime(NOW, usegmt=True)
    batch = parsed(rss(item(1, date=old), item(2, date=now), item(3, date=now), item(4)))

    assert len({mention.native_id for mention in batch.mentions}) == 4


# --- hostile documents -------------------------------------------------------------------------------------------


def test_entities_cannot_blow_up_or_read_files() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    blow = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]>'
        + rss(item(1, title="&l9;")).decode().split("?>")[1]
    )
    leak = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + rss(item(1, title="&x; judul")).decode().split("?>")[1]
    )

    for body in (blow, leak):
        text = repr(parsed(body.encode()))
        assert len(text) < 20_000
        assert "root:" not in text


HEAD = b"<rss version='2.0'><channel><item><title>a</title>"


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1, extra="<description>" + "&lt;div&gt;" * 100_000 + "isi</description>")),
        HEAD + b"<b>" * 400_000,
        HEAD + b"<a " * 400_000,
        HEAD + b"<!-- " * 200_000,
        HEAD + b"&x;" * 300_000,
        b"<rss version='2.0'><channel>" + b"<item><title>a & b</title><guid>x</guid></item>" * 20_000,
        b"<html><body>" + b"<p>x" * 400_000,
        b"<?xml version='1.0'?><!DOCTYPE html><html><body>" + b"<b>x" * 400_000,
    ],
    ids=["divs", "open tags", "half tags", "comments", "entities", "bad items", "page", "xhtml page"],
)
@pytest.mark.timeout(60)
def test_a_document_made_to_be_slow_ends_in_bounded_time(body: bytes) -> None:
    with contextlib.suppress(CollectError):
        parsed(body)


def test_a_long_malformed_feed_gives_its_first_items_with_a_note() -> None:
    batch = parsed(rss(*(item(number, title=f"Taman & parkir {number}") for number in range(5_000))))

    assert len(batch.mentions) > 1_000
    assert batch.mentions[0].title == "Taman & parkir 0"
    assert any("KiB" in note for note in batch.notes)


def test_an_embedded_image_hides_no_text() -> None:
    image = "&lt;img src='data:image/png;base64," + "A" * 300_000 + "'&gt;Air mati"
    assert only(rss(item(1, extra=f"<description>{image}</description>"))).text == "Air mati"


def test_a_feed_past_the_limits_is_refused_or_cut_with_a_note() -> None:
    with pytest.raises(TransientError) as caught:
        parsed(rss(item(1)) + b" " * 2_000, max_bytes=1_000)
    assert caught.value.problem is Problem.TOO_LARGE
    with pytest.raises(TransientError):
        parsed(packed(rss(item(1)) + b" " * 200_000), max_bytes=100_000)
    batch = parsed(rss(*(item(n) for n in range(30))), max_items=10)
    assert len(batch.mentions) == 10
    assert any("30" in note for note in batch.notes)


def test_control_characters_that_databases_refuse_are_gone() -> None:
    body = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "items": [{"id": "1\x00", "title": "a\x00b\ud800c", "content_text": "x\x07y"}],
        }
    )
    mention = only(body.encode())

    assert (mention.native_id.count("\x00"), mention.title, mention.text) == (0, "abc", "xy")


@pytest.mark.parametrize(
    "body", [b"", b" ", b"<html><body>hai</body></html>", b"{}", b"[1]", b"null", b"\x00\x01\x02", b"\x1f\x8bxx"]
)
def test_what_is_no_feed_raises_the_projects_own_error(body: bytes) -> None:
    with pytest.raises(TransientError) as caught:
        parsed(body)
    assert caught.value.problem in {Problem.NOT_A_FEED, Problem.NOT_READABLE}


def test_an_empty_feed_is_a_feed() -> None:
    assert parsed(rss()).seen == 0


MATERIAL = [*FORMATS.values(), rss(item(1, date="24/11/2026 10.00 WIB"), item(2, guid="")), packed(rss(item(1)))]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_document_gives_mentions_or_the_projects_own_error(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(MATERIAL)))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 40)))
        body[start:end] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"<item>", b"]]>", b"&#0;", b"&#xD800;", b"<!--", b"\xff", b'":'])
        )
    content_type = data.draw(st.sampled_from([None, "text/xml", "application/json", "text/xml; charset=x-none", ";;="]))
    try:
        batch = parsed(bytes(body), content_type=content_type)
    except CollectError:
        return
    assert batch.seen == len(batch.mentions) + len(batch.dead)
    for mention in batch.mentions:
        assert mention.native_id
        repr(mention).encode()
        json.dumps(dict(mention.raw))


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
