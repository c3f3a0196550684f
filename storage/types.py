"""Column types: aware times, text that every database takes, JSON, and the one type for what identifies a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from storage.hiding import Box

# SQLite numbers rows by itself only in a column of exactly this type.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """Aware datetimes, stored in UTC. A naive one is refused: nobody can say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in; SQLite keeps no zone, so it gets UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a datetime without a time zone: {value!r}")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware out, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(value: str) -> str:
    """The text without what a database refuses: NUL goes, a lone surrogate becomes U+FFFD."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


class Words(TypeDecorator[str]):
    """Text from outside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Made storable."""
        return None if value is None else storable(value)


class Json(TypeDecorator[Any]):
    """Any JSON value as text: the same on both databases, and never queried into."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """ASCII JSON: an escaped NUL or surrogate is harmless there."""
        return None if value is None else json.dumps(value, separators=(",", ":"), default=str)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The value again."""
        return None if value is None else json.loads(value)


# By engine: each has a dialect of its own, and a type's conversions know nothing else of where they run.
_boxes: WeakKeyDictionary[Dialect, Box] = WeakKeyDictionary()
_UNKEYED = Box()


def hide_with(dialect: Dialect, box: Box) -> None:
    """Let `Personal` values of this engine be sealed and opened by ``box``."""
    _boxes[dialect] = box


class Personal(TypeDecorator[Any]):
    """What identifies a person: author, permalink, contact, raw payload. Sealed JSON.

    Every such column goes through this type and no query looks inside. Raises StoreError where the key is not known.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Sealed."""
        return None if value is None else _box(dialect).seal(json.dumps(value, separators=(",", ":"), default=str))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(_box(dialect).open(value))


class PersonalWords(TypeDecorator[str]):
    """Text that may name a person, sealed. An empty one stays empty, so that the database can see that it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Sealed."""
        return _box(dialect).seal(storable(value)) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """The text again."""
        return _box(dialect).open(value) if value else value


def _box(dialect: Dialect) -> Box:
    return _boxes.get(dialect, _UNKEYED)
