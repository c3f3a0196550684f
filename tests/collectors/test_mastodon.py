"""What is special about Mastodon: ids that hold times, letters among posts, edits, its servers, and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import _mastodon_statuses, registry
from collectors._mastodon_line import Home
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import Access, Batch, Capability, Mention, Problem, Source
from tests.builders import NOW, a_mention
from tests.collectors.feed_server import SETTINGS, a_source
from tests.collectors.platform_server import Fault, Reply
from tests.collectors.world_mastodon import CITIZEN, DOMAIN, US, World

RECORDED = Path(__file__).parents[2].parent / "shared" / "recorded" / "mastodon-Mastodon.py" / "tests"
HOME = Home(account_id=US, acct="dinas", domain=DOMAIN)


@pytest.fixture
def world() -> Iterator[World]:
    running = World()
    yield running
    running.close()


def collector() -> Any:
    return registry.load("mastodon", settings=SETTINGS)


def batches(world: World, source: Source, *, later: timedelta = timedelta(0)) -> list[Batch]:
    return list(collector().collect(source, now=NOW + later, access=known(world)))


def known(world: World) -> Access:
    """Access with what an earlier reading kept."""
    kept = {"account_id": US, "acct": "dinas", "domain": DOMAIN, "limit": "640", "link": "23"}
    return replace(world.access, session={**kept, "server": world.access.base_url, "asked": NOW.isoformat()})


def read(world: World, address: str, query: str = "") -> list[Mention]:
    source = replace(a_source(address, platform="mastodon"), query=query)
    return [mention for batch in batches(world, source) for mention in batch.mentions]


def read_one(status: dict[str, Any]) -> Mention:
    return _mastodon_statuses.mention(status, HOME, now=NOW)


def test_a_status_becomes_a_mention_in_our_words(world: World) -> None:
    content = (
        '<p><span class="h-card"><a href="https://kota.example/@dinas" class="u-url">@<span>dinas</span></a></span> '
        'jalan rusak<br />di <a href="https://kota.example/tags/bandung" class="hashtag">#<span>bandung</span></a></p>'
        '<p><a href="https://www.contoh.example/foto/1"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">contoh.example/fo</span><span class="invisible">to/1</span></a></p>'
    )
    poll = {"options": [{"title": "Lapor"}, {"title": "Diam"}]}
    status = world.status("x", content=content, spoiler_text="Foto lubang", poll=poll, edited_at="2026-11-23T01:00:00Z")
    found = read_one(status)

    assert found.text.splitlines() == [
        "@dinas jalan rusak",
        "di #bandung",
        "https://www.contoh.example/foto/1",
        "- Lapor",
        "- Diam",
    ]
    assert found.title == "Foto lubang"
    assert found.native_id == f"{DOMAIN}/{status['id']}"
    assert found.author is not None
    assert (found.author.handle, found.author.followers) == (f"warga@{DOMAIN}", 7)
    assert (found.language, found.reach, found.permalink) == ("id", 5, status["url"])
    assert found.raw["edited_at"] == "2026-11-23T01:00:00Z"
    assert not found.own


def test_a_boost_says_whose_post_it_repeats(world: World) -> None:
    original = world.status("Banjir di Jalan Kenanga")
    boost = world.status("", content="", reblog=original, by=US)

    assert read_one(boost).repost_of == f"{DOMAIN}/{original['id']}"
    assert read_one(boost).text == "Banjir di Jalan Kenanga"


def test_own_posts_and_answers_to_us_are_marked(world: World) -> None:
    ours = world.status("Terima kasih, kami periksa", by=US)
    answer = world.status("Masih padam", in_reply_to_id=ours["id"], in_reply_to_account_id=US)

    assert read_one(ours).own
    assert not read_one(ours).to_us
    assert read_one(answer).to_us
    assert read_one(answer).parent == read_one(ours).native_id


def test_a_picture_without_words_is_read_by_its_description(world: World) -> None:
    media = [{"type": "image", "url": "https://kota.example/1.png", "description": "Lubang di tengah jalan"}]

    assert read_one(world.status("", content="", media_attachments=media)).text == "Lubang di tengah jalan"


def test_letters_to_us_are_never_collected(world: World) -> None:
    world.notify(world.status("Tolong lampu di gang mawar"))
    world.notify(world.status("Ini rahasia", visibility="direct"))
    world.notify(world.status("Untuk pengikut", visibility="private"))
    world.notify(world.status("Suka"), kind="favourite")

    assert [one.text for one in read(world, "mentions")] == ["Tolong lampu di gang mawar"]


def test_mentions_older_than_the_first_days_are_left_out(world: World) -> None:
    world.notify(world.status("Lama"), at=NOW - timedelta(days=30))
    world.notify(world.status("Baru"), at=NOW - timedelta(days=2))

    assert [one.text for one in read(world, "mentions")] == ["Baru"]


def test_a_post_that_arrives_late_with_an_early_id_is_found_by_the_overlap(world: World) -> None:
    world.add("Tepat waktu", at=NOW - timedelta(minutes=1))
    source = world.source
    source = replace(source, cursor=batches(world, source)[-1].cursor)
    world.add("Terlambat dari server lain", at=NOW - timedelta(minutes=40))
    found = [
        mention.text for batch in batches(world, source, later=timedelta(minutes=10)) for mention in batch.mentions
    ]

    assert "Terlambat dari server lain" in found


def test_a_quiet_place_costs_two_calls_a_reading(world: World) -> None:
    cursor = batches(world, world.source)[-1].cursor
    before = world.server.calls
    batches(world, replace(world.source, cursor=cursor), later=timedelta(minutes=10))

    assert world.server.calls - before <= 2


def test_our_account_and_the_servers_rules_are_asked_once_a_week(world: World) -> None:
    first = list(collector().collect(world.source, now=NOW, access=world.access))
    session = next(batch.session for batch in first if batch.session is not None)
    access = replace(world.access, session=session)
    again = list(collector().collect(world.source, now=NOW + timedelta(days=6), access=access))

    assert session["limit"] == "640"
    assert all(batch.session is None for batch in again)
    assert [request.path for request in world.server.seen].count("/api/v2/instance/") == 1


def test_a_credential_that_moved_to_another_server_asks_that(world: World) -> None:
    access = replace(known(world), session={**known(world).session, "server": "https://lain.example"})
    list(collector().collect(world.source, now=NOW, access=access))

    assert [request.path for request in world.server.seen].count("/api/v2/instance/") == 1


def test_what_the_server_told_is_kept_even_where_the_reading_then_breaks(world: World) -> None:
    world.server.break_at(2, Fault.TOO_MANY)
    reading = collector().collect(world.source, now=NOW, access=world.access)

    assert next(reading).session is not None
    with pytest.raises(TransientError):
        next(reading)


def test_a_search_goes_down_and_a_cut_one_goes_on_where_it_was(world: World) -> None:
    source = replace(a_source("search", platform="mastodon"), query="padam")
    world.server.break_at(2, Fault.HTML_503)
    got: list[Batch] = []
    reading = collector().collect(source, now=NOW, access=known(world))
    with pytest.raises(TransientError):
        got.extend(reading)
    kept = {one.native_id for batch in got for one in batch.mentions}
    cursor = json.loads(json.dumps(dict(got[-1].cursor)))
    assert cursor["down"]["offset"] == 8
    added = world.add("Lampu padam lagi", at=NOW)
    rest = batches(world, replace(source, cursor=cursor))

    assert kept | {one.native_id for batch in rest for one in batch.mentions} == world.expected
    assert added in world.expected
    assert "down" not in rest[-1].cursor


def test_a_search_without_a_query_is_refused(world: World) -> None:
    with pytest.raises(PermanentError, match="needs a query"):
        read(world, "search")


@pytest.mark.parametrize("address", ["#lampu", "https://kota.example/tags/lampu"])
def test_hashtags_can_be_written_as_people_copy_them(world: World, address: str) -> None:
    assert len(read(world, address)) == 10


@pytest.mark.parametrize("address", ["@warga", "@warga@kota.example", "https://kota.example/@warga"])
def test_accounts_can_be_written_as_people_copy_them(world: World, address: str) -> None:
    assert len(read(world, address)) == 10


def test_other_addresses_are_refused_in_words(world: World) -> None:
    with pytest.raises(PermanentError, match="#TAG") as caught:
        read(world, "kota.example/lokal")
    assert caught.value.problem is Problem.BAD_ADDRESS


def test_the_query_filters_timelines(world: World) -> None:
    assert [one.text for one in read(world, "#lampu", query='"nomor 3"')] == ["Lampu jalan nomor 3 padam"]


def test_a_stretch_of_the_past_is_read_on_request(world: World) -> None:
    since, until = NOW - timedelta(days=40), NOW - timedelta(days=39)
    old = world.add("Bulan lalu", at=since + timedelta(hours=5))
    for address, query in (("#lampu", ""), ("@warga", ""), ("search", "lalu")):
        source = replace(a_source(address, platform="mastodon"), query=query)
        found = [
            one.native_id
            for batch in collector().backfill(source, since, until, now=NOW, access=known(world))
            for one in batch.mentions
        ]

        assert found == [old], address


def test_rechecking_tells_edits_and_deletions_apart(world: World) -> None:
    ids = [f"{DOMAIN}/{status['id']}" for status in world.statuses]
    world.statuses[1]["content"] = "<p>Sudah menyala lagi</p>"
    del world.statuses[0]
    batch = collector().recheck([*ids, "lain.example/5"], now=NOW, access=known(world))

    assert batch.withdrawn == [ids[0]]
    assert {one.native_id: one.text for one in batch.mentions}[ids[1]] == "Sudah menyala lagi"
    assert len(batch.mentions) == 9
    assert world.server.calls == 2


def test_rechecking_works_on_servers_that_give_one_post_at_a_time(world: World) -> None:
    world.many = False
    ids = [f"{DOMAIN}/{status['id']}" for status in world.statuses]
    del world.statuses[4]
    batch = collector().recheck(ids, now=NOW, access=known(world))

    assert batch.withdrawn == [ids[4]]
    assert len(batch.mentions) == 9


def test_a_token_that_lacks_a_scope_says_so(world: World) -> None:
    world.server.break_at(0, Fault.FORBIDDEN)
    with pytest.raises(PermanentError) as caught:
        batches(world, world.source)
    assert caught.value.problem is Problem.LACKS_ACCESS


def test_a_credential_without_a_server_is_refused_before_any_call(world: World) -> None:
    access = replace(world.access, settings={})
    with pytest.raises(PermanentError, match="base_url"):
        list(collector().collect(world.source, now=NOW, access=access))


def a_citizen(world: World, text: str = "Lampu padam") -> Mention:
    status = world.status(text)
    world.statuses.append(status)
    return read_one(status)


def test_an_answer_names_the_citizen_and_stands_once(world: World) -> None:
    citizen = a_citizen(world)
    sent = [
        collector().reply(citizen, "Terima kasih, kami periksa.", key="k1", now=NOW, access=known(world))
        for _ in range(2)
    ]
    ours = [status for status in world.statuses if status["account"]["id"] == US]

    assert len(ours) == 1
    assert ours[0]["content"] == f"<p>@warga@{DOMAIN} Terima kasih, kami periksa.</p>"
    assert (ours[0]["in_reply_to_id"], ours[0]["visibility"]) == (citizen.raw["id"], "public")
    assert sent[0] == sent[1]
    assert (sent[0].native_id, sent[0].permalink) == (f"{DOMAIN}/{ours[0]['id']}", ours[0]["url"])


def test_a_name_that_stands_in_the_text_is_not_put_before_it(world: World) -> None:
    citizen = a_citizen(world)
    collector().reply(citizen, "Halo @warga, kami periksa.", key="k1", now=NOW, access=known(world))

    assert world.statuses[-1]["content"] == "<p>Halo @warga, kami periksa.</p>"


@pytest.mark.parametrize("fault", [Fault.HTML_503, Fault.HTML_200, Fault.TRUNCATED, Fault.RESET])
def test_an_answer_that_may_have_been_taken_is_in_doubt_and_found_again(world: World, fault: Fault) -> None:
    citizen = a_citizen(world)
    world.server.break_at(0, fault)
    with pytest.raises(InDoubtError):
        collector().reply(citizen, "Kami periksa", key="k1", now=NOW, access=known(world))
    found = collector().find_reply(
        citizen, "Kami periksa", since=NOW - timedelta(minutes=1), now=NOW, access=known(world)
    )

    # Half of an answer came after the work was done; the other faults came in its place.
    assert (found is not None) == (fault is Fault.TRUNCATED)


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.NOT_FOUND])
def test_an_answer_that_is_refused_surely_does_not_stand(world: World, fault: Fault) -> None:
    world.server.break_at(0, fault)
    with pytest.raises(PermanentError):
        collector().reply(a_citizen(world), "Kami periksa", key="k1", now=NOW, access=known(world))


def test_an_answer_under_a_limit_waits_for_its_time(world: World) -> None:
    world.server.break_at(0, Fault.TOO_MANY_WITH_RESET)
    with pytest.raises(TransientError) as caught:
        collector().reply(a_citizen(world), "Kami periksa", key="k1", now=NOW, access=known(world))
    assert caught.value.not_before == NOW + timedelta(minutes=5)
    assert caught.value.whole_account


def test_a_server_that_is_not_there_leaves_no_doubt(world: World) -> None:
    citizen = a_citizen(world)
    access = known(world)
    world.server.close()
    with pytest.raises(TransientError):
        collector().reply(citizen, "Kami periksa", key="k1", now=NOW, access=access)


def test_a_text_that_the_server_finds_too_long_is_refused_in_its_words(world: World) -> None:
    world.on_post = lambda: Reply(status=422, json={"error": "Validation failed: Text limit of 640 exceeded"})
    with pytest.raises(PermanentError, match="limit of 640"):
        collector().reply(a_citizen(world), "Kami periksa", key="k1", now=NOW, access=known(world))


def test_an_answer_is_looked_for_as_far_back_as_it_can_be(world: World) -> None:
    citizen = a_citizen(world)
    collector().reply(citizen, "Kami periksa", key="k1", now=NOW, access=known(world))
    for number in range(9):
        world.statuses.append(world.status(f"Lain {number}", by=US, at=NOW + timedelta(minutes=number + 1)))
    look = {"since": NOW - timedelta(minutes=1), "now": NOW + timedelta(hours=1), "access": known(world)}

    assert collector().find_reply(citizen, "kami PERIKSA.", **look) is not None
    assert collector().find_reply(citizen, "Sudah selesai", **look) is None
    assert collector().find_reply(a_citizen(world, "Lain"), "Kami periksa", **look) is None


def test_a_post_of_another_server_is_not_answered_by_number(world: World) -> None:
    elsewhere = a_mention(platform="mastodon", native_id="lain.example/5", raw={"home": "lain.example"})

    assert collector().capability(elsewhere, known(world)) is Capability.MANUAL
    with pytest.raises(PermanentError, match="another server"):
        collector().reply(elsewhere, "Halo", key="k", now=NOW, access=known(world))


def test_length_is_counted_as_mastodon_counts(world: World) -> None:
    citizen = a_citizen(world)
    count = collector().measure

    assert count("Baik", citizen, known(world)).used == len("@warga Baik")
    assert count("Lihat https://example.org/sangat/panjang/sekali/" + "x" * 60, citizen, None).used == (
        len("@warga Lihat ") + 23
    )
    assert count("👨‍👩‍👧‍👦🇮🇩", citizen, None).used == len("@warga ") + 2
    assert (count("Baik", citizen, known(world)).limit, count("Baik", citizen, None).limit) == (640, 500)
    assert not count("", citizen, None).fits


def test_a_server_that_counts_links_otherwise_is_believed(world: World) -> None:
    citizen = a_citizen(world)
    access = replace(known(world), session={**known(world).session, "link": "30"})

    assert collector().measure("https://example.org/a", citizen, access).used == len("@warga ") + 30


def test_capability_is_the_api_with_a_token_and_none_for_our_own(world: World) -> None:
    citizen = a_citizen(world)

    assert collector().capability(citizen, world.access) is Capability.API
    assert collector().capability(citizen, None) is Capability.MANUAL
    assert collector().capability(replace(citizen, own=True), world.access) is Capability.NONE


def test_dead_items_can_be_read_again_without_the_server(world: World) -> None:
    broken = {**world.status("Rusak"), "content": 5}
    dead = _mastodon_statuses.dead(broken, "x", HOME)
    mended = {**dead.raw, "item": {**dead.raw["item"], "content": "<p>Baik</p>"}}

    assert dead.native_id == f"{DOMAIN}/{broken['id']}"
    assert collector().revive(world.source, mended, now=NOW).text == "Baik"


def test_against_a_real_server_of_the_same_api() -> None:
    """mastodon-mock is somebody else's reading of Mastodon's documentation."""
    testing = pytest.importorskip("mastodon_mock.testing")
    from mastodon import Mastodon

    now = datetime.now(UTC)
    with testing.MockServer() as server:
        citizen = Mastodon(access_token="bob_token", api_base_url=server.base_url)
        asked = [citizen.status_post(f"@alice lampu nomor {n} padam #lampu", language="id") for n in range(45)]
        citizen.status_post("@alice rahasia", visibility="direct")
        access = Access(name="dinas", secrets={"access_token": "alice_token"}, settings={"base_url": server.base_url})
        ours = collector()

        assert ours.prove(access, now=now) == "@alice"
        for address, query in (("#lampu", ""), ("@bob", "lampu"), ("mentions", "lampu"), ("search", "lampu")):
            source = replace(a_source(address, platform="mastodon"), query=query)
            read_all = list(ours.collect(source, now=now, access=access))
            texts = {one.text for batch in read_all for one in batch.mentions}
            # Its search takes no offset: the first page is all that can be had, and the rest a hole.
            assert texts == {f"@alice lampu nomor {n} padam #lampu" for n in range(5 * (address == "search"), 45)}
            assert bool([gap for batch in read_all for gap in batch.gaps]) == (address == "search")
            session = read_all[0].session
        access = replace(access, session=session)
        first = next(one for batch in read_all for one in batch.mentions if one.raw["id"] == str(asked[9].id))
        sent = [ours.reply(first, "Kami periksa", key="k1", now=now, access=access) for _ in range(2)]
        found = ours.find_reply(first, "Kami periksa", since=now, now=now, access=access)
        citizen.status_delete(asked[1].id)
        gone = first.native_id.replace(str(asked[9].id), str(asked[1].id))
        batch = ours.recheck([first.native_id, gone], now=now, access=access)

    assert sent[0].native_id == sent[1].native_id
    assert found is not None
    assert found.native_id == sent[0].native_id
    assert [one.native_id for one in batch.mentions] == [first.native_id]
    assert batch.withdrawn == [gone]


def statuses_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"id", "content", "account", "visibility"} <= value.keys():
            yield value
        for inner in value.values():
            yield from statuses_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statuses_in(inner)


def test_recorded_statuses_are_read_without_loss() -> None:
    if not RECORDED.exists():
        pytest.skip("no recorded answers of Mastodon here")
    yaml = pytest.importorskip("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    count = 0
    for file in sorted(RECORDED.rglob("*.yaml")):
        for call in yaml.load(file.read_text(encoding="utf-8"), Loader=loader)["interactions"]:
            body = call["response"]["body"]["string"]
            try:
                answer = json.loads(body)
            except (ValueError, TypeError):
                continue
            for status in statuses_in(answer):
                found = read_one(status)
                count += 1
                assert found.published_at is not None, file.name
                assert found.author is not None, file.name
                assert found.text or found.title, file.name
                assert found.permalink.startswith("http"), file.name
                assert bool(found.parent) == bool(status["in_reply_to_id"]), file.name
                assert CITIZEN not in found.native_id
    assert count > 100


def test_a_further_part_stands_below_our_own_and_names_the_citizen(world: World) -> None:
    citizen, access = a_citizen(world), known(world)
    first = collector().reply(citizen, "Satu (1/2)", key="k1", now=NOW, access=access)
    below = collector().beneath(citizen, first)
    second = collector().reply(below, "Dua (2/2)", key="k2", now=NOW, access=access)
    ours = world.statuses[-1]

    assert ours["content"] == f"<p>@warga@{DOMAIN} Dua (2/2)</p>"
    assert ours["in_reply_to_id"] == first.native_id.rpartition("/")[2]
    look: dict[str, Any] = {"since": NOW - timedelta(minutes=1), "now": NOW, "access": access}
    assert collector().find_reply(below, "Dua (2/2)", **look) == second
    assert collector().find_reply(citizen, "Dua (2/2)", **look) is None
