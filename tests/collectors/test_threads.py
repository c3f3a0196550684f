"""Threads: conversations read by age, rationed searches, drafts, and tokens that are renewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collectors import registry
from sahut.core.errors import PermanentError, TransientError
from sahut.core.model import Access, Batch, Currency, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.graph_server import stamp
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_threads import NAME, Threads

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def account() -> Iterator[Threads]:
    made = Threads(page_size=50)
    yield made
    made.close()


def collector() -> Any:
    return registry.load("threads", settings=SETTINGS)


def read(
    account: Threads,
    source: Source | None = None,
    *,
    later: timedelta = timedelta(0),
    access: Access | None = None,
) -> tuple[dict[str, Mention], Source, list[Batch]]:
    source = source or account.source
    batches = list(collector().collect(source, now=NOW + later, access=access or account.access))
    found = {mention.native_id: mention for batch in batches for mention in batch.mentions}
    return found, replace(source, cursor=batches[-1].cursor), batches


def a_search(words: str) -> Source:
    return a_source(words, platform="threads")


def test_a_conversation_is_linked_and_knows_us(account: Threads) -> None:
    post = account.post("Jadwal air", at=stamp(NOW - 9 * HOUR))
    asked = account.answer(post, "Air mati", at=stamp(NOW - 8 * HOUR))
    ours = account.answer(post, "Kami cek", at=stamp(NOW - 7 * HOUR), by=NAME, to=asked)
    again = account.answer(post, "Masih mati", at=stamp(NOW - 6 * HOUR), to=ours)
    found, _, _ = read(account)

    assert (found[post].own, found[post].root) == (True, "")
    assert (found[asked].root, found[asked].parent, found[asked].to_us) == (post, post, True)
    assert (found[ours].own, found[ours].parent) == (True, asked)
    assert (found[again].root, found[again].parent) == (post, ours)
    assert found[asked].permalink.startswith("https://www.threads.com/@warga_satu/post/")


def test_a_repost_counts_on_the_original(account: Threads) -> None:
    post = account.post("", at=stamp(NOW), by="warga", edge="keyword_search")
    account.lists["keyword_search"][0] |= {"media_type": "REPOST_FACADE", "reposted_post": {"id": "18111"}}
    found, _, _ = read(account, a_search("search:air"))

    assert found[post].repost_of == "18111"


def test_the_older_a_post_the_less_often_its_conversation_is_read(account: Threads) -> None:
    for age in (HOUR, 4 * DAY, 20 * DAY):
        account.answer(account.post("Kabar", at=stamp(NOW - age)), "Baik", at=stamp(NOW - HOUR))
    _, source, _ = read(account)

    def conversations(later: timedelta) -> int:
        before = account.server.calls
        read(account, source, later=later)
        return sum("conversation" in request.path for request in account.server.seen[before:])

    assert [conversations(later) for later in (timedelta(minutes=10), 2 * HOUR, 30 * HOUR)] == [1, 2, 3]


def test_a_post_without_answers_is_not_asked_about(account: Threads) -> None:
    account.post("Kabar", at=stamp(NOW - HOUR))
    account.lists["me/threads"][0]["has_replies"] = False
    read(account)

    assert not any("conversation" in request.path for request in account.server.seen)


def test_a_search_takes_from_its_budget_call_by_call_and_stops_at_nothing(account: Threads) -> None:
    account.page_size = 2
    for n in range(9):
        account.post(f"Air mati {n}", at=stamp(NOW - n * HOUR), by="warga", edge="keyword_search")
    poor = replace(account.access, left={Currency.SEARCHES: 3.0})
    batches: list[Batch] = []
    with pytest.raises(TransientError) as caught:
        batches.extend(collector().collect(a_search("search:air mati"), now=NOW, access=poor))

    assert caught.value.problem is Problem.BUDGET_SPENT
    assert caught.value.not_before == NOW.replace(hour=0) + DAY
    assert not caught.value.whole_account
    assert sum(batch.spent[Currency.SEARCHES] for batch in batches) == 3
    rest, _, _ = read(account, replace(a_search("search:air mati"), cursor=batches[-1].cursor))
    assert len(set(rest) | {m.native_id for b in batches for m in b.mentions}) == 9


def test_a_search_asks_for_the_newest_by_word_or_topic(account: Threads) -> None:
    read(account, a_search("search:air mati"))
    read(account, a_search("tag:#pdam"))
    asked = [request.query for request in account.server.seen if request.path.endswith("keyword_search")]

    assert [(one["q"], one["search_mode"], one["search_type"]) for one in asked] == [
        ("air mati", "KEYWORD", "RECENT"),
        ("pdam", "TAG", "RECENT"),
    ]


@pytest.mark.parametrize("address", ["search:", "tag: ", "warga", "https://threads.com/@x"])
def test_an_address_that_means_nothing_is_refused_in_words(account: Threads, address: str) -> None:
    with pytest.raises(PermanentError) as caught:
        read(account, a_search(address))

    assert caught.value.problem is Problem.BAD_SETTINGS


@pytest.mark.parametrize(
    ("text", "used"),
    [("Baik", 4), ("é", 1), ("Baik 👍", 9), ("👍🏽", 8), ("👨‍👩‍👧", 18), ("❤️", 6), ("1", 1), ("#1 ©", 5)],
)
def test_emoji_count_by_their_bytes(text: str, used: int) -> None:
    assert collector().measure(text, a_mention(), None).used == used


def test_a_draft_whose_receipt_is_lost_is_no_post(account: Threads) -> None:
    post = account.post("Jadwal", at=stamp(NOW))
    found, _, _ = read(account)
    account.server.break_at(0, Fault.RESET)
    with pytest.raises(TransientError):
        collector().reply(found[post], "Kami cek", key="k", now=NOW, access=account.access)
    assert account.drafts == {}


def test_a_draft_is_published_as_an_answer_to_the_mention(account: Threads) -> None:
    post = account.post("Jadwal", at=stamp(NOW))
    found, _, _ = read(account)
    collector().reply(found[post], "Kami cek", key="k", now=NOW, access=account.access)
    (first, draft), (second, _) = account.posted

    assert (first, second) == ("me/threads", "me/threads_publish")
    assert (draft["reply_to_id"], draft["text"], draft["media_type"]) == (post, "Kami cek", "TEXT")


def test_a_token_is_renewed_once_a_month_and_kept(account: Threads) -> None:
    _, source, batches = read(account, replace(account.source))
    session = dict(batches[0].session or {})
    assert session["renew_at"]
    account.objects["refresh_access_token"] = {"access_token": "the-next-token", "expires_in": 5_184_000}
    month = replace(account.access, session=session)
    asked = []
    real = account.server._handler

    def listening(request: Any) -> Reply:
        asked.append((request.path, request.headers["authorization"]))
        if request.headers["authorization"] == "Bearer the-next-token":
            return Reply(json={"data": []})
        return real(request)

    account.server._handler = listening
    _, _, later = read(account, source, later=31 * DAY, access=month)

    assert asked[0][0] == "/refresh_access_token"
    assert {token for _, token in asked[1:]} == {"Bearer the-next-token"}
    assert (later[0].session or {})["token"] == "the-next-token"


def test_a_renewal_that_fails_waits_a_day_and_reads_on(account: Threads) -> None:
    _, source, batches = read(account)
    old = replace(account.access, session=dict(batches[0].session or {}))
    _, _, later = read(account, source, later=31 * DAY, access=old)

    assert "token" not in (later[0].session or {})
    assert later[0].session != batches[0].session


def test_nothing_is_called_gone_while_posts_of_others_are_not_shown_at_all(account: Threads) -> None:
    post = account.post("Jadwal", at=stamp(NOW))
    first, second = (account.answer(post, f"Air mati {n}", at=stamp(NOW)) for n in range(2))
    del account.objects[first]
    hidden = account.objects.pop(second)
    assert collector().recheck([post, first, second], now=NOW, access=account.access).withdrawn == []

    account.objects[second] = hidden
    batch = collector().recheck([post, first, second], now=NOW, access=account.access)
    assert batch.withdrawn == [first]
    assert {m.native_id for m in batch.mentions} == {post, second}


def test_a_further_part_is_an_answer_to_our_own(account: Threads) -> None:
    post = account.post("Jadwal", at=stamp(NOW))
    found, _, _ = read(account)
    first = collector().reply(found[post], "Satu (1/2)", key="k", now=NOW, access=account.access)
    below = collector().beneath(found[post], first)
    second = collector().reply(below, "Dua (2/2)", key="k2", now=NOW, access=account.access)

    assert account.posted[2][1]["reply_to_id"] == first.native_id
    look: dict[str, Any] = {"since": NOW - HOUR, "now": NOW, "access": account.access}
    standing = collector().find_reply(below, "Dua (2/2)", **look)
    assert standing is not None
    assert standing.native_id == second.native_id
    assert collector().find_reply(found[post], "Dua (2/2)", **look) is None
