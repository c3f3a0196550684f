"""Answers that X gave to others, where they are at hand: every post in them is read, and none is lost."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors._x_posts import Ours, price, take_apart
from tests.builders import NOW

RECORDED = Path(__file__).parents[2].parent / "shared" / "recorded" / "x-tweepy" / "cassettes"


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(RECORDED.glob("*.yaml")):
        for exchange in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]:
            body = exchange["response"]["body"]["string"]
            raw = body.encode() if isinstance(body, str) else body
            answer = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw or b"null")
            if (
                isinstance(answer, dict)
                and isinstance(answer.get("data"), list)
                and "/2/" in exchange["request"]["uri"]
            ):
                yield f"{file.stem} {exchange['request']['uri']}", answer


@pytest.mark.skipif(not RECORDED.is_dir(), reason="../shared/recorded/x-tweepy is not there")
def test_every_recorded_post_is_read() -> None:
    read = 0
    for name, answer in answers():
        posts = [one for one in answer["data"] if "text" in one and "id" in one]
        if not posts:
            continue
        page = take_apart(answer, Ours(frozenset(), frozenset()), NOW, {})
        assert not page.dead, name
        assert len(page.mentions) == len({one.get("edit_history_tweet_ids", [one["id"]])[0] for one in posts}), name
        assert all(mention.text and mention.native_id and mention.permalink for mention in page.mentions), name
        assert price(answer) > 0
        read += len(posts)

    assert read > 0
