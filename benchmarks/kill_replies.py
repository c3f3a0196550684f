"""Kill the worker at a random line of sending, 200 times over the platforms, and count what went wrong.

    python benchmarks/kill_replies.py [ROUNDS] [ROUNDS_IN_PARTS]

Half of the rounds with replies in several parts kill the worker of every part at a random line of it; the others kill
it at the seams, one after the other: before a part is turned to, once it stands and before that is written down, and
once it is written down and the next has its turn.

Each platform is its test world: a server shaped by the platform's public documentation. After each death the lease runs
out and another worker settles the reply. A double is two posts of ours below one mention; an invention is a reply shown
as sent that does not stand there, before or after the settling. Of a reply in parts each must stand below the one
before, once, in order, and nothing of it may be lost.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from _result import save

from collectors import registry
from collectors._settings import CollectorSettings
from sahut.core import collecting, outbox, replying
from sahut.core.model import Batch, Mention, ReplyAct, ReplyDraft, ReplyState, Role
from sahut.core.outbox import Means
from sahut.core.ports import Replier, Store
from storage import migrate
from storage.store import open_store
from tests.builders import NOW, a_mention, a_source_draft, an_actor
from tests.collectors.feed_server import a_source
from tests.collectors.world_mastodon import World as MastodonWorld
from tests.collectors.world_reddit import World as RedditWorld
from tests.collectors.world_x import XServer, a_access
from tests.conftest import KEY
from tests.killing import stop_in_a_child, work_in_a_child

SEED = 20_261_124
# A few more than sending has, so that some workers live.
LINES = 600
ROUNDS, ROUNDS_IN_PARTS = 200, 48
# Of the text that is split: four parts on X, three on Mastodon.
SENTENCES = 24
SEAMS = ("claimed", "posted", "written")
SETTLE_TURNS = 8


@dataclass
class Platform:
    """``asked`` makes a mention that can be answered by API, ``below`` gives what stands under one by now."""

    name: str
    means: Means
    asked: Callable[[], Mention]
    below: Callable[[str], list[str]]


def _means(platform: str, access: Any) -> Means:
    settings = CollectorSettings(allow_hosts=("127.0.0.1",), total_timeout_s=30.0)
    replier = registry.load(platform, settings=settings)
    assert isinstance(replier, Replier)
    return Means(replier_for=lambda _: replier, access_for=lambda _: access)


def x() -> Platform:
    """X: no idempotency keys, and a refusal of the same text twice."""
    server, numbers = XServer(), count(1)
    access = a_access(base_url=server.http.url)

    def asked() -> Mention:
        text = f"@DinasKota jalan rusak {next(numbers)}"
        native_id = server.post(text, at=NOW - timedelta(minutes=5))
        source = a_source("search", platform="x", query="jalan")
        found = registry.load("x", settings=CollectorSettings(allow_hosts=("127.0.0.1",)))
        batches = found.collect(source, now=NOW, access=access)
        return next(one for batch in batches for one in batch.mentions if one.native_id == native_id)

    def below(native_id: str) -> list[str]:
        return [
            key for key, post in server.posts.items()
            if any(one["id"] == native_id for one in post.get("referenced_tweets", ()))
        ]  # fmt: skip

    return Platform("x", _means("x", access), asked, below)


def reddit() -> Platform:
    """Reddit: no idempotency keys, no refusal of doubles."""
    world = RedditWorld()

    def asked() -> Mention:
        name = world.add("Jalan rusak", at=NOW - timedelta(minutes=5))
        return a_mention(platform="reddit", native_id=name, root=name, permalink="https://reddit.example/x")

    def below(native_id: str) -> list[str]:
        return [one["data"]["name"] for one in world.sent if one["data"]["parent_id"] == native_id]

    return Platform("reddit", _means("reddit", world.access), asked, below)


def mastodon() -> Platform:
    """Mastodon: idempotency keys."""
    world, numbers = MastodonWorld(), count(1)

    def asked() -> Mention:
        native_id = world.add(f"Jalan rusak {next(numbers)}", at=NOW - timedelta(minutes=5))
        found = registry.load("mastodon", settings=CollectorSettings(allow_hosts=("127.0.0.1",)))
        batches = found.collect(world.source, now=NOW, access=world.access)
        return next(one for batch in batches for one in batch.mentions if one.native_id == native_id)

    def below(native_id: str) -> list[str]:
        domain, _, local = native_id.rpartition("/")
        return [f"{domain}/{one['id']}" for one in world.statuses if one["in_reply_to_id"] == local]

    return Platform("mastodon", _means("mastodon", world.access), asked, below)


def main() -> None:
    """Keep the counts in results/kill_replies.json; exit with 1 where anything went wrong."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    in_parts = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS_IN_PARTS
    platforms = [make() for make in (x, reddit, mastodon)]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/kill.db"
        migrate.upgrade(url)
        store = open_store(url, keys=[KEY])
        found = _play(store, url, platforms, rounds)
        # Reddit lets no answer be continued.
        found["in_parts"] = _play_parts(store, url, [one for one in platforms if one.name != "reddit"], in_parts)
        store.close()
    save("kill_replies", found, packages=("tweepy", "praw", "Mastodon.py"))
    if any(one[wrong] for one in (found, found["in_parts"]) for wrong in ("doubles", "inventions", "lost")):
        sys.exit(1)


def _play(store: Store, url: str, platforms: list[Platform], rounds: int) -> dict[str, Any]:
    actor = an_actor(store, "rina", role=Role.COMMS)
    with store.begin() as tx:
        sources = {one.name: tx.sources.add(a_source_draft(platform=one.name), NOW).id for one in platforms}
    found = {"seed": SEED, "rounds": rounds, "killed": 0, "after_the_post": 0, "doubles": 0, "inventions": 0, "lost": 0}
    by_platform = {one.name: 0 for one in platforms}
    dice = random.Random(SEED)
    for number in range(rounds):
        platform = platforms[number % len(platforms)]
        by_platform[platform.name] += 1
        mention = platform.asked()
        text = f"Terima kasih, kami teruskan dengan nomor {number}."
        with store.begin() as tx:
            collecting.save_mentions(tx, sources[platform.name], Batch(mentions=[mention]), NOW)
            (known,) = tx.mentions.known([mention.key]).values()
            draft = ReplyDraft(
                mention_id=known.id, text=text, author_id=actor.user_id, author_name=actor.name, seen_edits=0
            )
            reply = tx.replies.add(draft, NOW)
            tx.replies.move(reply.id, ReplyState.APPROVED, ReplyAct.APPROVED, actor_name="", now=NOW, due_at=NOW)
        found["killed"] += not work_in_a_child(url, platform.means, dice.randint(1, LINES))
        with store.read() as tx:
            before = tx.replies.get(reply.id)
        posted = platform.below(mention.native_id)
        found["after_the_post"] += bool(posted) and before.state is not ReplyState.SENT
        found["inventions"] += before.state is ReplyState.SENT and posted != [before.native_id]
        _settle(store, platform.means)
        with store.read() as tx:
            after = tx.replies.get(reply.id)
        posted = platform.below(mention.native_id)
        found["doubles"] += len(posted) > 1
        found["lost"] += after.state is not ReplyState.SENT
        found["inventions"] += after.state is ReplyState.SENT and after.native_id not in posted
    return {**found, "platforms": by_platform}


def _play_parts(store: Store, url: str, platforms: list[Platform], rounds: int) -> dict[str, Any]:
    """Every part of every reply loses its worker once: at a random line of it, or at a seam."""
    actor = an_actor(store, "dewi", role=Role.COMMS)
    with store.begin() as tx:
        sources = {
            one.name: tx.sources.add(a_source_draft(platform=one.name, name=f"{one.name} in parts"), NOW).id
            for one in platforms
        }
    counted = ("killed", "after_the_post", "doubles", "inventions", "lost", "out_of_order")
    found: dict[str, Any] = {"rounds": rounds, "parts": 0, **dict.fromkeys(counted, 0)}
    found["at_seams"] = {seam: dict.fromkeys(("killed", "after_the_post"), 0) for seam in SEAMS}
    dice = random.Random(SEED + 1)
    for number in range(rounds):
        platform = platforms[number % len(platforms)]
        mention = platform.asked()
        text = " ".join(f"Langkah {step} dari laporan {number} kami catat." for step in range(SENTENCES))
        with store.begin() as tx:
            collecting.save_mentions(tx, sources[platform.name], Batch(mentions=[mention]), NOW)
            (known,) = tx.mentions.known([mention.key]).values()
        with store.read() as tx:
            record = tx.mentions.whole(known.id)
        texts = replying.judge(platform.means, record, text, split=True).parts
        draft = ReplyDraft(
            mention_id=known.id, text=text, author_id=actor.user_id, author_name=actor.name, seen_edits=0, split=True
        )
        with store.begin() as tx:
            reply = tx.replies.add(draft, NOW)
            tx.replies.part(reply.id, texts, NOW)
            tx.replies.move(reply.id, ReplyState.APPROVED, ReplyAct.APPROVED, actor_name="", now=NOW, due_at=NOW)
        at_line, moment = number // len(platforms) % 2 == 0, NOW
        for part in range(len(texts)):
            seam = "" if at_line else SEAMS[(number // 2 // len(platforms) + part) % len(SEAMS)]
            _lose(store, url, platform, known.id, part, seam=seam, dice=dice, found=found, now=moment)
            moment += outbox.SEND_LEASE + timedelta(seconds=1)
            _settle_part(store, platform.means, known.id, part, moment)
        with store.read() as tx:
            parts = tx.replies.of_mention(known.id)
        found["parts"] += len(texts)
        found["lost"] += sum(one.state is not ReplyState.SENT for one in parts)
        above = mention.native_id
        for one in parts:
            posted = platform.below(above)
            found["doubles"] += len(posted) > 1
            found["out_of_order"] += one.native_id not in posted
            above = one.native_id
    return found


def _lose(
    store: Store,
    url: str,
    platform: Platform,
    mention_id: int,
    part: int,
    *,
    seam: str,
    dice: random.Random,
    found: dict[str, Any],
    now: datetime,
) -> None:
    """Kill the worker of a part, and count what then stands on the platform and here."""
    if seam:
        lived = stop_in_a_child(url, platform.means, seam, now=now)
    else:
        lived = work_in_a_child(url, platform.means, dice.randint(1, LINES), now=now)
    with store.read() as tx:
        parts = tx.replies.of_mention(mention_id)
        native_id = tx.mentions.get(mention_id).mention.native_id
    one, above = parts[part], parts[part - 1].native_id if part else native_id
    posted = platform.below(above)
    after = bool(posted) and one.state is not ReplyState.SENT
    found["killed"] += not lived
    found["after_the_post"] += after
    found["inventions"] += one.state is ReplyState.SENT and posted != [one.native_id]
    if seam:
        found["at_seams"][seam]["killed"] += not lived
        found["at_seams"][seam]["after_the_post"] += after


def _settle_part(store: Store, made: Means, mention_id: int, part: int, now: datetime) -> None:
    """Let another worker go on until that part stands, and leave the next one to the next death."""
    for _ in range(SETTLE_TURNS):
        with store.read() as tx:
            if tx.replies.of_mention(mention_id)[part].state is ReplyState.SENT:
                return
        outbox.deliver(store=store, means=made, clock=lambda: now)


def _settle(store: Store, made: Means) -> None:
    later = NOW + outbox.SEND_LEASE + timedelta(seconds=1)
    while outbox.deliver(store=store, means=made, clock=lambda: later) is not None:
        pass


if __name__ == "__main__":
    main()
