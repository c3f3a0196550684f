"""Persons: found by keyed hashes, shown to themselves, erased, and kept from coming back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, Table, cast, func, literal, or_, select, update

from sahut.core import personal
from sahut.core.model import MentionState, Person, PersonCounts
from storage import brought, masking
from storage.case_tables import decision, ticket, ticket_event
from storage.conversation_tables import conversation
from storage.engine import insert_into
from storage.lookups import Lookup
from storage.mention_withdrawals import blank, renewed
from storage.person_tables import tombstone
from storage.reply_tables import reply, reply_event
from storage.tables import dead_letter, mention, mention_version, source, told

_GONE = "•••"
_OURS = ("text", "part", "reason")
# A shorter name is a word of the language too, unless an @ stands before it.
_SHORTEST_NAME = 4
_WAITING = (MentionState.COLLECTED, MentionState.FLAGGED, MentionState.SNOOZED, MentionState.HELD)


class SqlPersons:
    """What is held of persons in one transaction."""

    def __init__(self, connection: Connection, lookup: Lookup) -> None:
        self._connection = connection
        self._lookup = lookup

    def find(self, who: Person, *, limit: int, after: int = 0) -> list[int]:
        """Ids of the mentions that a person wrote, in order."""
        query = select(mention.c.id).where(self._theirs(who), mention.c.id > after)
        return list(self._connection.execute(query.order_by(mention.c.id).limit(limit)).scalars())

    def _theirs(self, who: Person) -> Any:
        if who.handle:
            return mention.c.author_key == self._lookup.author(who.platform, who.handle)
        return mention.c.link_key == self._lookup.link(who.platform, who.link)

    def counts(self, who: Person) -> PersonCounts:
        """How much is held of a person, and how much of it erasing would reach."""
        theirs = select(mention.c.id).where(self._theirs(who))

        def many(table: Table, *where: Any) -> int:
            return self._connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()

        mine = theirs.scalar_subquery()
        return PersonCounts(
            mentions=many(mention, self._theirs(who)),
            versions=many(mention_version, mention_version.c.mention_id.in_(mine)),
            replies=many(reply, reply.c.mention_id.in_(mine)),
            tickets=len(self._tickets(theirs)),
            named=sum(len(rows) for _table, rows in self._naming(who)) + len(self._addressing(who)),
            set_aside=sum(len(ids) for _table, ids in self._unread(who)),
            brought=len(brought.naming(self._connection, who)),
            erased=self.is_buried(who),
        )

    def _tickets(self, mentions: Any) -> list[int]:
        query = select(mention.c.ticket_id).where(mention.c.id.in_(mentions), mention.c.ticket_id.is_not(None))
        return list(self._connection.execute(query.distinct()).scalars())

    def is_buried(self, who: Person) -> bool:
        """Whether what they write is not collected any more."""
        mark = (
            self._lookup.author(who.platform, who.handle) if who.handle else self._lookup.link(who.platform, who.link)
        )
        return self._connection.execute(select(tombstone.c.hash).where(tombstone.c.hash == mark)).first() is not None

    def bury(self, who: Person, now: datetime) -> None:
        """Let what they write be collected no more; of a link, that post alone."""
        mark = (
            self._lookup.author(who.platform, who.handle) if who.handle else self._lookup.link(who.platform, who.link)
        )
        self._mark([mark], now)

    def _mark(self, marks: Iterable[str], now: datetime) -> None:
        rows = [{"hash": one, "at": now} for one in sorted(set(marks))]
        if rows:
            self._connection.execute(insert_into(self._connection, tombstone).on_conflict_do_nothing(), rows)

    def open_replies(self, mention_ids: Sequence[int]) -> list[tuple[int, str]]:
        """(id, state) of the replies to mentions that are not over."""
        query = select(reply.c.id, reply.c.state).where(
            reply.c.mention_id.in_(mention_ids), reply.c.state.not_in(("sent", "withdrawn"))
        )
        # Held until the transaction ends: a worker with one in hand is waited for, and the state is the present one.
        held = query.order_by(reply.c.id).with_for_update()
        return [(row.id, row.state) for row in self._connection.execute(held)]

    def erase(self, mention_ids: Sequence[int], now: datetime) -> None:
        """Take a person out of mentions and of all that came of them; tickets keep their own words without them."""
        self._overwrite()
        rows = self._connection.execute(
            select(
                mention.c.id,
                mention.c.platform,
                mention.c.native_id,
                mention.c.author,
                mention.c.state,
                mention.c.ticket_id,
            )
            .where(mention.c.id.in_(mention_ids))
            .order_by(mention.c.id)
            .with_for_update()
        ).all()
        names = _names(row.author for row in rows)
        self._mark((self._lookup.post(row.platform, row.native_id) for row in rows), now)
        for row in rows:
            self._rename(row.id, row.platform, row.native_id)
        ids = [row.id for row in rows]
        hide = _without(names)
        blank(
            self._connection,
            ids,
            native_id=literal("erased:").concat(cast(mention.c.id, String)),
            parent="",
            root="",
            repost_of="",
            recheck_at=None,
            withdrawn_at=now,
            forgotten_at=now,
            **renewed(now),
        )
        waited = [row.id for row in rows if row.state in _WAITING]
        self._connection.execute(
            update(mention)
            .where(mention.c.id.in_(waited))
            .values(state=MentionState.FILED, folded=False, snoozed_until=None)
        )
        self._connection.execute(dead_letter.delete().where(dead_letter.c.mention_id.in_(ids)))
        self._connection.execute(conversation.delete().where(conversation.c.mention_id.in_(ids)))
        self._rewrite(decision, decision.c.mention_id.in_(ids), ("note",), hide)
        self._rewrite(reply, reply.c.mention_id.in_(ids), ("text", "part", "reason"), hide)
        theirs = select(reply.c.id).where(reply.c.mention_id.in_(ids))
        self._rewrite(reply_event, reply_event.c.reply_id.in_(theirs), ("note",), hide)
        self._connection.execute(update(reply).where(reply.c.mention_id.in_(ids)).values(parent="", root=""))
        tickets = sorted({row.ticket_id for row in rows if row.ticket_id is not None})
        # A ticket's description often is the post itself.
        masked = _then(hide, personal.mask)
        self._rewrite(ticket, ticket.c.id.in_(tickets), ("title", "description", "place"), masked)
        masking.of_tickets(self._connection, tickets)
        self._rewrite(ticket_event, ticket_event.c.ticket_id.in_(tickets), ("detail",), masked)

    def _overwrite(self) -> None:
        if self._connection.dialect.name == "sqlite":
            # What stood there is overwritten, and not just no longer pointed at.
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")

    def _rename(self, mention_id: int, platform: str, native_id: str) -> None:
        """On some platforms a post's id holds its author's: what answers it points at a word of ours from then on."""
        for column in (mention.c.parent, mention.c.root, mention.c.repost_of):
            self._connection.execute(
                update(mention)
                .where(mention.c.platform == platform, column == native_id)
                .values({column.name: f"erased:{mention_id}"})
            )

    def _rewrite(self, table: Table, where: Any, names: Sequence[str], said: Callable[[str], str]) -> None:
        columns = [table.c[name] for name in names]
        for row in self._connection.execute(select(table.c.id, *columns).where(where)).all():
            old = {name: getattr(row, name) for name in names}
            new = {name: _through(value, said) for name, value in old.items()}
            if new != old:
                self._connection.execute(update(table).where(table.c.id == row.id).values(new))

    def forget_name(self, who: Person, now: datetime) -> int:
        """Take a handle out of what others wrote to it, and drop what could not be read and names it; how many rows."""
        self._overwrite()
        done = 0
        said = _addressed_no_more(who.handle)
        for table, rows in self._naming(who):
            for row in rows:
                new: dict[str, Any] = {"title": said(row.title), "text": said(row.text)}
                if table is mention:
                    # The text's hash stays, so that its platform's next showing of it counts as no edit.
                    new = masking.said(**new) | renewed(now) | {"raw": None, "why": None}
                self._connection.execute(update(table).where(table.c.id == row.id).values(new))
                done += 1
        for row in self._addressing(who):
            new = {name: said(getattr(row, name)) for name in _OURS}
            self._connection.execute(
                update(reply).where(reply.c.id == row.id).values(**new, version=reply.c.version + 1)
            )
            done += 1
        files = brought.naming(self._connection, who)
        brought.forget(self._connection, files)
        done += len(files)
        for table, ids in self._unread(who):
            self._connection.execute(table.delete().where(table.c.id.in_(ids)))
            done += len(ids)
        return done

    def _naming(self, who: Person) -> list[tuple[Table, Sequence[Any]]]:
        if not who.handle:
            return []
        name = f"@{who.handle.removeprefix('@')}"
        found: list[tuple[Table, Sequence[Any]]] = []
        there = select(mention.c.id).where(mention.c.platform == who.platform)
        pattern = _addressed(who.handle)
        for table, here in (
            (mention, mention.c.platform == who.platform),
            (mention_version, mention_version.c.mention_id.in_(there)),
        ):
            says = or_(*(table.c[part].icontains(name, autoescape=True) for part in ("title", "text")))
            rows = self._connection.execute(select(table.c.id, table.c.title, table.c.text).where(here, says)).all()
            found.append((table, [row for row in rows if pattern.search(f"{row.title}\n{row.text}")]))
        return found

    def _addressing(self, who: Person) -> list[Any]:
        """Replies of ours to others that name a handle."""
        if not who.handle:
            return []
        pattern = _addressed(who.handle)
        name = f"@{who.handle.removeprefix('@')}"
        columns = [reply.c[part] for part in _OURS]
        says = or_(*(column.icontains(name, autoescape=True) for column in columns))
        theirs = select(mention.c.id).where(self._theirs(who))
        here = (reply.c.platform == who.platform, reply.c.mention_id.not_in(theirs))
        rows = self._connection.execute(select(reply.c.id, *columns).where(*here, says)).all()
        return [row for row in rows if any(pattern.search(getattr(row, part)) for part in _OURS)]

    def _unread(self, who: Person) -> list[tuple[Table, list[int]]]:
        """Sealed as they came, so that there is no other way than to open each."""
        names = _named_by(who)
        here = select(source.c.id).where(source.c.platform == who.platform)
        found: list[tuple[Table, list[int]]] = []
        for table, column in ((dead_letter, dead_letter.c.raw), (told, told.c.word)):
            rows = self._connection.execute(select(table.c.id, column.label("raw")).where(table.c.source_id.in_(here)))
            ids = [row.id for row in rows if any(map(names, _texts(row.raw)))]
            found.append((table, ids))
        return found


def _names(authors: Iterable[Mapping[str, Any] | None]) -> list[str]:
    found = {str(author[part]).strip() for author in authors if author for part in ("handle", "name", "url")}
    return sorted(found, key=len, reverse=True)


def _addressed(handle: str) -> re.Pattern[str]:
    """Where a text of others names somebody: with the @, since a handle may be a word or a place as well."""
    return re.compile(rf"(?<![\w.])@{re.escape(handle.removeprefix('@'))}(?!\w)", re.IGNORECASE)


def _addressed_no_more(handle: str) -> Callable[[str], str]:
    pattern = _addressed(handle)
    return lambda text: pattern.sub(_GONE, text)


def _named_by(who: Person) -> Callable[[str], bool]:
    """Whether a text of something unread is somebody's handle or link, or addresses them. A mere word is no handle."""
    handle, link = who.handle.removeprefix("@").casefold(), who.link.casefold()
    pattern = _addressed(handle)

    def names(text: str) -> bool:
        said = text.strip().casefold()
        # In quotes: what could not be parsed at all is kept as one text.
        if handle and (said.removeprefix("@") == handle or f'"{handle}"' in said or pattern.search(said)):
            return True
        return bool(link) and (said == link or f'"{link}"' in said)

    return names


def _texts(value: Any) -> Iterator[str]:
    """Every text inside what a platform sent."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inside in value.values():
            yield from _texts(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _texts(inside)


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    said = [one.removeprefix("@") for one in names]
    ways = [
        rf"{before}(?:{'|'.join(map(re.escape, those))})(?!\w)"
        for before, those in (
            (r"@?(?<![\w.])", [one for one in said if len(one) >= _SHORTEST_NAME]),
            (r"(?<![\w.])@", [one for one in said if 0 < len(one) < _SHORTEST_NAME]),
        )
        if those
    ]
    return re.compile("|".join(ways), re.IGNORECASE)


def _without(names: Sequence[str]) -> Callable[[str], str]:
    """Takes names out of a text."""
    if not any(one.removeprefix("@") for one in names):
        return lambda text: text
    pattern = _pattern(names)
    return lambda text: pattern.sub(_GONE, text)


def _then(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: second(first(text))


def _through(value: Any, said: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return said(value)
    if isinstance(value, Mapping):
        return {name: _through(inside, said) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_through(inside, said) for inside in value]
    return value
