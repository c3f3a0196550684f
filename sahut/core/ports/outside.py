"""What the core asks of the world: platforms, models, a queue, a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from threading import Event
from typing import Any, Protocol, runtime_checkable

from sahut.core.model import (
    Access,
    Annotation,
    Assessment,
    Batch,
    Capability,
    Caps,
    Context,
    ConversationPolicy,
    Estimate,
    Forecast,
    Guide,
    Mention,
    Probe,
    ReplyRules,
    SentReply,
    SignInOffer,
    Source,
    SourceDraft,
    WhySpan,
)

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""

Look = Callable[[SourceDraft], Probe]
"""Reads the first page of a place and stores nothing. Raises NotFoundError for a platform that nobody brings."""


Price = Callable[[SourceDraft], Estimate | None]
"""What following a place will cost; None where its platform charges nothing. Raises as `Look` does."""


class Holidays(Protocol):
    """A country's days off, by name; "" for a day that is none."""

    def public(self, day: date) -> str:
        """A holiday of everybody's."""
        ...

    def joint_leave(self, day: date) -> str:
        """Leave that the state decrees for its offices (cuti bersama)."""
        ...


class Collector(Protocol):
    """Reads one platform. Keeps nothing between calls: everything to remember goes into the batch's cursor.

    ``guide`` says how to get into the platform, None where anybody may read it: then ``access`` is None too.
    """

    platform: str
    guide: Guide | None

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages from ``source.cursor`` on. Each batch is stored, with its cursor, before the next is asked for.

        Never sleeps: a limit is a TransientError with its ``not_before``. Raises TransientError or PermanentError;
        batches already yielded stay stored.
        """
        ...

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read again one item that was a dead letter. Raises ValueError with the reason when it still can't be read."""
        ...


@runtime_checkable
class Member(Collector, Protocol):
    """A collector of a platform that lets us in with a credential."""

    guide: Guide

    def prove(self, access: Access, *, now: datetime) -> str:
        """Make one live call, the cheapest; what the platform calls our account. Raises as `collect` does."""
        ...


@runtime_checkable
class BrowserMember(Member, Protocol):
    """A member that lets us in where the account's holder agrees in a browser, on the platform's own site."""

    def signed_in(self, access: Access) -> bool:
        """Whether somebody has signed in with what the credential says now. Asks nobody."""
        ...

    def awaits_sign_in(self, access: Access) -> bool:
        """Whether it can do nothing before somebody signs in. Asks nobody."""
        ...

    def offer_sign_in(self, access: Access, redirect: str) -> SignInOffer:
        """Begin: the platform's answer comes to the address ``redirect``. Asks nobody. Raises PermanentError."""
        ...

    def sign_in(self, access: Access, offer: SignInOffer, code: str, *, now: datetime) -> tuple[str, Mapping[str, str]]:
        """End it with the ``code`` that the platform gave: what it calls us, and the session to keep.

        Raises TransientError, PermanentError, for an account that the credential does not name too.
        """
        ...


@runtime_checkable
class Rechecker(Protocol):
    """A collector that can look again at mentions that it brought."""

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """What became of up to a hundred mentions: as they read now, or ``withdrawn``. Raises as `collect` does.

        An id that is in neither was looked at without anything to be said of it; those of ``left`` were not looked at,
        and are asked for again soon.
        """
        ...


@runtime_checkable
class Backfiller(Protocol):
    """A collector that can read a stretch of the past."""

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """As `collect`, with cursors of its own: what was posted from ``since`` to before ``until``."""
        ...


@runtime_checkable
class Estimator(Protocol):
    """A collector of a platform that charges for what is read, and can say beforehand how much there is."""

    def forecast(
        self, source: Source, policy: ConversationPolicy, *, now: datetime, access: Access | None = None
    ) -> Forecast:
        """Of a place as it would be followed, with conversations by ``policy``, in one call. Raises as `collect`."""
        ...


@runtime_checkable
class Listener(Protocol):
    """A collector of a platform that says by itself what no list of it shows."""

    def hear(
        self, source: Source, words: Sequence[Mapping[str, Any]], *, now: datetime, access: Access | None = None
    ) -> Batch:
        """What became of these words of the platform; a word that leads nowhere is a note. Raises as `collect`."""
        ...


@runtime_checkable
class ContextReader(Protocol):
    """A collector that can fetch what stands around a mention: the posts that it answers, those beside and below it."""

    def context(self, mention: Mention, caps: Caps, *, now: datetime, access: Access | None = None) -> Context:
        """Up to ``caps.above`` posts up the line and ``caps.beside`` others, and where it was cut.

        ``mention`` is whole. Raises as `collect` does.
        """
        ...


@runtime_checkable
class Follower(Protocol):
    """A collector of a platform where answers to what we said come by no other way than by asking for them."""

    def following(
        self, source: Source, mention: Mention, *, since: datetime, most: int, access: Access | None = None
    ) -> Source | None:
        """Where answers to ``mention`` stand, as a place for `collect`; ``source`` is what brought it.

        Asked for pages of ``most`` posts at most, from ``since`` on. None where there is no such place.
        """
        ...


@runtime_checkable
class Replier(Protocol):
    """Answers in public on one platform."""

    platform: str

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """How ``mention`` can be answered with ``access``; asks nobody."""
        ...

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:
        """What the platform makes of ``text`` as an answer to ``mention``; asks nobody."""
        ...

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:
        """Post ``text`` under ``mention``. ``key`` is the same for the same reply, for platforms that know such keys.

        Raises TransientError or PermanentError only where it surely does not stand there, InDoubtError for everything
        else; never tries twice.
        """
        ...

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """Our reply with ``text`` under ``mention``, sent at or after ``since``; None where there surely is none.

        Raises TransientError or PermanentError where that cannot be said.
        """
        ...


@runtime_checkable
class Continuer(Protocol):
    """A replier whose answers can be continued: further parts stand one below the other."""

    def beneath(self, mention: Mention, above: SentReply) -> Mention:
        """What the next part answers: our answer ``above``, in the conversation that ``mention`` began with us.

        Its native id is that of ``above``; the rest is what `Replier` needs. Asks nobody.
        """
        ...


class Classifier(Protocol):
    """Says what texts are. Pure: the same text gives the same assessment, alone or among others (within 1e-3)."""

    name: str
    model: str

    def predict(self, texts: Sequence[str]) -> list[Assessment]:
        """One assessment per text, in order. Raises ClassifierError when the model cannot be used."""
        ...


class Explainer(Protocol):
    """Says which stretches of a text carried the decision of the classifier called ``model``. Pure, as that is."""

    model: str

    def explain(self, text: str) -> list[WhySpan]:
        """In order, none overlapping another. Raises ClassifierError when the model cannot be used."""
        ...


class Annotator(Protocol):
    """Reads beside the classifier what a text says: the place it names, its language. Pure, as a classifier is."""

    def annotate(self, text: str, *, area: str = "") -> Annotation:
        """For any text. ``area`` is the code of the area that the text's source speaks of, empty when unknown."""
        ...


class Queue(Protocol):
    """A doorbell: rings may be lost or doubled without harm, since the row is the work."""

    def ring(self, job: str, *, key: str = "", args: Mapping[str, int | str] | None = None) -> None:
        """Ask for ``job`` to run soon. A second ring with the same ``(job, key)`` before the first runs is dropped."""
        ...

    def work(self, stop: Event) -> None:
        """Run jobs in this process until ``stop`` is set, then finish those under way and return."""
        ...

    def close(self) -> None:
        """Let go of threads and connections."""
        ...
