"""What is filled in to follow a place on a platform, as each collector says it: beside its guide, for every way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """What a field takes: any line, a web address, days, yes or no, one of its choices."""

    LINE = "line"
    WEB = "web"
    DAYS = "days"
    YES_NO = "yes_no"
    CHOICE = "choice"


class QueryUse(StrEnum):
    """What becomes of a source's query: it filters here, is the platform's own search (needed or not), or nothing."""

    FILTER = "filter"
    SEARCH = "search"
    NARROWS = "narrows"
    NONE = "none"


class FaultKind(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    NOT_WEB = "not_web"
    NOT_NUMBER = "not_number"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of what a field offers: what is kept, and what it is called."""

    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing to be filled in. ``words`` name it, ``help`` says where it is found; both in English.

    ``default`` is what holds where it stays empty; ``least`` and ``most`` bound a number of days; ``example`` is shown
    in an empty field.
    """

    key: str
    words: str
    help: str = ""
    kind: FieldKind = FieldKind.LINE
    required: bool = False
    choices: Sequence[Choice] = ()
    default: str = ""
    least: float = 0
    most: float = 3_650
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSort:
    """One sort of place on a platform. ``address`` is how it is written down, with {} for what ``asks`` is told.

    ``asks`` is None where there is but one such place. ``query`` is what the source's query does there.
    """

    key: str
    words: str
    address: str = "{}"
    asks: FormField | None = None
    query: QueryUse = QueryUse.FILTER


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceForm:
    """The places of a platform, the likeliest first, and the options that every source of it may have."""

    places: Sequence[PlaceSort]
    options: Sequence[FormField] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFault:
    """``field`` is address, query, credential, place or options.KEY; ``words`` say in English what is wrong."""

    field: str
    kind: FaultKind
    words: str
