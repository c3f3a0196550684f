"""Where a source of X stands: what of its time is read, and which stretches are not.

X gives the newest first. A stretch begins as everything since the last reading and shrinks from its new end; what is
left of it stays in the cursor, so that a cut loses nothing, while the next reading already begins at the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from collectors._x_client import RefusedParametersError
from sahut.core.model import Gap

# Posts come into X's search late and not quite in order.
OVERLAP = timedelta(minutes=1)
# X's recent search takes times of the last seven days; the clocks differ, and the call takes its time.
REACH = timedelta(days=7) - timedelta(minutes=1)
# X refuses an end that is not at least ten seconds past.
_SETTLED = timedelta(seconds=15)
MOST_EDITS = 200

_TOO_OLD = "X's recent search reaches seven days back, and the source was not read for longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Unread posts from ``since`` (an id, not included; else from the time ``start``) to ``until`` (an id, likewise).

    ``low`` is the oldest id read so far, ``page`` X's token for what follows; ``read`` counts posts. ``end`` is a time
    at which a stretch of the past ends, ``low_at`` the time of ``low``.
    """

    start: datetime
    since: str = ""
    until: str = ""
    end: datetime | None = None
    low: str = ""
    low_at: datetime | None = None
    page: str = ""
    read: int = 0

    def parameters(self, token: str, now: datetime) -> dict[str, Any]:
        """What to ask X for; ``token`` is the endpoint's name for a page's token."""
        asked: dict[str, Any] = {"since_id": self.since} if self.since else {"start_time": self.start}
        if self.until:
            asked["until_id"] = self.until
        elif self.end is not None and self.end < now - _SETTLED:
            # Only whole seconds go to X: up, so that the last part of one is not lost.
            asked["end_time"] = self.end + timedelta(seconds=1, microseconds=-1)
        if self.page:
            asked[token] = self.page
        return asked

    def after(self, moments: Mapping[int, datetime | None], page: str) -> Stretch:
        """What is left once a page is read, where ``page`` leads on."""
        lowest = min([*moments, *([int(self.low)] if self.low else [])], default=0)
        known = moments.get(lowest) or self.low_at
        return replace(self, page=page, low=str(lowest or ""), low_at=known, read=self.read + len(moments))

    def without_page(self) -> Stretch:
        """The same by ids alone, for a token that X knows no more."""
        return replace(self, page="", until=self.low or self.until)

    def within(self, reach: datetime) -> tuple[Stretch | None, list[Gap]]:
        """What of it X still shows that shows nothing older than ``reach``, and the hole that this leaves."""
        upper = self.low_at or self.end
        if upper is not None and upper <= reach:
            return None, [Gap(since=self.start, until=upper, reason=_TOO_OLD)]
        if self.start >= reach and not self.since:
            return self, []
        gaps = [Gap(since=self.start, until=reach, reason=_TOO_OLD)] if self.start < reach else []
        return replace(self.without_page(), since="", start=max(self.start, reach)), gaps

    def mended(self, error: RefusedParametersError, now: datetime) -> tuple[Stretch | None, list[Gap]]:
        """The stretch that X will take in place of this one, which it refused. Raises ``error`` where there is none."""
        if self.page and error.names & {"next_token", "pagination_token"}:
            return self.without_page(), []
        if error.names & {"since_id", "start_time", "until_id"}:
            mended, gaps = self.within(now - REACH)
            if "until_id" in error.names and self.until:
                mended, gaps = None, [Gap(since=self.start, until=self.low_at or self.end, reason=_TOO_OLD)]
            if mended != self:
                return mended, gaps
        raise error

    def stored(self) -> dict[str, Any]:
        """For a cursor."""
        kept = {key: getattr(self, key) for key in ("since", "until", "low", "page", "read") if getattr(self, key)}
        times = {key: getattr(self, key) for key in ("start", "end", "low_at")}
        return kept | {key: time.isoformat() for key, time in times.items() if time is not None}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Stretch:
        """From a cursor."""
        times = {key: datetime.fromisoformat(stored[key]) for key in ("start", "end", "low_at") if key in stored}
        return cls(**{**stored, **times})


@dataclass(slots=True)
class Course:
    """A source's cursor, opened: where the next reading begins, and the stretches not read yet.

    ``edits`` are the newest versions met of edited posts, by identity. ``account`` is what a handle was looked up to.
    """

    since: str = ""
    read_at: datetime | None = None
    rest: list[Stretch] = field(default_factory=list)
    edits: dict[str, int] = field(default_factory=dict)
    account: dict[str, str] = field(default_factory=dict)
    asked: str = ""

    @classmethod
    def of(cls, cursor: Mapping[str, Any], asked: str) -> Course:
        """From a cursor; a new course where that belongs to another question."""
        if cursor.get("asked") != asked:
            return cls(asked=asked)
        return cls(
            since=str(cursor.get("since", "")),
            read_at=datetime.fromisoformat(cursor["read_at"]) if "read_at" in cursor else None,
            rest=[Stretch.restored(one) for one in cursor.get("rest", ())],
            edits={str(key): int(value) for key, value in cursor.get("edits", {}).items()},
            account=dict(cursor.get("account", {})),
            asked=asked,
        )

    def head(self, now: datetime, first: timedelta) -> Stretch:
        """Everything since the last reading; of the last ``first`` before any."""
        return Stretch(start=now - first if self.read_at is None else self.read_at - OVERLAP, since=self.since)

    def prune(self, reach: datetime) -> list[Gap]:
        """Forget the stretches that X shows no more; the holes that they leave."""
        looked = [one.within(reach) if one.start < reach else (one, []) for one in self.rest]
        self.rest = [one for one, _ in looked if one is not None]
        return [gap for _, gaps in looked for gap in gaps]

    def begun(self, moments: Mapping[int, datetime | None], now: datetime, *, more: bool) -> None:
        """The first page of the newest stretch is read: the next reading begins where this one did, with an overlap.

        ``more``: there are further pages, so that what is not on this one is in a stretch of its own.
        """
        settled = [one for one, at in moments.items() if at is not None and at <= now - OVERLAP]
        newest = max(settled, default=min(moments, default=0) if more else 0)
        self.since = str(max(newest, int(self.since or 0)) or "")
        self.read_at = now

    def learnt(self, versions: Mapping[str, int]) -> None:
        """Remember the newest versions of edited posts."""
        for key, version in versions.items():
            self.edits[key] = max(version, self.edits.pop(key, 0))
        self.edits = dict(list(self.edits.items())[-MOST_EDITS:])

    def cursor(self) -> dict[str, Any]:
        """To be stored with what was read so far."""
        parts: dict[str, Any] = {"asked": self.asked, "rest": [one.stored() for one in self.rest]}
        parts |= {"read_at": self.read_at.isoformat()} if self.read_at is not None else {}
        # As text: their numbers are larger than what JSON carries safely.
        edits = {key: str(version) for key, version in self.edits.items()}
        optional = {"since": self.since, "edits": edits, "account": self.account}
        return parts | {key: value for key, value in optional.items() if value}
