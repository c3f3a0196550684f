"""What makes two items of feeds the same mention."""

from __future__ import annotations

from typing import Any

import pytest

from sahut.core.errors import SettingsError
from tests.collectors.feed_documents import parsed
from tests.collectors.feed_server import item, rss


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
