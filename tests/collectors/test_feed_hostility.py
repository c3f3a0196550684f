"""Documents that are damaged, endless or made to harm."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sahut.core.errors import CollectError, TransientError
from sahut.core.model import Problem
from tests.collectors.feed_documents import FORMATS, only, parsed
from tests.collectors.feed_server import item, packed, rss


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
