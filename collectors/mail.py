"""E-mail: a folder of a mailbox, over IMAP. Nothing in it is changed: mails stay unseen, none is moved or deleted.

The address is the folder's name ("INBOX"). Absence notes and reports of delivery are counted and left out, since no
person wrote them and they quote complaints; mails of lists are read unless the option ``lists`` is "no". The cursor::

    folder     what the rest belongs to
    validity   the folder's UIDVALIDITY: UIDs mean nothing under another one, and it is read by date again
    uid        up to which everything was read
    read       when, in seconds since 1970
    ids        the latest two hundred [Message-ID, digest], to tell ids that are used twice

Answers go out as notices, not from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors import _mail_posts as posts
from collectors._mail_line import Fetched, Line
from collectors._options import days, filter_of
from collectors._query import Matches
from collectors._settings import CollectorSettings
from sahut.core.model import Access, Batch, DeadItem, Guide, Mention, Need, Source
from sahut.core.model.forms import FieldKind, FormField, PlaceSort, SourceForm

FIRST = timedelta(days=30)
_MOST_DAYS = 36_500
PAGE = 50
# IMAP's dates are days of the server's own zone.
_OVERLAP = timedelta(days=2)
_MOST_IDS = 200
_UNTOLD = 3  # of notes on single mails of a page


class MailCollector:
    """Reads mails in the order in which they came."""

    platform = "mail"
    guide = Guide(
        steps=(
            "Let the mailbox's administrator allow IMAP for it.",
            "Where the provider wants it (Google, Yahoo, Zimbra with a second factor), make a password for apps.",
            "Let complaints that come to other addresses be forwarded or moved into one folder.",
        ),
        needs=(
            Need(key="host", words="the IMAP server, as in imap.kota.go.id", secret=False),
            Need(key="port", words="its port; 993 unless told", secret=False, required=False),
            Need(key="security", words="tls (usual), starttls or none", secret=False, required=False),
            Need(key="username", words="the mailbox's user, often its address", secret=False),
            Need(key="password", words="its password, or one for apps"),
            Need(
                key="addresses",
                words="the agency's own addresses, with commas between: what they send opens no case",
                secret=False,
                required=False,
            ),
        ),
    )

    form = SourceForm(
        places=(
            PlaceSort(key="inbox", words="the mailbox's inbox", address="INBOX"),
            PlaceSort(
                key="folder",
                words="a folder of the mailbox",
                asks=FormField(key="folder", words="the folder's name", required=True, example="Pengaduan"),
            ),
        ),
        options=(
            FormField(
                key="lists",
                words="also read what comes through mailing lists",
                help="Many agencies' group addresses are lists.",
                kind=FieldKind.YES_NO,
                default="yes",
            ),
            FormField(
                key="first_days",
                words="how many days back the first reading goes",
                kind=FieldKind.DAYS,
                default="30",
                least=1,
                most=_MOST_DAYS,
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of 50 mails; at first those of the last thirty days (option ``first_days``)."""
        first, matches, lists = (
            days(source, "first_days", FIRST.days, most=_MOST_DAYS, none_allowed=False),
            filter_of(source),
            _lists(source),
        )
        with Line(self._settings, access) as line:
            folder = line.open(source.address.strip())
            cursor = dict(source.cursor) if source.cursor.get("folder") == source.address else {}
            notes = []
            if cursor.get("validity") == folder.validity and cursor.get("uid"):
                uids = line.after(int(cursor["uid"]))
            else:
                read = cursor.get("read")
                begin = now - first if not read else datetime.fromtimestamp(float(read), UTC) - _OVERLAP
                uids = line.since(begin.date())
                if cursor.get("uid"):
                    notes.append("the mailbox numbers its mails anew; the latest were read again")
            page = _Page(_ours(access), matches, lists=lists, ids=cursor.get("ids", ()), now=now)
            last = {"folder": source.address, "validity": folder.validity, "read": now.timestamp()}
            for start in range(0, len(uids), PAGE):
                some = uids[start : start + PAGE]
                for mail in line.fetch(some):
                    page.take(mail)
                # Until the end of the backlog "read" stays: it is where to begin should the numbers change.
                done = start + PAGE >= len(uids)
                read_at = last["read"] if done else cursor.get("read")
                yield page.batch({**last, "uid": some[-1], "read": read_at}, notes)
                notes = []
            if not uids:
                uid = max(folder.following - 1, int(cursor.get("uid", 0)) if not notes else 0)
                yield page.batch({**last, "uid": uid}, notes)

    def backfill(
        self, source: Source, since: datetime, until: datetime, *, now: datetime, access: Access | None = None
    ) -> Iterator[Batch]:
        """Mails that arrived from ``since`` to before ``until``."""
        with Line(self._settings, access) as line:
            folder = line.open(source.address.strip())
            cursor = source.cursor if source.cursor.get("validity") == folder.validity else {}
            passed = int(cursor.get("uid", 0))
            found = line.since((since - timedelta(days=1)).date(), (until + _OVERLAP).date())
            uids = [uid for uid in found if uid > passed]
            page = _Page(_ours(access), filter_of(source), lists=_lists(source), ids=cursor.get("ids", ()), now=now)
            for start in range(0, len(uids), PAGE):
                some = uids[start : start + PAGE]
                for mail in line.fetch(some):
                    if mail.arrived is None or since <= mail.arrived < until:
                        page.take(mail)
                yield page.batch({"folder": source.address, "validity": folder.validity, "uid": some[-1]}, [])

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead mail again. Raises ValueError with the reason."""
        ours = posts.Ours(addresses=frozenset(raw.get("ours", ())))
        return posts.revived(raw, ours, now)

    def prove(self, access: Access, *, now: datetime) -> str:  # noqa: ARG002 - a mailbox has no clock
        """Sign in."""
        with Line(self._settings, access):
            return access.settings["username"]


class _Page:
    """What a page brought."""

    def __init__(self, ours: posts.Ours, matches: Matches, *, lists: bool, ids: Any, now: datetime) -> None:
        self._ours = ours
        self._matches = matches
        self._lists = lists
        self._now = now
        self._ids: dict[str, str] = {str(key): str(digest) for key, digest in ids}
        self._begin()

    def _begin(self) -> None:
        self._mentions: dict[str, Mention] = {}
        self._dead: list[DeadItem] = []
        self._left_out: Counter[str] = Counter()
        self._twice: list[str] = []
        self._seen = 0

    def take(self, mail: Fetched) -> None:
        """Keep one mail, as far as it is wanted."""
        self._seen += 1
        try:
            found = posts.read(mail.body, self._ours, arrived=mail.arrived, size=mail.size, now=self._now)
        except ValueError as error:
            raw = {**posts.dead_raw(mail.body, mail.arrived), "ours": sorted(self._ours.addresses)}
            self._dead.append(DeadItem(reason=str(error), raw=raw))
            return
        if found.automatic:
            self._left_out[found.automatic] += 1
            return
        if found.listed and not self._lists:
            self._left_out["list"] += 1
            return
        if found.message_id:
            if self._ids.pop(found.message_id, found.digest) != found.digest:
                self._twice.append(found.message_id)
            self._ids[found.message_id] = found.digest
        if found.mention.own or found.mention.to_us or self._matches(found.mention.body):
            self._mentions[found.mention.native_id] = found.mention

    def batch(self, cursor: Mapping[str, Any], notes: list[str]) -> Batch:
        """What came since this was asked last."""
        said = [
            *notes,
            *(f"the Message-ID {one} is used by different mails; each is kept" for one in self._twice[:_UNTOLD]),
        ]
        if self._left_out:
            counts = ", ".join(f"{count} × {kind}" for kind, count in sorted(self._left_out.items()))
            said.append(f"automatic mails were left out: {counts}")
        ids = [[key, digest] for key, digest in self._ids.items()][-_MOST_IDS:]
        made = Batch(
            mentions=list(self._mentions.values()),
            dead=self._dead,
            seen=self._seen,
            notes=said,
            cursor={**cursor, "ids": ids},
        )
        self._begin()
        return made


def _ours(access: Access | None) -> posts.Ours:
    settings = {} if access is None else access.settings
    named = [*settings.get("addresses", "").split(","), settings.get("username", "")]
    return posts.Ours(addresses=frozenset(one.strip().lower() for one in named if "@" in one))


def _lists(source: Source) -> bool:
    return str(source.options.get("lists", "yes")).strip().lower() not in {"no", "false"}


def _first(source: Source) -> timedelta:
    return days(source, "first_days", FIRST.days, most=_MOST_DAYS, none_allowed=False)
