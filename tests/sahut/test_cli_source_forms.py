"""`sahut source`: what a platform asks, shown and asked for on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sahut import cli
from storage.store import SqlStore
from tests.collectors.feed_server import FeedServer, item, rss


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAHUT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SAHUT_ALLOW_HOSTS", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    running = FeedServer()
    yield running
    running.close()


def sahut(*arguments: str, typed: str = "") -> Any:
    return CliRunner().invoke(cli.app, ["source", *arguments], obj=cli.Options(), input=typed)


def test_a_platform_shows_its_places_and_its_options() -> None:
    shown = sahut("platform", "mastodon").stdout
    told = json.loads(sahut("platform", "mastodon", "--json").stdout)

    assert "#HASHTAG" in shown
    assert "first_days" in shown
    assert [one["address"] for one in told["places"]] == ["#{}", "mentions", "@{}", "search"]


def test_without_an_address_it_is_asked_for(server: FeedServer, sqlite_store: SqlStore) -> None:
    address = server.feed("/rss", rss(item(1)))
    done = sahut("add", "feed", typed=f"{address}\nlampu\nyes\nauto\n")

    assert done.exit_code == 0, done.output
    with sqlite_store.read() as tx:
        (source,) = tx.sources.all()
    assert (source.address, source.query, source.options) == (address, "lampu", {"comments": "yes"})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("feed", "ftp://a.example"), "does not begin with http"),
        (("feed", "https://a.example", "-o", "comments=ya"), "neither yes nor no"),
        (("feed", "https://a.example", "-o", "lain=ya"), "no option 'lain'"),
        (("mastodon", "search"), "a search needs a query"),
    ],
)
def test_what_the_form_does_not_take_is_said_before_anybody_is_asked(
    sqlite_store: SqlStore, arguments: tuple[str, ...], says: str
) -> None:
    done = sahut("add", *arguments, "--unseen")

    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())
    with sqlite_store.read() as tx:
        assert tx.sources.all() == []
