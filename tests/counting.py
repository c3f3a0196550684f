"""How many statements something sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from storage.store import SqlStore


@contextmanager
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Every statement that goes to the store's database meanwhile; many rows to one statement count once."""
    sent: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        sent.append(statement)

    event.listen(store._engine, "before_cursor_execute", listen)
    try:
        yield sent
    finally:
        event.remove(store._engine, "before_cursor_execute", listen)
