"""One suite for every line of the collectors' registry; a new platform adds a `Case` and is tested."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from collectors import registry
from sahut.core.errors import CollectError
from sahut.core.model import Access, Batch, Mention, Problem, Source
from sahut.core.ports import Collector
from tests.builders import NOW
from tests.collectors.feed_server import SETTINGS, FeedServer, a_source, item, rss

SAID = [f"Lampu jalan nomor {number} padam" for number in range(1_200)]


@dataclass
class Case:
    """A place with many items and a malformed one, and how to change it.

    A platform's ``tests/collectors/world_PLATFORM.py`` may give one by ``contract(texts)``: what is there has the
    ``source``, ``access``, ``append``, ``remove`` of a case and ``close``.
    """

    source: Source
    collector: Callable[[], Collector]
    append: Callable[[str], None]
    remove: Callable[[], None]
    access: Access | None = None


def feed_case(server: FeedServer) -> Case:
    texts = list(SAID)

    def serve() -> None:
        good: list[Any] = [{"id": f"{n}", "title": text} for n, text in enumerate(texts)]
        body = {"version": "https://jsonfeed.org/version/1.1", "title": "Warta", "items": [*good, "rusak"]}
        server.feed("/feed", json.dumps(body).encode())

    def append(text: str) -> None:
        texts.append(text)
        serve()

    serve()
    return Case(
        source=a_source(server.url + "/feed"),
        collector=lambda: registry.load("feed", settings=SETTINGS),
        append=append,
        remove=lambda: server.answers.pop("/feed") and None,
    )


def replay_case(folder: Path) -> Case:
    file = folder / "posts.jsonl"
    lines = [json.dumps({"id": f"{n}", "text": text}) for n, text in enumerate(SAID)]
    file.write_text("\n".join([*lines, '{"id": "x", "text"']) + "\n", encoding="utf-8")

    def append(text: str) -> None:
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"id": "added", "text": text}) + "\n")

    settings = replace(SETTINGS, base_dir=folder)
    return Case(
        source=a_source("posts.jsonl", platform="replay"),
        collector=lambda: registry.load("replay", settings=settings),
        append=append,
        remove=file.unlink,
    )


def file_case(folder: Path) -> Case:
    file = folder / "arsip.csv"
    lines = [f"{n};{text}" for n, text in enumerate(SAID)]
    file.write_text("\n".join(["ID;Isi Laporan", *lines, "x;; ;lebih"]) + "\n", encoding="utf-8")

    def append(text: str) -> None:
        with file.open("a", encoding="utf-8") as out:
            out.write(f"added;{text}\n")

    settings = replace(SETTINGS, base_dir=folder)
    return Case(
        source=a_source("arsip.csv", platform="file"),
        collector=lambda: registry.load("file", settings=settings),
        append=append,
        remove=file.unlink,
    )


@pytest.fixture
def server() -> Iterator[FeedServer]:
    running = FeedServer()
    yield running
    running.close()


# Posts of a webhook come by themselves: tests/triage_api/test_hooks.py asks the same of the door that they come by.
@pytest.fixture(params=[name for name in registry.COLLECTORS if name != "webhook"])
def case(request: pytest.FixtureRequest, server: FeedServer, tmp_path: Path) -> Iterator[Case]:
    if request.param == "feed":
        yield feed_case(server)
        return
    if request.param == "replay":
        yield replay_case(tmp_path)
        return
    if request.param == "file":
        yield file_case(tmp_path)
        return
    if find_spec(f"tests.collectors.world_{request.param}") is not None:
        world: Any = import_module(f"tests.collectors.world_{request.param}")
        if hasattr(world, "contract"):
            made = world.contract(SAID)
            yield Case(
                source=made.source,
                collector=lambda: registry.load(made.source.platform, settings=SETTINGS),
                append=made.append,
                remove=made.remove,
                access=made.access,
            )
            made.close()
            return
    pytest.fail(f"platform '{request.param}' has a line in the registry but no case in this suite")


def everything(case: Case, source: Source) -> list[Batch]:
    return list(case.collector().collect(source, now=NOW, access=case.access))


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def test_it_answers_for_its_line_of_the_registry(case: Case) -> None:
    assert case.collector().platform == case.source.platform


def test_every_item_comes_once_with_clean_text_and_an_aware_time(case: Case) -> None:
    found = mentions(everything(case, case.source))

    assert [mention.body for mention in found] == SAID
    assert len({mention.key for mention in found}) == len(SAID)
    assert {mention.collected_at for mention in found} == {NOW}


def test_the_same_place_read_twice_gives_the_same_identities_and_contents(case: Case) -> None:
    first, second = (mentions(everything(case, case.source)) for _ in range(2))

    assert [(m.key, m.content_hash) for m in first] == [(m.key, m.content_hash) for m in second]


def test_a_malformed_item_is_dead_with_a_reason_and_the_rest_is_kept(case: Case) -> None:
    batches = everything(case, case.source)
    dead = [letter for batch in batches for letter in batch.dead]

    assert len(dead) == 1
    assert dead[0].reason
    json.dumps(dict(dead[0].raw))
    assert sum(batch.seen for batch in batches) == len(SAID) + 1
    with pytest.raises(ValueError, match=r"."):
        case.collector().revive(case.source, dead[0].raw, now=NOW)


def test_cursors_are_plain_json(case: Case) -> None:
    for batch in everything(case, case.source):
        assert json.loads(json.dumps(dict(batch.cursor))) == dict(batch.cursor)


def test_a_reading_cut_off_after_any_page_goes_on_without_loss(case: Case) -> None:
    pages = len(everything(case, case.source))
    for cut in range(1, pages + 1):
        reading = case.collector().collect(case.source, now=NOW, access=case.access)
        stored = [next(reading) for _ in range(cut)]
        del reading
        resumed = everything(case, replace(case.source, cursor=stored[-1].cursor))
        bodies = {mention.key: mention.body for mention in mentions([*stored, *resumed])}

        assert list(bodies.values()) == SAID


def test_a_cursor_that_went_through_the_store_is_as_good(case: Case) -> None:
    cursor = json.loads(json.dumps(dict(everything(case, case.source)[-1].cursor)))
    case.append("Air mati di RT 04")
    again = mentions(everything(case, replace(case.source, cursor=cursor)))

    assert "Air mati di RT 04" in [mention.body for mention in again]
    assert len({mention.key for mention in again}) == len(again)


def test_nothing_is_kept_between_calls_but_the_cursor(case: Case) -> None:
    collector = case.collector()
    first = mentions(list(collector.collect(case.source, now=NOW, access=case.access)))
    second = mentions(list(collector.collect(case.source, now=NOW, access=case.access)))

    assert [m.key for m in first] == [m.key for m in second]


def test_a_place_that_is_not_there_is_a_problem_in_words(case: Case) -> None:
    case.remove()
    with pytest.raises(CollectError) as caught:
        everything(case, case.source)

    assert caught.value.problem in {Problem.NOT_FOUND, Problem.MISSING_FILE}
    assert len(str(caught.value)) > 10


def test_a_page_stays_below_what_one_transaction_should_hold(case: Case) -> None:
    assert all(len(batch.mentions) <= SETTINGS.max_items for batch in everything(case, case.source))


def test_feeds_in_xml_pass_through_the_same_door(server: FeedServer) -> None:
    source = a_source(server.feed("/rss", rss(item(1), item(2))))
    batches = list(registry.load("feed", settings=SETTINGS).collect(source, now=NOW))

    assert len(mentions(batches)) == 2
