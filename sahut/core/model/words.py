"""The enumerated words: what states, kinds, topics, reasons and roles there are."""

from __future__ import annotations

from enum import StrEnum
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What a mention is. The first three are SP4N-LAPOR!'s own classes."""

    COMPLAINT = "complaint"
    ASPIRATION = "aspiration"
    INQUIRY = "inquiry"
    PRAISE = "praise"
    NEWS = "news"
    OTHER = "other"


class Sentiment(StrEnum):
    """The writer's tone."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Topic(StrEnum):
    """What a mention is about: the nineteen of the code book."""

    ROADS = "roads"
    STREET_LIGHTING = "street_lighting"
    DRAINAGE_FLOOD = "drainage_flood"
    WATER_SUPPLY = "water_supply"
    ELECTRICITY = "electricity"
    WASTE = "waste"
    ENVIRONMENT = "environment"
    TRANSPORT_TRAFFIC = "transport_traffic"
    CIVIL_REGISTRATION = "civil_registration"
    SOCIAL_AID = "social_aid"
    HEALTH = "health"
    EDUCATION = "education"
    EMPLOYMENT = "employment"
    LICENSING_TAX = "licensing_tax"
    HOUSING_LAND = "housing_land"
    PUBLIC_ORDER = "public_order"
    INTEGRITY = "integrity"
    DIGITAL_TELECOM = "digital_telecom"
    OTHER = "other"


class Language(StrEnum):
    """The language that a text is in, by its ISO 639 code; ``other`` is any language but these five."""

    INDONESIAN = "id"
    JAVANESE = "jv"
    SUNDANESE = "su"
    MINANGKABAU = "min"
    ENGLISH = "en"
    OTHER = "other"


class PlaceLevel(StrEnum):
    """What a named place is: an official area, or a ``spot`` (street, landmark, region) that has no code."""

    PROVINCE = "province"
    REGENCY = "regency"
    DISTRICT = "district"
    VILLAGE = "village"
    SPOT = "spot"


class MentionState(StrEnum):
    """Where a mention stands. The state is the work queue: a row in ``collected`` waits for the classifier."""

    COLLECTED = "collected"
    FLAGGED = "flagged"
    FILED = "filed"
    SNOOZED = "snoozed"  # put off by a person: it comes back by itself
    DISMISSED = "dismissed"
    MERGED = "merged"
    CONVERTED = "converted"
    OWN = "own"  # an account of ours wrote it: part of a conversation, never a case
    CONTEXT = "context"  # fetched for the conversation of another: shown with it, never a case
    HELD = "held"  # could not be assessed; a dead letter says why, `sahut doctor` retries


class SourceState(StrEnum):
    """Whether a source is read. ``stopped`` is the machine's doing (with a reason), ``paused`` a person's."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    REMOVED = "removed"


class Problem(StrEnum):
    """Why a source could not be read, as a code that every screen can put into its own language."""

    BAD_ADDRESS = "bad_address"
    BLOCKED_ADDRESS = "blocked_address"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REDIRECT_LOOP = "redirect_loop"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    NEEDS_LOGIN = "needs_login"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    GONE = "gone"
    NOT_A_FEED = "not_a_feed"
    NOT_READABLE = "not_readable"
    BAD_SETTINGS = "bad_settings"
    MISSING_FILE = "missing_file"
    MISSING_LIBRARY = "missing_library"
    NO_CREDENTIAL = "no_credential"
    REFUSED_CREDENTIAL = "refused_credential"
    LACKS_ACCESS = "lacks_access"
    NO_CREDITS = "no_credits"
    BUDGET_SPENT = "budget_spent"
    UNEXPECTED = "unexpected"


class SourceCondition(StrEnum):
    """How a source is doing, from `rules.condition`; one word for a traffic light."""

    NEW = "new"
    WELL = "well"
    SILENT = "silent"
    FAILING = "failing"
    STOPPED = "stopped"
    PAUSED = "paused"


class TieReason(StrEnum):
    """Why a mention counts on an earlier one."""

    REPOST = "repost"
    SAME_TEXT = "same_text"
    SIMILAR = "similar"


class DecisionKind(StrEnum):
    """What a person did with a mention."""

    DISMISSED = "dismissed"
    MERGED = "merged"
    CONVERTED = "converted"
    UNDONE = "undone"
    UNTIED = "untied"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"
    CORRECTED = "corrected"
    CHECKED = "checked"  # filed, looked at, and rightly so


class DismissReason(StrEnum):
    """Why a flagged mention needs no ticket."""

    NOT_COMPLAINT = "not_complaint"
    NOT_OURS = "not_ours"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    HANDLED = "handled"
    ABUSIVE = "abusive"


class RevealPurpose(StrEnum):
    """Why somebody looks at what is masked."""

    CONTACT = "contact"
    CHECK = "check"
    PASS_ON = "pass_on"  # noqa: S105 - to whoever is in the field
    DATA_SUBJECT = "data_subject"
    LAW = "law"


class TicketStatus(StrEnum):
    """SP4N-LAPOR!'s course of a report; ``void`` is a conversion that was undone, ``merged`` goes on in another."""

    NEW = "new"
    FORWARDED = "forwarded"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    VOID = "void"
    MERGED = "merged"


OPEN_TICKETS = (TicketStatus.NEW, TicketStatus.FORWARDED, TicketStatus.IN_PROGRESS, TicketStatus.ANSWERED)
"""What somebody still works on."""

UNANSWERED_TICKETS = (TicketStatus.NEW, TicketStatus.FORWARDED, TicketStatus.IN_PROGRESS)
"""What waits for an answer: a deadline is its to keep."""


class Outcome(StrEnum):
    """How a closed ticket ended; "closed" is not "fixed"."""

    FIXED = "fixed"
    NOT_OURS = "not_ours"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    NO_ACTION = "no_action"


class Priority(StrEnum):
    """How soon a ticket wants somebody."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"


class Role(StrEnum):
    """What an account may do: an admin everything, triage staff decide on mentions, an auditor only reads.

    Comms staff write public replies; an approver may also let those of others out. A unit officer works on the tickets
    of their own units and sees nothing else; a supervisor reads all and moves tickets along.
    """

    ADMIN = "admin"
    TRIAGE = "triage"
    COMMS = "comms"
    APPROVER = "approver"
    UNIT = "unit"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"


class TimeZone(StrEnum):
    """Indonesia's three, as people write them: western, central and eastern time. None has a summer time."""

    WIB = "WIB"
    WITA = "WITA"
    WIT = "WIT"

    @property
    def info(self) -> ZoneInfo:
        """As dates reckon with it."""
        return ZoneInfo(_IANA[self])


_IANA = {TimeZone.WIB: "Asia/Jakarta", TimeZone.WITA: "Asia/Makassar", TimeZone.WIT: "Asia/Jayapura"}


class MentionOrder(StrEnum):
    """``pressing``: most pressing first (`rules.pressing`), then oldest. ``newest``: latest id first.

    ``relevant``: what fits the search best, of the newest 500 that match; without a search as ``newest``.
    """

    PRESSING = "pressing"
    NEWEST = "newest"
    RELEVANT = "relevant"
