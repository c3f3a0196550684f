"""What people keep in a transaction: decisions, tickets, accounts; and the housekeeping."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from sahut.core.model import (
    Access,
    ApiToken,
    Credential,
    CredentialDraft,
    Currency,
    DeadItem,
    DeadLetter,
    Decided,
    Decision,
    DecisionDraft,
    Discretion,
    Page,
    Problem,
    Role,
    Session,
    SessionTurn,
    SignInOffer,
    StoredAnswer,
    Ticket,
    TicketCandidate,
    TicketChange,
    TicketDraft,
    TicketEvent,
    TicketFilter,
    TicketOrder,
    TicketStatus,
    Topic,
    User,
)


class Decisions(Protocol):
    """What people decided. Append-only."""

    def add(self, draft: DecisionDraft) -> Decision: ...
    def add_all(self, drafts: Sequence[DecisionDraft], behind: Mapping[int, int] | None = None) -> list[Decision]:
        """Append several, each on another mention, at the version that it has now; in the same order.

        The audit log tells of a copy in the entry of the mention that it stands ``behind`` (an id by the copy's).
        """
        ...

    def get(self, decision_id: int) -> Decision:
        """Raises NotFoundError."""
        ...

    def of_mention(self, mention_id: int) -> list[Decision]: ...
    def beside(self, act: Sequence[Decision]) -> dict[int, list[Decision]]:
        """What was decided on an act's mentions since its first decision, by mention, oldest first, without the act."""
        ...

    def of_group(self, group: str, limit: int | None = None) -> list[Decision]:
        """The decisions of one act, or its first ``limit``, oldest first."""
        ...

    def sizes(self, groups: Collection[str]) -> dict[str, int]:
        """On how many mentions each of these acts was."""
        ...

    def recent(self, limit: int) -> list[Decision]: ...
    def acts_of(self, actor_id: int, limit: int) -> list[Decision]:
        """The latest acts of a person, newest first, each by its first decision."""
        ...

    def standing(self, *, after: int, limit: int) -> list[Decided]:
        """Decisions above id ``after`` that nobody undid, oldest first, without the demonstration's."""
        ...


class Tickets(Protocol):
    """The tickets of a transaction."""

    def create(
        self, draft: TicketDraft, *, tracking_code: str, now: datetime, due_at: datetime | None = None
    ) -> Ticket:
        """Numbers without a gap per year of the agency's clock (WIB)."""
        ...

    def get(self, ticket_id: int) -> Ticket:
        """Raises NotFoundError."""
        ...

    def for_update(self, ticket_id: int, *, version: int | None = None) -> Ticket:
        """Raises NotFoundError, StaleWriteError."""
        ...

    def lock(self, ticket_ids: Sequence[int]) -> None:
        """Lock tickets and those whose numbers lead to them, all in one order, until the commit."""
        ...

    def discretion(self, ticket_ids: Collection[int]) -> dict[int, Discretion]:
        """What is asked for the reporters of tickets, by id; those for which nothing is are left out."""
        ...

    def discretion_of(self, mention_ids: Collection[int]) -> dict[int, Discretion]:
        """What is asked for those who reported these mentions, by mention; those for which nothing is are left out.

        A mention's own ticket says it. One without a ticket is as discreet as what it repeats, what repeats it, what
        it answers, and what its writer said in the same conversation.
        """
        ...

    def holding(self, mention_ids: Collection[int], units: Sequence[str]) -> set[int]:
        """Which of these mentions are in tickets of ``units``."""
        ...

    def of_units(self, ticket_ids: Collection[int], units: Sequence[str]) -> set[int]:
        """Which of these tickets are of ``units``."""
        ...

    def change(self, ticket_id: int, change: TicketChange, now: datetime) -> Ticket: ...
    def promise(self, ticket_id: int, due_at: datetime | None, now: datetime) -> None:
        """Set by when it is to be answered, or that nothing is promised."""
        ...

    def void(self, ticket_id: int, now: datetime) -> Ticket: ...
    def lead(self, ticket_id: int, into_id: int, now: datetime) -> list[int]:
        """The ticket is merged: its number leads to ``into_id``, and so do those that led to it; the latter's ids."""
        ...

    def lead_back(self, ticket_id: int, status: TicketStatus, carried: Sequence[int], now: datetime) -> None:
        """Undo `lead`: the ticket has ``status`` again, and the ``carried`` ones lead to it."""
        ...

    def page(
        self,
        where: TicketFilter,
        *,
        order: TicketOrder = TicketOrder.NEWEST,
        limit: int,
        after: str | None = None,
    ) -> Page[Ticket]: ...
    def candidates(
        self, *, topics: Sequence[Topic], areas: Sequence[str], beside: Sequence[int], limit: int
    ) -> list[TicketCandidate]:
        """Open tickets that mentions may belong to, at most ``limit`` for each way to be one, newest first.

        ``areas`` are codes of cities and regencies; ``beside`` are mentions whose group may be in a ticket already.
        """
        ...

    def count(self, where: TicketFilter, *, cap: int) -> int: ...
    def add_event(
        self, ticket_id: int, kind: str, detail: Mapping[str, Any], actor_name: str, now: datetime
    ) -> None: ...
    def events(self, ticket_id: int) -> list[TicketEvent]: ...


class DeadLetters(Protocol):
    """Items set aside."""

    def add(self, source_id: int, items: Sequence[DeadItem], now: datetime) -> None:
        """An item already there (same source, native id and raw) only counts another attempt."""
        ...

    def get(self, letter_id: int) -> DeadLetter:
        """Raises NotFoundError."""
        ...

    def page(self, *, limit: int, after: int = 0) -> list[DeadLetter]: ...
    def count(self) -> int: ...
    def drop(self, letter_id: int) -> None: ...


class Accounts(Protocol):
    """Users, sessions, tokens, and answers kept for idempotency keys."""

    def add_user(
        self,
        *,
        username: str,
        name: str,
        role: Role,
        password_hash: str,
        must_change: bool,
        now: datetime,
        units: Sequence[str] = (),
    ) -> User:
        """Raises RefusedError(rule="username_taken")."""
        ...

    def user(self, user_id: int) -> User:
        """Raises NotFoundError."""
        ...

    def user_named(self, username: str) -> User | None: ...
    def users(self) -> list[User]: ...
    def set_password(self, user_id: int, password_hash: str, *, must_change: bool) -> None:
        """Also ends every session of the account."""
        ...

    def set_active(self, user_id: int, active: bool) -> None:
        """Deactivating also ends every session of the account."""
        ...

    def set_role(self, user_id: int, role: Role, units: Sequence[str] = ()) -> None:
        """Also ends every session of the account. Raises NotFoundError."""
        ...

    def add_session(self, session: Session) -> None: ...
    def session(self, token_hash: str) -> Session | None:
        """The sign-in under this hash; None for one of an earlier generation of its account."""
        ...

    def touch_session(self, token_hash: str, now: datetime) -> None: ...
    def end_session(self, token_hash: str) -> None: ...
    def sessions_of(self, user_id: int) -> list[Session]:
        """Those of an account, the latest used first; also what has expired and is not tidied away."""
        ...

    def end_sessions(self, user_id: int, *, but: str = "") -> int:
        """End every session of an account but the one with the hash ``but``; how many."""
        ...

    def lock_admins(self) -> None:
        """Let nobody else change who is an administrator until the commit."""
        ...

    def queue_up(self, username: str) -> None:
        """Wait until nobody else's guess at the account is being counted, and let nobody count one until the commit."""
        ...

    def count_failed_login(self, username: str, address: str, now: datetime) -> None: ...
    def failed_logins(self, username: str, address: str, since: datetime) -> int: ...
    def add_token(
        self,
        *,
        user_id: int,
        name: str,
        token_hash: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        now: datetime,
    ) -> ApiToken: ...
    def token(self, token_hash: str) -> ApiToken | None: ...
    def touch_token(self, token_id: int, now: datetime) -> None: ...
    def revoke_token(self, token_id: int) -> None: ...
    def tokens(self) -> list[ApiToken]: ...
    def answer(self, key: str, user_id: int) -> StoredAnswer | None: ...
    def keep_answer(self, answer: StoredAnswer) -> None: ...


class Credentials(Protocol):
    """What lets us into platforms."""

    def add(self, draft: CredentialDraft, secrets: Mapping[str, str], now: datetime) -> Credential:
        """Raises RefusedError(rule="credential_exists")."""
        ...

    def get(self, credential_id: int) -> Credential:
        """Raises NotFoundError."""
        ...

    def find(self, name: str) -> Credential | None: ...
    def all(self) -> list[Credential]: ...
    def change(
        self,
        credential_id: int,
        draft: CredentialDraft,
        secrets: Mapping[str, str] | None,
        *,
        version: int | None,
        now: datetime,
    ) -> Credential:
        """Set what an operator says; ``secrets`` replace those there were, with what came of them.

        Raises NotFoundError, StaleWriteError, RefusedError(rule="credential_exists" or "credential_platform").
        """
        ...

    def remove(self, credential_id: int) -> None:
        """Its sources stay, without one. Raises NotFoundError."""
        ...

    def open(self, credential_id: int, now: datetime) -> Access:
        """The secrets in clear, for one piece of work. Raises NotFoundError, StoreError."""
        ...

    def proven(self, credential_id: int, account: str, now: datetime) -> None: ...
    def used(
        self,
        credential_id: int,
        now: datetime,
        *,
        spent: Mapping[Currency, float] | None = None,
        session: Mapping[str, str] | None = None,
    ) -> None:
        """Write down what a piece of work spent, and the session that it got."""
        ...

    def take_session(
        self,
        credential_id: int,
        token: str,
        held: Mapping[str, str],
        *,
        now: datetime,
        until: datetime,
        refused_since: datetime,
    ) -> SessionTurn:
        """Ask for the turn to renew the session ``held``, until ``until``. Raises NotFoundError."""
        ...

    def keep_session(self, credential_id: int, token: str, session: Mapping[str, str]) -> bool:
        """Store what was got in the turn of ``token``; False where that was over, and another one's counts."""
        ...

    def leave_session(self, credential_id: int, token: str, *, refused_at: datetime | None = None) -> None:
        """Give the turn of ``token`` back; ``refused_at`` where the platform gave nothing for what we have."""
        ...

    def begin_sign_in(
        self, credential_id: int, offer: SignInOffer, *, who: str, now: datetime, expires_at: datetime
    ) -> None:
        """Remember a sign-in by a browser that ``who`` began, until it ends or expires."""
        ...

    def end_sign_in(self, state: str, *, who: str, now: datetime) -> tuple[int, SignInOffer] | None:
        """Use it up, once: its credential and what was offered; None where ``who`` began none with that state."""
        ...

    def signed_in(self, credential_id: int, account: str, session: Mapping[str, str], now: datetime) -> None:
        """Keep what a sign-in gave: the credential works again, and a renewal under way counts no more."""
        ...

    def reserve(
        self,
        credential_id: int,
        token: str,
        currency: Currency,
        wanted: float,
        *,
        least: float,
        now: datetime,
        until: datetime,
    ) -> float | None:
        """Set aside up to ``wanted`` for one call; what was set aside, None where less than ``least`` is left.

        It counts as spent until it is settled under its ``token`` or ``until`` has passed. Raises NotFoundError.
        """
        ...

    def settle(self, credential_id: int, token: str, now: datetime, spent: Mapping[Currency, float]) -> None:
        """Let go of what was set aside under ``token``, and write down what was ``spent`` instead, if anything."""
        ...

    def hold(self, credential_id: int, *, not_before: datetime | None, problem: Problem | None) -> None:
        """All its sources wait until ``not_before``."""
        ...

    def well(self, credential_id: int, now: datetime) -> None:
        """It works: forget what was wrong, but not a limit that another source has met meanwhile."""
        ...

    def spent(self, credential_id: int, since: date, until: date) -> dict[Currency, float]:
        """From one day of UTC to another, both included."""
        ...

    def reseal(self) -> int:
        """Seal every secret anew with the first key; how many credentials there are."""
        ...


class Operations(Protocol):
    """Housekeeping: who is alive, the demonstration, and what has outlived its use."""

    def beat(self, role: str, process: str, now: datetime) -> None:
        """A process of ``role`` (web, worker, scheduler) says that it is alive."""
        ...

    def beats(self) -> list[tuple[str, str, datetime]]: ...
    def counts(self) -> dict[str, int]:
        """Mentions by state, sources by state, dead letters, tickets by status: for metrics and `doctor`."""
        ...

    def demo_exists(self) -> bool: ...
    def clear_demo(self) -> dict[str, int]:
        """Delete demo sources with all that came of them, and nothing else. Returns rows deleted by table."""
        ...

    def tidy(self, now: datetime) -> dict[str, int]:
        """Delete expired sessions, old idempotency answers, failed log-ins and heartbeats."""
        ...
