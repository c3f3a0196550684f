"""What is special about Bluesky: sessions, records that can stand only once, byte offsets, and its lexicons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import _bluesky_posts, registry
from collectors._bluesky_posts import POST
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_bluesky import (
    CITIZEN,
    CITIZEN_HANDLE,
    US,
    US_HANDLE,
    World,
    jwt,
    stamp,
    tid,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "recorded"
LEXICONS = SHARED / "bluesky-lexicons" / "lexicons"
RECORDED = SHARED / "bluesky-atproto" / "tests" / "test_atproto_client" / "models" / "test_data"


@pytest.fixture
def world() -> Iterator[World]:
    running = World()
    yield running
    running.close()


def collector() -> Any:
    return registry.load("bluesky", settings=SETTINGS)


def batches(
    world: World, source: Source, *, access: Access | None = None, later: timedelta = timedelta(0)
) -> list[Batch]:
    return list(collector().collect(source, now=NOW + later, access=access or world.access))


def read(world: World, address: str, query: str = "") -> list[Mention]:
    source = a_source(address, platform="bluesky", query=query)
    return [mention for batch in batches(world, source) for mention in batch.mentions]


def signed_in(world: World) -> Access:
    """Access with a session of an earlier reading."""
    first = batches(world, world.source)[0]
    assert first.session is not None
    return replace(world.access, session=first.session)


def calls(world: World, name: str) -> int:
    return sum(request.path.endswith(name) for request in world.server.seen)


def read_one(view: Any) -> Mention:
    return _bluesky_posts.mention(view, US, now=NOW)


def test_a_post_becomes_a_mention_in_our_words(world: World) -> None:
    text = "Jalan rusak 😡 di @dinas.bsky.social lihat contoh.id/foto... dan ini"
    start = len("Jalan rusak 😡 di @dinas.bsky.social lihat ".encode())
    facets = [
        {
            "index": {"byteStart": start, "byteEnd": start + len("contoh.id/foto...")},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://contoh.id/foto/lubang-1"}],
        },
        {
            "index": {"byteStart": len(text.encode()) - 3, "byteEnd": len(text.encode())},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://contoh.id/b"}],
        },
    ]
    view = world.view(text, facets=facets)
    found = read_one(view)

    assert found.text == (
        "Jalan rusak 😡 di @dinas.bsky.social lihat https://contoh.id/foto/lubang-1 dan ini (https://contoh.id/b)"
    )
    assert found.native_id == view["uri"]
    assert found.permalink == f"https://bsky.app/profile/{CITIZEN}/post/{view['uri'].rpartition('/')[2]}"
    assert found.author is not None
    assert (found.author.handle, found.author.name) == (CITIZEN_HANDLE, "Warga")
    assert (found.language, found.reach, found.raw["cid"]) == ("id", 5, view["cid"])
    assert not found.own


def test_answers_know_their_parent_and_their_root(world: World) -> None:
    root, ours = world.view("Lampu padam"), world.view("Kami periksa", by=US)
    above = {
        "root": {"uri": root["uri"], "cid": root["cid"]},
        "parent": {"uri": ours["uri"], "cid": ours["cid"]},
    }
    answer = read_one(world.view("Masih padam", reply=above))

    assert (answer.parent, answer.root) == (ours["uri"], root["uri"])
    assert answer.to_us
    assert (answer.raw["root_uri"], answer.raw["root_cid"]) == (root["uri"], root["cid"])
    assert read_one(ours).own


def test_a_quote_of_ours_is_said_to_us(world: World) -> None:
    ours = world.view("Kami periksa", by=US)
    embed = {"$type": "app.bsky.embed.record", "record": {"uri": ours["uri"], "cid": ours["cid"]}}

    assert read_one(world.view("Bohong", embed=embed)).to_us


def test_a_picture_without_words_is_read_by_its_description(world: World) -> None:
    embed = {"$type": "app.bsky.embed.images", "images": [{"alt": "Lubang di tengah jalan", "image": {}}]}

    assert read_one(world.view("", embed=embed)).text == "Lubang di tengah jalan"


def test_a_time_that_a_writer_made_up_does_not_count_for_later_than_it_came(world: World) -> None:
    view = world.view("Dari masa depan", createdAt=stamp(NOW + timedelta(days=300)))

    assert read_one(view).published_at == NOW - timedelta(days=3) + timedelta(minutes=world.number * 3, seconds=1)


def test_a_repost_says_whose_post_it_repeats(world: World) -> None:
    original = world.view("Banjir di Jalan Kenanga")
    reason = {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": world.author(US),
        "uri": f"at://{US}/app.bsky.feed.repost/{tid(NOW)}",
        "indexedAt": stamp(NOW - timedelta(hours=1)),
    }
    found = read_one({"post": original, "reason": reason})

    assert found.repost_of == original["uri"]
    assert found.native_id == reason["uri"]
    assert found.own


def test_mentions_answers_and_quotes_come_from_the_notifications(world: World) -> None:
    for reason in ("mention", "reply", "quote", "like"):
        world.notify(world.view(f"Ini {reason}"), reason)
    world.notify(world.view("Lama"), at=NOW - timedelta(days=30))

    assert {one.text for one in read(world, "mentions")} == {"Ini mention", "Ini reply", "Ini quote"}


def test_an_account_can_be_written_as_people_copy_it(world: World) -> None:
    for address in (f"@{CITIZEN_HANDLE}", f"https://bsky.app/profile/{CITIZEN_HANDLE}", f"@{CITIZEN}"):
        assert len(read(world, address)) == 10


def test_other_addresses_are_refused_in_words(world: World) -> None:
    with pytest.raises(PermanentError, match="@HANDLE") as caught:
        read(world, "warga")
    assert caught.value.problem is Problem.BAD_ADDRESS
    with pytest.raises(PermanentError, match="needs a query"):
        read(world, "search")


def test_the_query_filters_what_accounts_post(world: World) -> None:
    assert [one.text for one in read(world, f"@{CITIZEN_HANDLE}", '"nomor 3"')] == ["Lampu jalan nomor 3 padam"]


def test_a_search_goes_on_by_time_where_cursors_lead_no_further(world: World) -> None:
    world.reach = 6
    found = read(world, "search", "#lapor")

    assert {one.native_id for one in found} == world.expected
    assert len(found) == 10


def test_a_reading_that_was_cut_off_goes_on_below_what_came_and_then_reads_the_new(world: World) -> None:
    access = signed_in(world)
    world.server.break_at(1, Fault.HTML_503)
    got: list[Batch] = []
    with pytest.raises(TransientError):
        got.extend(collector().collect(world.source, now=NOW, access=access))
    cursor = json.loads(json.dumps(dict(got[-1].cursor)))
    kept = {one.native_id for batch in got for one in batch.mentions}
    for number in range(3):
        world.add(f"Baru {number}", at=NOW)
    rest = batches(world, replace(world.source, cursor=cursor), access=access)

    assert len(kept) == 4
    assert kept | {one.native_id for batch in rest for one in batch.mentions} == world.expected
    assert "down" not in rest[-1].cursor


def test_a_post_that_is_indexed_late_is_found_by_the_overlap(world: World) -> None:
    world.add("Tepat waktu", at=NOW - timedelta(minutes=1))
    access = signed_in(world)
    cursor = batches(world, world.source, access=access)[-1].cursor
    world.add("Terlambat", at=NOW - timedelta(minutes=40))
    found = batches(world, replace(world.source, cursor=cursor), access=access, later=timedelta(minutes=10))

    assert "Terlambat" in [one.text for batch in found for one in batch.mentions]


def test_nobody_logs_in_again_while_the_session_holds(world: World) -> None:
    access = signed_in(world)
    for minutes in range(10, 60, 10):
        later = batches(world, world.source, access=access, later=timedelta(minutes=minutes))
        assert all(batch.session is None for batch in later)

    assert calls(world, "createSession") == 1
    assert calls(world, "refreshSession") == 0


def test_a_session_is_kept_even_where_the_reading_then_breaks(world: World) -> None:
    world.server.break_at(1, Fault.TOO_MANY)
    reading = collector().collect(world.source, now=NOW, access=world.access)

    assert next(reading).session is not None
    with pytest.raises(TransientError):
        next(reading)


def test_a_session_near_its_end_is_renewed_before_the_reading(world: World) -> None:
    access = signed_in(world)
    first = batches(world, world.source, access=access, later=timedelta(hours=1, minutes=55))[0]

    assert (calls(world, "createSession"), calls(world, "refreshSession")) == (1, 1)
    assert first.session is not None
    assert first.session["refresh"] != access.session["refresh"]


def test_a_session_that_was_ended_elsewhere_is_renewed_once(world: World) -> None:
    access = signed_in(world)
    world.access_tokens.clear()
    found = batches(world, world.source, access=access)

    assert {one.native_id for batch in found for one in batch.mentions} == world.expected
    assert (calls(world, "createSession"), calls(world, "refreshSession")) == (1, 1)


def test_where_it_cannot_be_renewed_it_logs_in_again_once(world: World) -> None:
    access = signed_in(world)
    world.access_tokens.clear()
    world.refreshes = False
    found = batches(world, world.source, access=access)

    assert {one.native_id for batch in found for one in batch.mentions} == world.expected
    assert (calls(world, "createSession"), calls(world, "refreshSession")) == (2, 1)


def test_where_the_password_is_refused_too_it_stops_and_says_so(world: World) -> None:
    access = signed_in(world)
    world.access_tokens.clear()
    world.refreshes = False
    lost = replace(access, secrets={"app_password": "lama-lama-lama-lama"})
    with pytest.raises(PermanentError) as caught:
        batches(world, world.source, access=lost)

    assert caught.value.problem is Problem.REFUSED_CREDENTIAL
    assert calls(world, "createSession") == 2


def test_a_time_out_while_renewing_blames_nobody(world: World) -> None:
    access = signed_in(world)
    world.access_tokens.clear()
    world.server.break_at(1, Fault.HTML_503)
    with pytest.raises(TransientError):
        batches(world, world.source, access=access)
    assert calls(world, "createSession") == 1


def test_a_limit_says_when_it_ends(world: World) -> None:
    world.server.break_at(0, Fault.TOO_MANY_WITH_RESET)
    with pytest.raises(TransientError) as caught:
        batches(world, world.source)
    assert caught.value.not_before == NOW + timedelta(minutes=5)
    assert caught.value.whole_account


def _kept(world: World, token: str) -> dict[str, str]:
    given = f"{US_HANDLE} {world.access.base_url}"
    return {"did": US, "handle": US_HANDLE, "access": token, "refresh": "x", "given": given}


def test_a_session_of_another_account_is_not_used(world: World) -> None:
    access = signed_in(world)
    other = replace(access, settings={**access.settings, "handle": "lain.bsky.social"})
    with pytest.raises(PermanentError) as caught:
        batches(world, world.source, access=other)
    assert caught.value.problem is Problem.REFUSED_CREDENTIAL


def test_a_token_that_says_nothing_of_its_end_is_tried(world: World) -> None:
    token = jwt("x", 1, NOW).partition(".")[0] + ".e30.dGFuZGE"
    world.access_tokens.add(token)
    access = replace(world.access, session=_kept(world, token))

    assert len([one for batch in batches(world, world.source, access=access) for one in batch.mentions]) == 10
    assert calls(world, "Session") == 0


def test_rechecking_finds_what_was_deleted(world: World) -> None:
    ids = [view["uri"] for view in world.posts]
    del world.posts[3]
    access = signed_in(world)
    batch = collector().recheck([*ids, f"{ids[0]}#repost:{US}"], now=NOW, access=access)

    assert batch.withdrawn == [ids[3]]
    assert len(batch.mentions) == 9


def test_rechecking_a_hundred_takes_four_calls(world: World) -> None:
    ids = [world.add(f"Pos {number}") for number in range(100)]
    access = signed_in(world)
    before = world.server.calls
    batch = collector().recheck(ids, now=NOW, access=access)

    assert len(batch.mentions) == 100
    assert world.server.calls - before == 4


def test_a_stretch_of_the_past_is_read_on_request(world: World) -> None:
    since, until = NOW - timedelta(days=40), NOW - timedelta(days=39)
    view = world.view("Bulan lalu", at=since + timedelta(hours=5))
    world.posts.insert(0, view)
    for address, query in (("search", "lalu"), (f"@{CITIZEN_HANDLE}", "")):
        source = a_source(address, platform="bluesky", query=query)
        stretch = collector().backfill(source, since, until, now=NOW, access=world.access)

        assert [one.native_id for batch in stretch for one in batch.mentions] == [view["uri"]], address


def a_citizen(world: World, text: str = "Lampu padam", **over: Any) -> Mention:
    view = world.view(text, **over)
    world.posts.append(view)
    return read_one(view)


def answer(world: World, citizen: Mention, text: str = "Kami periksa", key: str = "k1", **over: Any) -> Any:
    return collector().reply(citizen, text, key=key, now=NOW, access=over.get("access", world.access))


def look(world: World, citizen: Mention, text: str = "Kami periksa") -> Any:
    since = NOW - timedelta(minutes=1)
    return collector().find_reply(citizen, text, since=since, now=NOW + timedelta(hours=1), access=world.access)


def test_an_answer_names_parent_and_root_and_marks_links_and_names(world: World) -> None:
    root = world.view("Awal")
    above = {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": {"uri": root["uri"], "cid": root["cid"]}}
    citizen = a_citizen(world, reply=above)
    text = f"Terima kasih é @{CITIZEN_HANDLE}, @tiada.bsky.social: https://lapor.go.id/t/1 #lapor"
    sent = answer(world, citizen, text)
    record = next(iter(world.records.values()))["value"]
    encoded = text.encode()
    marked = {
        encoded[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }

    assert record["reply"]["parent"] == {"uri": citizen.native_id, "cid": citizen.raw["cid"]} | _typed(record, "parent")
    assert record["reply"]["root"]["uri"] == root["uri"]
    assert (record["text"], record["createdAt"]) == (text, stamp(NOW))
    assert marked[f"@{CITIZEN_HANDLE}"]["did"] == CITIZEN
    assert marked["https://lapor.go.id/t/1"]["uri"] == "https://lapor.go.id/t/1"
    assert marked["#lapor"]["tag"] == "lapor"
    assert "@tiada.bsky.social" not in marked
    assert sent.native_id in {one["uri"] for one in world.records.values()}
    assert sent.permalink == f"https://bsky.app/profile/{US}/post/{sent.native_id.rpartition('/')[2]}"
    assert sent.session is not None


def _typed(record: Any, part: str) -> dict[str, str]:
    kind = record["reply"][part].get("$type")
    return {"$type": kind} if kind else {}


@pytest.mark.parametrize("known_key", ["500", "409"])
def test_the_same_answer_cannot_stand_twice_however_the_server_says_so(world: World, known_key: str) -> None:
    world.known_key = known_key
    citizen = a_citizen(world)
    first = answer(world, citizen)
    second = answer(world, citizen)

    assert second.native_id == first.native_id
    assert second.sent_at == NOW
    assert len(world.records) == 1


def test_other_answers_and_other_posts_have_other_records(world: World) -> None:
    citizen, other = a_citizen(world), a_citizen(world, "Banjir")
    ids = {answer(world, citizen).native_id, answer(world, citizen, key="k2").native_id, answer(world, other).native_id}

    assert len(ids) == 3


def test_a_records_key_is_a_time_within_the_hour_after_the_post(world: World) -> None:
    citizen = a_citizen(world)
    parent = citizen.native_id.rpartition("/")[2]
    key = _bluesky_posts.record_key(citizen, "k1")

    assert len(key) == 13
    assert parent < key < tid(NOW)
    assert _bluesky_posts.least_key(citizen) <= parent
    oddly_named = a_mention(native_id=f"at://{CITIZEN}/{POST}/self", published_at=NOW)
    assert tid(NOW) <= _bluesky_posts.record_key(oddly_named, "k1") < tid(NOW + timedelta(hours=1, seconds=1))


@pytest.mark.parametrize("fault", [Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.RESET])
def test_an_answer_that_may_have_been_taken_is_settled_by_our_own_record(world: World, fault: Fault) -> None:
    citizen, access = a_citizen(world), signed_in(world)
    world.server.break_at(0, fault)
    if fault is Fault.TRUNCATED:  # it came after the work was done
        assert answer(world, citizen, access=access).native_id == next(iter(world.records.values()))["uri"]
        assert look(world, citizen) is not None
    else:
        with pytest.raises(InDoubtError):
            answer(world, citizen, access=access)
        assert look(world, citizen) is None


def test_doubt_stays_where_our_own_record_cannot_be_read(world: World) -> None:
    citizen, access = a_citizen(world), signed_in(world)
    world.server.break_at(0, Fault.TRUNCATED)
    world.server.break_at(1, Fault.HTML_503)
    with pytest.raises(InDoubtError):
        answer(world, citizen, access=access)
    found = look(world, citizen)

    assert found is not None
    assert found.native_id == next(iter(world.records.values()))["uri"]


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.UNAUTHORIZED, Fault.NO_CREDITS])
def test_an_answer_that_is_refused_surely_does_not_stand(world: World, fault: Fault) -> None:
    citizen = a_citizen(world)
    world.server.break_at(1, fault)
    with pytest.raises(PermanentError):
        answer(world, citizen)
    assert not world.records


def test_an_answer_that_the_server_finds_wrong_says_why(world: World) -> None:
    world.on_create = lambda: Reply(status=400, json={"error": "InvalidRequest", "message": "Record/text too long"})
    with pytest.raises(PermanentError, match="too long"):
        answer(world, a_citizen(world))


def test_an_answer_that_no_server_would_take_is_refused_before_it_is_sent(world: World) -> None:
    access = signed_in(world)
    with pytest.raises(PermanentError, match="3000"):
        answer(world, a_citizen(world), "x" * 3001, access=access)
    assert not calls(world, "createRecord")


def test_an_answer_under_a_limit_waits_for_its_time(world: World) -> None:
    world.server.break_at(1, Fault.TOO_MANY_WITH_RESET)
    with pytest.raises(TransientError) as caught:
        answer(world, a_citizen(world))
    assert caught.value.not_before == NOW + timedelta(minutes=5)


def test_a_server_that_is_not_there_leaves_no_doubt(world: World) -> None:
    citizen, access = a_citizen(world), signed_in(world)
    world.server.close()
    with pytest.raises(TransientError):
        answer(world, citizen, access=access)


def test_an_answer_is_looked_for_down_to_the_post_itself(world: World) -> None:
    citizen = a_citizen(world)
    answer(world, citizen)
    for number in range(9):
        at = NOW + timedelta(minutes=number)
        world.records[tid(at)] = {
            "uri": f"at://{US}/{POST}/{tid(at)}",
            "cid": "x",
            "value": {"text": f"Lain {number}", "createdAt": stamp(at)},
        }

    assert look(world, citizen, "kami PERIKSA.") is not None
    assert look(world, citizen, "Sudah selesai") is None
    assert look(world, a_citizen(world, "Lain")) is None


def test_length_is_counted_in_graphemes_and_in_bytes(world: World) -> None:
    family = "👨‍👩‍👧‍👦"
    count = collector().measure

    assert (count(f"Halo {family}🇮🇩", a_citizen(world), None).used, count("x", a_citizen(world), None).limit) == (
        7,
        300,
    )
    assert count("x" * 300, a_citizen(world), None).fits
    assert not count("x" * 301, a_citizen(world), None).fits
    heavy = count(family * 200, a_citizen(world), None)
    assert (heavy.used, heavy.limit, heavy.fits) == (5000, 3000, False)
    assert "bytes" in heavy.warnings[0]


def test_capability_asks_whether_anybody_may_answer(world: World) -> None:
    view = world.view("Tertutup")
    view["viewer"]["replyDisabled"] = True
    citizen = a_citizen(world)

    assert collector().capability(citizen, world.access) is Capability.API
    assert collector().capability(citizen, None) is Capability.MANUAL
    assert collector().capability(read_one(view), world.access) is Capability.NONE
    assert collector().capability(replace(citizen, own=True), world.access) is Capability.NONE


def test_proving_tries_the_password_itself_whatever_session_is_kept(world: World) -> None:
    access = signed_in(world)

    assert collector().prove(access, now=NOW) == f"@{US_HANDLE}"
    with pytest.raises(PermanentError):
        collector().prove(replace(access, secrets={"app_password": "lain-lain-lain-lain"}), now=NOW)


def test_dead_items_can_be_read_again_without_the_server(world: World) -> None:
    broken = {**world.view("Rusak"), "record": {"text": 5}}
    dead = _bluesky_posts.dead(broken, "x", US)
    mended = {**dead.raw, "item": {**dead.raw["item"], "record": {"text": "Baik"}}}

    assert dead.native_id == broken["uri"]
    assert collector().revive(world.source, mended, now=NOW).text == "Baik"


def test_all_that_goes_to_and_fro_fits_the_lexicons(world: World) -> None:
    if not LEXICONS.exists():
        pytest.skip("no lexicons of Bluesky here")
    from tests.collectors.lexicons import Lexicons

    access = signed_in(world)
    citizen = a_citizen(world)
    world.notify(world.posts[-1])
    for address, query in (("mentions", ""), (f"@{CITIZEN_HANDLE}", ""), ("search", "#lapor")):
        batches(world, a_source(address, platform="bluesky", query=query), access=access)
    batches(world, world.source, access=access, later=timedelta(hours=1, minutes=55))
    answer(world, citizen, f"Halo @{CITIZEN_HANDLE} @tiada.bsky.social https://lapor.go.id/1 #lapor 😀", access=access)
    answer(world, citizen, access=access)
    look(world, citizen, "Tidak ada")
    collector().recheck([citizen.native_id], now=NOW, access=access)
    collector().prove(access, now=NOW)
    lexicons = Lexicons(LEXICONS)
    for request, reply in world.exchanged:
        lexicons.check(request, reply)

    assert len({request.path for request, _ in world.exchanged}) == 10


def test_recorded_posts_are_read_without_loss() -> None:
    if not RECORDED.exists():
        pytest.skip("no recorded answers of Bluesky here")
    found = []
    for file in sorted(RECORDED.glob("*.json")):
        found += [(view, read_one(view)) for view in views_in(json.loads(file.read_text(encoding="utf-8")))]

    assert found
    for view, one in found:
        assert one.native_id == view["uri"]
        assert one.published_at is not None
        assert one.author is not None
        assert one.text


def views_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"uri", "cid", "author", "record"} <= value.keys() and f"/{POST}/" in value["uri"]:
            yield value
        for inner in value.values():
            yield from views_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from views_in(inner)


def test_a_further_part_stands_below_our_own_in_the_same_conversation(world: World) -> None:
    root = world.view("Awal")
    above = {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": {"uri": root["uri"], "cid": root["cid"]}}
    for citizen in (a_citizen(world), a_citizen(world, reply=above)):
        first = answer(world, citizen, "Satu (1/2)")
        below = collector().beneath(citizen, first)
        second = answer(world, below, "Dua (2/2)", "k2")
        written = next(one for one in world.records.values() if one["uri"] == second.native_id)["value"]["reply"]
        ours = next(one for one in world.records.values() if one["uri"] == first.native_id)

        assert (written["parent"]["uri"], written["parent"]["cid"]) == (first.native_id, ours["cid"])
        assert written["root"]["uri"] == (citizen.root or citizen.native_id)
        assert answer(world, below, "Dua (2/2)", "k2").native_id == second.native_id
        assert look(world, below, "Dua (2/2)").native_id == second.native_id
        assert look(world, citizen, "Dua (2/2)") is None
