"""What a reader sees of persons: a store whose every reading comes masked.

NIK, telephone numbers and the like are hidden in every text, and the author from roles that need not know them. It
stands here, below every list, page, search and answer, and not in the routes: a route that forgets it cannot leak.
What was hidden is shown by one door, `sahut.core.revealing`, which writes down who looked and why. Transactions that
write are not masked: what people do works on what is really there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sahut.core import discretion, personal, wording
from sahut.core.model import (
    Author,
    Conversation,
    DeadLetter,
    Decision,
    Discretion,
    Facets,
    Mention,
    MentionFilter,
    MentionOrder,
    MentionRecord,
    MentionVersion,
    Page,
    Reply,
    ReplyCheck,
    ReplyEvent,
    ReplyFilter,
    ReplyPolicy,
    Role,
    Ticket,
    TicketCandidate,
    TicketEvent,
    TicketFilter,
    TicketOrder,
    Topic,
)
from sahut.core.model.imports import FileImport
from sahut.core.passing import PassingStore
from sahut.core.ports import Store, Tx

NOBODY = "•••"
"""What stands where an author's name would."""
CLOSED = "••• rahasia •••"
"""What stands in place of a report that its reader is not in charge of."""
_CONFIDENTIAL, _ANONYMOUS = Discretion(unit="", confidential=True), Discretion(unit="", anonymous=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How much somebody of ``role`` sees. ``authors``: who wrote a post. ``replies`` names the agency's own numbers."""

    role: Role | None = None
    authors: bool = True
    replies: ReplyPolicy = field(default_factory=ReplyPolicy)

    def record(self, found: MentionRecord, asked: Discretion | None = None) -> MentionRecord:
        """A mention as it is shown; ``asked`` is what its ticket asks for, or that of the one that it hangs on."""
        mention = self._mention(found.id, found.mention, asked)
        # What somebody else wrote to a reporter names them.
        if (found.ticket_id is None or found.mention.parent) and not discretion.knows_reporter(self.role, asked):
            mention = replace(mention, text=discretion.nameless(mention.text))
        if discretion.reads(self.role, asked):
            return replace(found, mention=mention)
        return replace(found, mention=replace(mention, title="", text=CLOSED), why=None, place=None)

    def _mention(self, mention_id: int, found: Mention, asked: Discretion | None) -> Mention:
        shown = replace(
            found,
            title=personal.mask(found.title),
            text=personal.mask(found.text),
            author=_masked(found.author),
            # A link with a telephone number in it leads to nothing once it is masked.
            permalink="" if personal.find(found.permalink) else found.permalink,
            raw={},
        )
        known = self.authors and discretion.knows_reporter(self.role, asked)
        if known or found.own:
            return shown
        # On many platforms the address and the id of a post hold the name of its author.
        return replace(
            shown,
            author=None if found.author is None else Author(handle=NOBODY),
            permalink="",
            native_id=f"#{mention_id}",
            parent="",
            root="",
            repost_of="",
        )

    def version(self, found: MentionVersion) -> MentionVersion:
        """An earlier wording as it is shown."""
        return replace(found, title=personal.mask(found.title), text=personal.mask(found.text))

    def ticket(self, found: Ticket) -> Ticket:
        """A ticket as it is shown."""
        if not discretion.reads(self.role, found.discretion):
            return replace(found, title=CLOSED, description="", place="")
        return replace(
            found,
            title=personal.mask(found.title),
            description=personal.mask(found.description),
            place=personal.mask(found.place),
        )

    def event(self, found: TicketEvent, asked: Discretion | None = None) -> TicketEvent:
        """A line of a ticket's history as it is shown."""
        why = {"reason": self._named(found.detail["reason"], asked)} if found.detail.get("reason") else {}
        if discretion.reads(self.role, asked):
            return replace(found, detail=personal.masked({**found.detail, **why}))
        words = {name: ["", ""] for name in ("title", "description", "place") if name in found.detail}
        return replace(found, detail={**found.detail, **words, **dict.fromkeys(why, CLOSED)})

    def decision(self, found: Decision, asked: Discretion | None = None) -> Decision:
        """A decision on a mention as it is shown."""
        note = self._named(personal.mask(found.note), asked)
        if note and not discretion.reads(self.role, asked):
            note = CLOSED
        return replace(found, note=note, detail=personal.masked(found.detail))

    def reply(self, found: Reply, asked: Discretion | None = None) -> Reply:
        """A reply as it is shown: what the agency itself says everywhere stays, and whom it says it to may not."""
        text, part, reason = (self._ours(one, asked) for one in (found.text, found.part, found.reason))
        shown = replace(found, text=text, part=part, reason=reason)
        if discretion.knows_reporter(self.role, asked):
            return shown
        return replace(shown, permalink="", native_id="", parent="")

    def check(self, found: ReplyCheck, asked: Discretion | None = None) -> ReplyCheck:
        """What is to be said of a reply's text as it is shown: how it is split repeats that text."""
        return replace(found, parts=tuple(self._ours(part, asked) for part in found.parts))

    def reply_event(self, found: ReplyEvent, asked: Discretion | None = None) -> ReplyEvent:
        """A line of a reply's history as it is shown."""
        return replace(found, note=self._ours(found.note, asked))

    def _ours(self, text: str, asked: Discretion | None) -> str:
        return self._named(personal.mask(text, but=wording.contacts(self.replies)), asked)

    def _named(self, text: str, asked: Discretion | None) -> str:
        return text if discretion.knows_reporter(self.role, asked) else discretion.nameless(text)

    def letter(self, found: DeadLetter) -> DeadLetter:
        """What was set aside as it is shown."""
        return replace(found, reason=personal.mask(found.reason), native_id=personal.mask(found.native_id), raw={})

    def brought(self, found: FileImport) -> FileImport:
        """A file on its way in as it is shown: its first rows are posts of people."""
        told = personal.masked(found.found)
        if not self.authors:
            told["first"] = [{**row, "author": ""} for row in told.get("first", [])]
        return replace(found, found=told, error=personal.mask(found.error))


def _masked(author: Author | None) -> Author | None:
    """On some platforms (mail, messengers) a name is an address or a number."""
    if author is None:
        return None
    return replace(
        author,
        handle=personal.mask(author.handle),
        name=personal.mask(author.name),
        url="" if personal.find(author.url) else author.url,
    )


class SeenStore(PassingStore):
    """A `Store` that reads as somebody with ``sight`` may see, and writes as ``store`` does."""

    def __init__(self, store: Store, sight: Sight) -> None:
        super().__init__(store)
        self._sight = sight

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """As the store's: not masked. What is answered of it goes through a `Sight`."""
        with self._store.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """As the store's, masked."""
        with self._store.read() as tx:
            yield cast("Tx", _SeenTx(tx, self._sight))


class _SeenTx:
    def __init__(self, tx: Tx, sight: Sight) -> None:
        self._tx = tx
        self.mentions = _Mentions(tx, sight)
        self.tickets = _Tickets(tx, sight)
        self.decisions = _Decisions(tx, sight)
        self.replies = _Replies(tx, sight)
        self.dead_letters = _DeadLetters(tx, sight)
        self.conversations = _Conversations(tx, sight)
        self.imports = _Imports(tx, sight)

    def __getattr__(self, name: str) -> Any:
        if name in _NO_TEXTS:
            return getattr(self._tx, name)
        raise AttributeError(f"{name} is not masked: name it in sahut/core/sight.py")


# What holds no text of a citizen, or masks it by itself (the audit log). Assessments are figures.
_NO_TEXTS = frozenset(
    {
        *("accounts", "assessments", "audit", "checks", "credentials", "identities", "invitations", "months"),
        *("deliveries", "operations", "second_factors", "sources", "viewings", "views", "walks"),
    }
)


class _Seen:
    """A noun of a transaction that reads; whatever it does not name is refused."""

    # What gives numbers alone.
    plain: frozenset[str] = frozenset({"count"})

    def __init__(self, tx: Tx, sight: Sight) -> None:
        self._tx = tx
        self._sight = sight

    def __getattr__(self, name: str) -> Any:
        if name in self.plain:
            return getattr(self._noun(), name)
        raise AttributeError(f"{name} is not masked: name it in sahut/core/sight.py")

    def _noun(self) -> Any:
        raise NotImplementedError

    def _asked(self, mention_ids: Iterable[int]) -> dict[int, Discretion]:
        """What is asked for those who reported mentions, where that would hide anything from this reader."""
        return self._tx.tickets.discretion_of(set(mention_ids)) if discretion.concerns(self._sight.role) else {}


class _Mentions(_Seen):
    plain = frozenset({"answered", "mark", "waiting", "sleeping"})

    def _noun(self) -> Any:
        return self._tx.mentions

    def _asking(self, where: MentionFilter) -> MentionFilter:
        """A filter whose words and place ask about nothing that this reader may not read."""
        return replace(
            where,
            not_confidential=not discretion.reads(self._sight.role, _CONFIDENTIAL),
            not_named=not discretion.knows_reporter(self._sight.role, _ANONYMOUS),
        )

    def count(self, where: MentionFilter, *, cap: int) -> int:
        return self._tx.mentions.count(self._asking(where), cap=cap)

    def facets(self, where: MentionFilter, *, cap: int) -> Facets:
        return self._tx.mentions.facets(self._asking(where), cap=cap)

    def fresh(self, where: MentionFilter, mark: int, *, cap: int) -> int:
        return self._tx.mentions.fresh(self._asking(where), mark, cap=cap)

    def waiting_by(self, wheres: Sequence[MentionFilter], *, most: int) -> list[int]:
        return self._tx.mentions.waiting_by([self._asking(one) for one in wheres], most=most)

    def get(self, mention_id: int) -> MentionRecord:
        return self._shown([self._tx.mentions.get(mention_id)])[0]

    def _shown(self, found: Sequence[MentionRecord]) -> list[MentionRecord]:
        asked = self._asked(one.id for one in found)
        return [self._sight.record(one, asked.get(one.id)) for one in found]

    def whole(self, mention_id: int) -> MentionRecord:
        """Whole it is not: the platform's payload is nobody's to read."""
        return self.get(mention_id)

    def page(
        self, where: MentionFilter, *, order: MentionOrder, limit: int, after: str | None = None
    ) -> Page[MentionRecord]:
        found = self._tx.mentions.page(self._asking(where), order=order, limit=limit, after=after)
        return Page(items=self._shown(found.items), next=found.next)

    def conversation(self, of: MentionRecord, limit: int) -> list[MentionRecord]:
        # What is shown may lack what ties it to the others.
        found = self._tx.mentions.conversation(self._tx.mentions.get(of.id), limit)
        shown = self._shown(found)
        renamed = {old.mention.native_id: new.mention.native_id for old, new in zip(found, shown, strict=True)}
        return [
            replace(new, mention=replace(new.mention, parent=renamed.get(old.mention.parent, new.mention.parent)))
            for old, new in zip(found, shown, strict=True)
        ]

    def versions(self, mention_id: int) -> list[MentionVersion]:
        found, asked = self._tx.mentions.versions(mention_id), self._asked([mention_id]).get(mention_id)
        return [self._sight.version(one) for one in found] if discretion.reads(self._sight.role, asked) else []


class _Tickets(_Seen):
    def _noun(self) -> Any:
        return self._tx.tickets

    def get(self, ticket_id: int) -> Ticket:
        return self._sight.ticket(self._tx.tickets.get(ticket_id))

    def _asking(self, where: TicketFilter) -> TicketFilter:
        return replace(where, not_confidential=not discretion.reads(self._sight.role, _CONFIDENTIAL))

    def count(self, where: TicketFilter, *, cap: int) -> int:
        return self._tx.tickets.count(self._asking(where), cap=cap)

    def page(
        self,
        where: TicketFilter,
        *,
        order: TicketOrder = TicketOrder.NEWEST,
        limit: int,
        after: str | None = None,
    ) -> Page[Ticket]:
        found = self._tx.tickets.page(self._asking(where), order=order, limit=limit, after=after)
        return Page(items=[self._sight.ticket(one) for one in found.items], next=found.next)

    def candidates(
        self, *, topics: Sequence[Topic], areas: Sequence[str], beside: Sequence[int], limit: int
    ) -> list[TicketCandidate]:
        # Their mentions' texts are compared with, and not shown.
        found = self._tx.tickets.candidates(topics=topics, areas=areas, beside=beside, limit=limit)
        return [replace(one, ticket=self._sight.ticket(one.ticket)) for one in found]

    def events(self, ticket_id: int) -> list[TicketEvent]:
        asked = self._tx.tickets.discretion([ticket_id]).get(ticket_id)
        return [self._sight.event(one, asked) for one in self._tx.tickets.events(ticket_id)]


class _Decisions(_Seen):
    plain = frozenset({"sizes"})

    def _noun(self) -> Any:
        return self._tx.decisions

    def get(self, decision_id: int) -> Decision:
        return self._shown([self._tx.decisions.get(decision_id)])[0]

    def of_mention(self, mention_id: int) -> list[Decision]:
        return self._shown(self._tx.decisions.of_mention(mention_id))

    def beside(self, act: Sequence[Decision]) -> dict[int, list[Decision]]:
        found = self._tx.decisions.beside(act)
        asked = self._asked(found)
        return {one: [self._sight.decision(each, asked.get(one)) for each in made] for one, made in found.items()}

    def of_group(self, group: str, limit: int | None = None) -> list[Decision]:
        return self._shown(self._tx.decisions.of_group(group, limit))

    def recent(self, limit: int) -> list[Decision]:
        return self._shown(self._tx.decisions.recent(limit))

    def acts_of(self, actor_id: int, limit: int) -> list[Decision]:
        return self._shown(self._tx.decisions.acts_of(actor_id, limit))

    def _shown(self, found: Sequence[Decision]) -> list[Decision]:
        asked = self._asked(one.mention_id for one in found)
        return [self._sight.decision(one, asked.get(one.mention_id)) for one in found]


class _Replies(_Seen):
    # Texts of ours that a text is compared with, and that nobody is shown.
    plain = frozenset({"count", "waiting", "texts_since"})

    def _noun(self) -> Any:
        return self._tx.replies

    def get(self, reply_id: int) -> Reply:
        return self._shown([self._tx.replies.get(reply_id)])[0]

    def page(self, where: ReplyFilter, *, limit: int, after: str | None = None) -> Page[Reply]:
        found = self._tx.replies.page(where, limit=limit, after=after)
        return Page(items=self._shown(found.items), next=found.next)

    def of_mention(self, mention_id: int) -> list[Reply]:
        return self._shown(self._tx.replies.of_mention(mention_id))

    def events(self, reply_id: int) -> list[ReplyEvent]:
        mention_id = self._tx.replies.get(reply_id).mention_id
        asked = self._asked([mention_id]).get(mention_id)
        return [self._sight.reply_event(one, asked) for one in self._tx.replies.events(reply_id)]

    def _shown(self, found: Sequence[Reply]) -> list[Reply]:
        asked = self._asked(one.mention_id for one in found)
        return [self._sight.reply(one, asked.get(one.mention_id)) for one in found]


class _DeadLetters(_Seen):
    def _noun(self) -> Any:
        return self._tx.dead_letters

    def get(self, letter_id: int) -> DeadLetter:
        return self._sight.letter(self._tx.dead_letters.get(letter_id))

    def page(self, *, limit: int, after: int = 0) -> list[DeadLetter]:
        return [self._sight.letter(one) for one in self._tx.dead_letters.page(limit=limit, after=after)]


class _Imports(_Seen):
    def _noun(self) -> Any:
        return self._tx.imports

    def get(self, import_id: int) -> FileImport:
        return self._sight.brought(self._tx.imports.get(import_id))

    def recent(self, limit: int) -> list[FileImport]:
        return [self._sight.brought(one) for one in self._tx.imports.recent(limit)]


class _Conversations(_Seen):
    plain = frozenset()

    def of(self, mention_id: int) -> Conversation | None:
        found = self._tx.conversations.of(mention_id)
        return None if found is None else replace(found, reason=personal.mask(found.reason))
