"""News feeds: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed 1.1.

`parse` does everything after the network and is pure. `FeedCollector` fetches, and keeps in the cursor::

    etag, modified      the validators, sent back byte for byte
    url                 where the feed moved for good, adopted after three sightings in a row
    moving              {"to", "sightings"} of a move not adopted yet
    pace                seconds for which the feed wants to be left alone between two readings
    reused              ids of guids that the feed gave to different items (the latest 200)
    asked               query and options that the validators belong to
    comments            with the option ``comments = "yes"``: the feeds of comments of recent items (`_comments`)

A subscribed feed is read as a feed reader does, without robots.txt, which speaks to crawlers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from collectors import _comments, _dates
from collectors._documents import Document, take_apart
from collectors._http import Answer, HttpClient
from collectors._identity import POLICIES, identify
from collectors._items import Item, from_entry, from_json, plain_entry
from collectors._query import Matches, compiled
from collectors._settings import MAX_BYTES, MAX_ITEMS, CollectorSettings
from collectors._text import storable
from sahut.core.errors import CollectError, PermanentError, SettingsError, TransientError
from sahut.core.model import Access, Batch, DeadItem, Mention, Problem, Source
from sahut.core.model.forms import Choice, FieldKind, FormField, PlaceSort, SourceForm

MOVED_AFTER = 3
MAX_REUSED = 200
_NOT_MODIFIED = 304
# What an address says to which a feed no longer belongs; a lapsed domain soon shows a page of its next owner.
_DEAD = frozenset({Problem.NOT_FOUND, Problem.GONE, Problem.UNREACHABLE, Problem.NOT_A_FEED})
_LONGEST_RAW = 200


def parse(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    fetched_at: datetime,
    identity: str = "auto",
    query: str = "",
    scope: str | None = None,
    reused: Iterable[str] = (),
    max_bytes: int = MAX_BYTES,
    max_items: int = MAX_ITEMS,
) -> Batch:
    """All items of a feed document as mentions.

    ``url`` is where the document was found (relative links begin there), ``scope`` the address that guids are unique
    within when it is another, ``identity`` a policy of `_identity.POLICIES`, ``query`` the source's filter; ``seen``
    counts before it. ``reused`` are ids found to be shared on earlier pages; the batch's cursor holds all known under
    "reused", and under "pace" what the document says of its rhythm, which ``next_check`` follows. An item that cannot
    be read is a dead item, the others are kept. Raises TransientError (NOT_A_FEED, TOO_LARGE, NOT_READABLE) for the
    document as a whole, SettingsError for a bad query or policy.
    """
    matches = _checked(identity, query)
    document = take_apart(body, url=url, content_type=content_type, max_bytes=max_bytes)
    notes = list(document.notes)
    if len(document.entries) > max_items:
        notes.append(f"the feed holds {len(document.entries)} items; the first {max_items} were read")
    items, dead = _items(document, url, max_items)
    ids, shared = identify(items, identity, scope or url, frozenset(reused))
    if shared:
        notes.append("the feed gives one guid to different items; they are told apart by link, title and date")
    mentions = [_mention(item, native_id, fetched_at) for item, native_id in zip(items, ids, strict=True)]
    clamped = sum(m.published_at is None and i.published_at is not None for m, i in zip(mentions, items, strict=True))
    if clamped:
        notes.append(f"{clamped} items bear a date that cannot be (future or before 1995); it is left out")
    cursor: dict[str, Any] = {"reused": sorted(shared)[:MAX_REUSED]} if shared else {}
    if document.pace is not None:
        cursor["pace"] = round(document.pace.total_seconds())
    return Batch(
        mentions=_matching(mentions, matches),
        dead=dead,
        seen=len(items) + len(dead),
        notes=notes,
        title=storable(document.title)[:300],
        cursor=cursor,
        next_check=None if document.pace is None else fetched_at + document.pace,
    )


def _checked(identity: str, query: str) -> Matches:
    """The filter. Raises SettingsError for what cannot be one, or is no policy."""
    if identity not in POLICIES:
        raise SettingsError(
            f"'{identity}' is no identity policy: use {', '.join(POLICIES)}", file="source", key="options.identity"
        )
    return compiled(query)


def _items(document: Document, url: str, limit: int) -> tuple[list[Item], list[DeadItem]]:
    items: list[Item] = []
    dead: list[DeadItem] = []
    for entry in document.entries[:limit]:
        try:
            items.append(_item(entry, document.is_json, url, document.language))
        except Exception as error:
            # One malformed item never costs its page.
            reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            dead.append(DeadItem(reason=reason, raw=_dead_raw(entry, document, url)))
    return items, dead


def _item(entry: Any, is_json: bool, base: str, language: str) -> Item:
    if is_json:
        return from_json(entry, base=base, language=language)
    return from_entry(plain_entry(entry), base=base, language=language)


def _dead_raw(entry: Any, document: Document, url: str) -> dict[str, Any]:
    kept = plain_entry(entry) if isinstance(entry, Mapping) else storable(repr(entry)[:_LONGEST_RAW])
    return {"entry": kept, "json": document.is_json, "base": url, "language": document.language}


def _mention(item: Item, native_id: str, now: datetime) -> Mention:
    return Mention(
        platform="feed",
        native_id=native_id,
        title=item.title,
        text=item.text,
        collected_at=now,
        published_at=_dates.usable(item.published_at, now),
        author=item.author,
        permalink=item.link if item.link.startswith(("http://", "https://")) else "",
        language=item.language,
        raw={"guid": item.guid, "date": item.date, **({"comments": item.comments} if item.comments else {})},
    )


def _matching(mentions: list[Mention], matches: Matches) -> list[Mention]:
    return [mention for mention in mentions if matches(f"{mention.title}\n{mention.text}")]


class FeedCollector:
    """Reads one feed a call: one request, one batch; then, where it is asked to, a few of its feeds of comments."""

    platform = "feed"
    guide = None

    form = SourceForm(
        places=(
            PlaceSort(
                key="feed",
                words="a feed of news",
                asks=FormField(
                    key="address",
                    words="the feed's address (RSS, Atom, JSON Feed)",
                    help="The address of a news page will do too: its feed is looked for when it is tried out.",
                    kind=FieldKind.WEB,
                    required=True,
                    example="https://",
                ),
            ),
        ),
        options=(
            FormField(
                key="comments",
                words="also read the comments below the articles",
                help="Only where the feed names a feed of comments for each article.",
                kind=FieldKind.YES_NO,
                default="no",
            ),
            FormField(
                key="identity",
                words="how two items are told apart",
                help="Leave it as it is, unless articles come twice or new ones do not come.",
                kind=FieldKind.CHOICE,
                choices=(
                    Choice(value="auto", words="found out by itself"),
                    Choice(value="guid", words="by the feed's own ids"),
                    Choice(value="link", words="by their links"),
                    Choice(value="title_date", words="by title and date"),
                    Choice(value="content", words="by what they say"),
                ),
                default="auto",
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._client = HttpClient(settings)

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:  # noqa: ARG002 - anybody may read
        """One batch, an empty one after a 304, and one for each feed of comments; one of those that fails is a note.

        Raises TransientError, PermanentError for the feed itself.
        """
        cursor = dict(source.cursor)
        url = str(cursor.get("url") or source.address)
        identity = str(source.options.get("identity", "auto"))
        try:
            _checked(identity, source.query)
            with_comments = _comments.wanted(source)
        except SettingsError as error:
            raise PermanentError(f"source '{source.name}': {error.message}", problem=Problem.BAD_SETTINGS) from error
        moved = bool(cursor.get("url"))
        try:
            batch = self._read(source, cursor, url, _validators(source), identity, now)
        except CollectError as error:
            if not moved or error.problem not in _DEAD:
                raise
            batch = self._read_at_home(source, error, identity, now)
        if not with_comments:
            yield replace(batch, cursor={key: value for key, value in batch.cursor.items() if key != "comments"})
            return
        watched = _comments.watched(batch.cursor.get("comments", ()), batch.mentions, now)
        if source.cursor.get("asked") != _asked(source):
            _comments.forget_validators(watched)
        batch = replace(batch, cursor={**batch.cursor, "comments": watched})
        yield batch
        yield from self._read_comments(source, batch, watched, now)

    def _read_comments(
        self, source: Source, batch: Batch, watched: list[_comments.Watched], now: datetime
    ) -> Iterator[Batch]:
        """A batch for each feed of comments whose turn it is; ``batch`` is the feed's own."""
        for one in _comments.due(watched, source.interval, now):
            if one.get("after", "") > now.isoformat():
                continue  # its server asked for a rest a moment ago
            found = Batch()
            try:
                found = self._comments_of(source, one, now)
            except CollectError as error:
                _comments.failed(one, source.interval, getattr(error, "not_before", None), now)
                if error.problem is Problem.RATE_LIMITED:
                    _comments.hold_host(watched, one)
                found = Batch(notes=[f"comments could not be read: {error}"])
            # Copied, since the one before is still being stored by whoever asked.
            kept = [dict(other) for other in watched]
            yield replace(found, cursor={**batch.cursor, "comments": kept}, next_check=batch.next_check)

    def _comments_of(self, source: Source, one: _comments.Watched, now: datetime) -> Batch:
        asked = _comments.validators(one)
        answer = self._client.get(one["url"], now=now, headers=asked, read_before=bool(one["read"]))
        if answer.status == _NOT_MODIFIED:
            _comments.answered(one, None, answer.next_check, now)
            return Batch()
        batch = parse(
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            fetched_at=now,
            identity=str(source.options.get("identity", "auto")),
            scope=one["url"],
            max_bytes=self._settings.max_bytes,
            max_items=self._settings.max_items,
        )
        _comments.answered(one, answer.headers, answer.next_check, now)
        parent = one["parent"]
        return replace(
            batch,
            mentions=[_comments.as_comment(said, parent) for said in batch.mentions if said.native_id != parent],
            dead=[replace(item, raw={**item.raw, "parent": parent, "scope": one["url"]}) for item in batch.dead],
        )

    def _read_at_home(self, source: Source, dead: CollectError, identity: str, now: datetime) -> Batch:
        """Read a feed that moved to an address now dead at its own one again, and forget the move if that works."""
        cursor = {key: value for key, value in source.cursor.items() if key not in {"url", "etag", "modified"}}
        try:
            batch = self._read(source, cursor, source.address, {}, identity, now)
        except CollectError as error:
            # Where both are gone for good the source stops; as long as one of them may come back it goes on.
            raise dead if isinstance(error, PermanentError) or error.problem is dead.problem else error from dead
        note = f"the address that the feed had moved to is dead ({dead}); it is read at its own address again"
        return replace(batch, notes=[note, *batch.notes])

    def _read(
        self,
        source: Source,
        cursor: dict[str, Any],
        url: str,
        validators: Mapping[str, str],
        identity: str,
        now: datetime,
    ) -> Batch:
        """What ``url`` gives, with ``cursor`` as it is to be kept."""
        read_before = "asked" in cursor or source.health.last_success_at is not None
        answer = self._client.get(url, now=now, headers=validators, read_before=read_before)
        notes = _follow_move(cursor, url, answer)
        if answer.status == _NOT_MODIFIED:
            if not validators:
                raise TransientError(f"{answer.url} answered 304 to a first request", problem=Problem.SERVER_ERROR)
            return Batch(cursor=cursor, next_check=_later(answer.next_check, cursor, now), notes=notes)
        batch = parse(
            answer.body,
            url=answer.url,
            content_type=answer.content_type,
            fetched_at=now,
            identity=identity,
            query=source.query,
            scope=source.address,
            reused=cursor.get("reused", ()),
            max_bytes=self._settings.max_bytes,
            max_items=self._settings.max_items,
        )
        cursor.pop("pace", None)
        cursor.update(batch.cursor)
        for key, header in (("etag", "etag"), ("modified", "last-modified")):
            cursor.pop(key, None)
            if answer.headers.get(header):
                cursor[key] = answer.headers[header]
        # A changed filter or policy must see the whole feed again, which a 304 would keep back.
        cursor["asked"] = _asked(source)
        pace = timedelta(seconds=cursor.get("pace", 0))
        if pace > source.interval:
            notes.append(f"the feed asks to be read every {pace / timedelta(minutes=1):g} minutes at most, and it is")
        return replace(
            batch,
            cursor=cursor,
            next_check=_later(answer.next_check, cursor, now),
            notes=[*notes, *batch.notes],
        )

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read a dead item again. Raises ValueError with the reason."""
        item = _item(raw.get("entry"), bool(raw.get("json")), str(raw.get("base", "")), str(raw.get("language", "")))
        known = frozenset(source.cursor.get("reused", ()))
        scope = str(raw.get("scope") or source.address)
        ids, _ = identify([item], str(source.options.get("identity", "auto")), scope, known)
        mention = _mention(item, ids[0], now)
        return _comments.as_comment(mention, str(raw["parent"])) if raw.get("parent") else mention


def _later(fresh_until: datetime | None, cursor: Mapping[str, Any], now: datetime) -> datetime | None:
    """The later of what the answer's headers and the feed itself ask for."""
    paced = now + timedelta(seconds=cursor["pace"]) if "pace" in cursor else None
    return max((wish for wish in (fresh_until, paced) if wish is not None), default=None)


def _asked(source: Source) -> str:
    asked = f"{source.query}\n{source.options.get('identity', 'auto')}"
    return f"{asked}\ncomments" if _comments.wanted(source) else asked


def _validators(source: Source) -> dict[str, str]:
    cursor = source.cursor
    if cursor.get("asked") != _asked(source):
        return {}
    pairs = (("If-None-Match", cursor.get("etag")), ("If-Modified-Since", cursor.get("modified")))
    return {name: str(value) for name, value in pairs if value}


def _follow_move(cursor: dict[str, Any], url: str, answer: Answer) -> list[str]:
    """Count sightings of a permanent redirect; adopt it after three to the same place, since many are mistakes."""
    moving = cursor.pop("moving", None) or {}
    if not answer.moved_to or answer.moved_to == url:
        return []
    sightings = int(moving.get("sightings", 0)) + 1 if moving.get("to") == answer.moved_to else 1
    if sightings >= MOVED_AFTER:
        cursor["url"] = answer.moved_to
        return [f"the feed moved for good to {answer.moved_to}, which is read from now on"]
    cursor["moving"] = {"to": answer.moved_to, "sightings": sightings}
    return [f"the feed says that it moved to {answer.moved_to} (seen {sightings} times of {MOVED_AFTER})"]
