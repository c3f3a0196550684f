"""Field types that every database takes: bounded text without NUL or lone surrogates, 64-bit ids, sane times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from sahut.core import personal

LARGEST_ID = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    return text


def _in_utc(at: datetime) -> datetime:
    if not _FIRST_YEAR < at.year < _LAST_YEAR:
        raise ValueError(f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return at.astimezone(UTC)


# The pattern says in the document what the validator enforces.
_PLAIN = r"^[^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=_PLAIN), AfterValidator(_no_nul)]
NamedLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PLAIN), AfterValidator(_no_nul)
]
Prose = Annotated[str, StringConstraints(max_length=10_000, pattern=_PLAIN), AfterValidator(_no_nul)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Version = Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


# Of citizens' texts, in answers: NIK, telephone numbers and the like are masked, dot for character.
Masked = Annotated[str, AfterValidator(personal.mask)]
MaskedMembers = Annotated[dict[str, Any], AfterValidator(personal.masked)]


class Body(BaseModel):
    """What a program sends: an unknown member is a typing error, not something to overlook."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What a program gets; validates the core's values as they are. Members may be added in later versions."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
