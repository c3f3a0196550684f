"""What a unit officer can reach: a store that holds nothing but their units' tickets and what came with them.

The limit stands here, below every list, count, search, page and export, and not in the routes: a route that forgets it
cannot leak. What this module does not name is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sahut.core.errors import NotFoundError, RefusedError
from sahut.core.model import (
    Conversation,
    Decision,
    Discretion,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionVersion,
    Page,
    Reply,
    ReplyEvent,
    ReplyFilter,
    ReplyState,
    SavedView,
    Ticket,
    TicketChange,
    TicketEvent,
    TicketFilter,
    TicketOrder,
    User,
    Viewing,
)
from sahut.core.passing import PassingStore
from sahut.core.ports import Store, Tx

# What holds nothing of a case: accounts are needed to know who asks, the rest to draw a page's frame.
_FREE = frozenset({"operations", "sources", "audit", "identities", "second_factors"})


class UnitStore(PassingStore):
    """A `Store` of the tickets of ``units`` (codes of the policy) and of their mentions."""

    def __init__(self, store: Store, units: Collection[str]) -> None:
        super().__init__(store)
        self._units = frozenset(units)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """As the store's, limited."""
        with self._store.begin() as tx:
            yield cast("Tx", UnitTx(tx, self._units))

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """As the store's, limited."""
        with self._store.read() as tx:
            yield cast("Tx", UnitTx(tx, self._units))


class _Limited:
    """A noun of a transaction that refuses whatever it does not name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RefusedError(f"a unit officer reaches no {name}", rule="role")


class UnitTx(_Limited):
    """One transaction, limited. Another unit's ticket is not there at all: its id tells nothing."""

    def __init__(self, tx: Tx, units: frozenset[str]) -> None:
        self._tx = tx
        self.tickets = _Tickets(tx, units)
        self.mentions = _Mentions(tx, self.tickets, units)
        self.decisions = _Decisions(tx, self.mentions, self.tickets)
        self.replies = _Replies(tx, self.mentions)
        self.assessments = _Assessments(tx, self.mentions)
        self.conversations = _Conversations(tx, self.mentions)
        self.viewings = _Viewings()
        self.views = _Views()
        self.accounts = _Accounts(tx, units)

    def __getattr__(self, name: str) -> Any:
        if name in _FREE:
            return getattr(self._tx, name)
        return super().__getattr__(name)


class _Tickets(_Limited):
    def __init__(self, tx: Tx, units: frozenset[str]) -> None:
        self._tickets = tx.tickets
        self._units = units

    def get(self, ticket_id: int) -> Ticket:
        return self._shown([self._own(self._tickets.get(ticket_id))])[0]

    def _shown(self, found: Sequence[Ticket]) -> list[Ticket]:
        """Without where they go on, where that is another unit's."""
        theirs = self.ours({one.merged_into for one in found if one.merged_into is not None})
        return [
            one
            if one.merged_into is None or one.merged_into in theirs
            else replace(one, merged_into=None, merged_into_number="")
            for one in found
        ]

    def ours(self, ticket_ids: Collection[int]) -> set[int]:
        """Those of the tickets that are theirs: one question for a whole page."""
        return self._tickets.of_units(ticket_ids, sorted(self._units)) if ticket_ids else set()

    def holds(self, ticket_id: int) -> bool:
        """Whether it is one of theirs."""
        return ticket_id in self.ours([ticket_id])

    def for_update(self, ticket_id: int, *, version: int | None = None) -> Ticket:
        # First whether it is theirs: a stale version would tell what others did to it.
        self.get(ticket_id)
        return self._shown([self._own(self._tickets.for_update(ticket_id, version=version))])[0]

    def _own(self, found: Ticket) -> Ticket:
        if found.unit not in self._units:
            raise NotFoundError("ticket", found.id)
        return found

    def change(self, ticket_id: int, change: TicketChange, now: datetime) -> Ticket:
        self.get(ticket_id)
        return self._tickets.change(ticket_id, change, now)

    def page(
        self,
        where: TicketFilter,
        *,
        order: TicketOrder = TicketOrder.NEWEST,
        limit: int,
        after: str | None = None,
    ) -> Page[Ticket]:
        narrowed = self._narrowed(where)
        if narrowed is None:
            return Page(items=[])
        found = self._tickets.page(narrowed, order=order, limit=limit, after=after)
        return Page(items=self._shown(found.items), next=found.next)

    def count(self, where: TicketFilter, *, cap: int) -> int:
        narrowed = self._narrowed(where)
        return 0 if narrowed is None else self._tickets.count(narrowed, cap=cap)

    def _narrowed(self, where: TicketFilter) -> TicketFilter | None:
        units = self._units & set(where.units) if where.units else self._units
        theirs = tuple(sorted(self._units))
        return replace(where, units=tuple(sorted(units)), former_units=theirs) if units else None

    def add_event(self, ticket_id: int, kind: str, detail: Mapping[str, Any], actor_name: str, now: datetime) -> None:
        self.get(ticket_id)
        self._tickets.add_event(ticket_id, kind, detail, actor_name, now)

    def discretion(self, ticket_ids: Collection[int]) -> dict[int, Discretion]:
        found = self._tickets.discretion(ticket_ids)
        return {ticket_id: one for ticket_id, one in found.items() if one.unit in self._units}

    def discretion_of(self, mention_ids: Collection[int]) -> dict[int, Discretion]:
        found = self._tickets.discretion_of(mention_ids)
        return {mention_id: one for mention_id, one in found.items() if one.unit in self._units}

    def holding(self, mention_ids: Collection[int], units: Sequence[str] = ()) -> set[int]:
        """Those of the mentions that are in tickets of theirs."""
        return self._tickets.holding(mention_ids, sorted(self._units.intersection(units) if units else self._units))

    def events(self, ticket_id: int) -> list[TicketEvent]:
        self.get(ticket_id)
        found = self._tickets.events(ticket_id)
        others = {one.detail["ticket"] for one in found if isinstance(one.detail.get("ticket"), int)}
        theirs = self.ours(others)
        return [one if one.detail.get("ticket") not in others - theirs else _untold(one) for one in found]


def _untold(event: TicketEvent) -> TicketEvent:
    """Without the number of another unit's ticket that it was merged with."""
    known = {name: value for name, value in event.detail.items() if name not in {"ticket", "number", "carried"}}
    return replace(event, detail=known)


class _Mentions(_Limited):
    def __init__(self, tx: Tx, tickets: _Tickets, units: frozenset[str]) -> None:
        self._mentions = tx.mentions
        self._tickets = tickets
        self._units = units

    def get(self, mention_id: int) -> MentionRecord:
        found = self._mentions.get(mention_id)
        if found.ticket_id is None or not self._tickets.holds(found.ticket_id):
            raise NotFoundError("mention", mention_id)
        return self._shown([found])[0]

    def whole(self, mention_id: int) -> MentionRecord:
        self.get(mention_id)
        return self._shown([self._mentions.whole(mention_id)])[0]

    def _shown(self, found: Sequence[MentionRecord]) -> list[MentionRecord]:
        """Without what they repeat where that lies elsewhere: not even its id is theirs to know."""
        theirs = self._tickets.holding({one.first_id for one in found if one.first_id is not None})
        return [one if one.first_id in theirs else replace(one, first_id=None) for one in found]

    def holds(self, mention_id: int) -> bool:
        """Whether a mention is in a ticket of theirs."""
        try:
            self.get(mention_id)
        except NotFoundError:
            return False
        return True

    def page(
        self, where: MentionFilter, *, order: MentionOrder, limit: int, after: str | None = None
    ) -> Page[MentionRecord]:
        if not self._units:
            return Page(items=[])
        found = self._mentions.page(self._narrowed(where), order=order, limit=limit, after=after)
        return Page(items=self._shown(found.items), next=found.next)

    def count(self, where: MentionFilter, *, cap: int) -> int:
        return self._mentions.count(self._narrowed(where), cap=cap) if self._units else 0

    def _narrowed(self, where: MentionFilter) -> MentionFilter:
        return replace(where, ticket_units=tuple(sorted(self._units)))

    def answered(self, mention_id: int) -> bool:
        self.get(mention_id)
        return self._mentions.answered(mention_id)

    def versions(self, mention_id: int) -> list[MentionVersion]:
        self.get(mention_id)
        return self._mentions.versions(mention_id)

    def conversation(self, of: MentionRecord, limit: int) -> list[MentionRecord]:
        found = self._mentions.conversation(of, limit)
        theirs = self._tickets.holding([one.id for one in found])
        return self._shown([one for one in found if one.id in theirs])


class _Decisions(_Limited):
    def __init__(self, tx: Tx, mentions: _Mentions, tickets: _Tickets) -> None:
        self._decisions = tx.decisions
        self._mentions = mentions
        self._tickets = tickets

    def get(self, decision_id: int) -> Decision:
        found = self._decisions.get(decision_id)
        if not self._mentions.holds(found.mention_id):
            raise NotFoundError("decision", decision_id)
        return self._shown_all([found])[0]

    def of_mention(self, mention_id: int) -> list[Decision]:
        self._mentions.get(mention_id)
        return self._shown_all(self._decisions.of_mention(mention_id))

    def beside(self, act: Sequence[Decision]) -> dict[int, list[Decision]]:
        theirs = self._tickets.holding([one.mention_id for one in act])
        found = {one: made for one, made in self._decisions.beside(act).items() if one in theirs}
        shown = iter(self._shown_all([each for made in found.values() for each in made]))
        return {one: [next(shown) for _ in made] for one, made in found.items()}

    def of_group(self, group: str, limit: int | None = None) -> list[Decision]:
        found = self._decisions.of_group(group)
        theirs = self._tickets.holding([one.mention_id for one in found])
        return self._shown_all([one for one in found if one.mention_id in theirs][:limit])

    def sizes(self, groups: Collection[str]) -> dict[str, int]:
        return {group: len(self.of_group(group)) for group in groups}

    def _shown_all(self, found: Sequence[Decision]) -> list[Decision]:
        """Without the tickets that are another unit's: a mention was theirs before it was ours."""
        theirs = self._tickets.ours({one.ticket_id for one in found if one.ticket_id is not None})
        return [one if one.ticket_id in theirs else replace(one, ticket_id=None) for one in found]


class _Replies(_Limited):
    """What stands on a platform: what is still being written is no matter of a unit's."""

    def __init__(self, tx: Tx, mentions: _Mentions) -> None:
        self._replies = tx.replies
        self._mentions = mentions

    def get(self, reply_id: int) -> Reply:
        found = self._replies.get(reply_id)
        if found.state is not ReplyState.SENT or not self._mentions.holds(found.mention_id):
            raise NotFoundError("reply", reply_id)
        return found

    def events(self, reply_id: int) -> list[ReplyEvent]:
        self.get(reply_id)
        return self._replies.events(reply_id)

    def of_mention(self, mention_id: int) -> list[Reply]:
        self._mentions.get(mention_id)
        return [one for one in self._replies.of_mention(mention_id) if one.state is ReplyState.SENT]

    def page(self, where: ReplyFilter, *, limit: int, after: str | None = None) -> Page[Reply]:
        if where.mention_id is None or not self._mentions.holds(where.mention_id):
            return Page(items=[])
        return self._replies.page(replace(where, states=(ReplyState.SENT,)), limit=limit, after=after)

    def count(self, where: ReplyFilter, *, cap: int) -> int:
        if where.mention_id is None or not self._mentions.holds(where.mention_id):
            return 0
        return self._replies.count(replace(where, states=(ReplyState.SENT,)), cap=cap)

    def texts_since(self, platform: str, since: datetime, *, but: int | None, limit: int) -> list[str]:  # noqa: ARG002
        """None: what other offices answered is not theirs to compare with."""
        return []


class _Conversations(_Limited):
    def __init__(self, tx: Tx, mentions: _Mentions) -> None:
        self._tx = tx
        self._mentions = mentions

    def of(self, mention_id: int) -> Conversation | None:
        self._mentions.get(mention_id)
        return self._tx.conversations.of(mention_id)


class _Viewings(_Limited):
    def present(self, now: datetime, mention_ids: Collection[int] | None = None) -> list[Viewing]:  # noqa: ARG002
        """None: who works on the queue at this moment is no matter of a unit's."""
        return []


class _Views(_Limited):
    """None: they narrow a queue that no unit officer sees."""

    def of(self, user_id: int) -> list[SavedView]:  # noqa: ARG002
        return []

    def start_of(self, user_id: int) -> SavedView | None:  # noqa: ARG002
        return None

    def start_with(self, user_id: int, view_id: int | None) -> None:
        """Nothing to begin with."""

    def get(self, view_id: int) -> SavedView:
        raise NotFoundError("view", view_id)


class _Assessments(_Limited):
    def __init__(self, tx: Tx, mentions: _Mentions) -> None:
        self._assessments = tx.assessments
        self._mentions = mentions

    def history(self, mention_id: int) -> Any:
        self._mentions.get(mention_id)
        return self._assessments.history(mention_id)


class _Accounts:
    """Everything that one's own account needs; of the colleagues only those of one's units."""

    def __init__(self, tx: Tx, units: frozenset[str]) -> None:
        self._accounts = tx.accounts
        self._units = units

    def users(self) -> list[User]:
        return [user for user in self._accounts.users() if self._units & set(user.units)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accounts, name)
