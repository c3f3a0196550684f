"""A search in the words of each database; and the order of what fits best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal_column, select, text

from sahut.core import searching
from sahut.core.model import MentionFilter
from sahut.core.searching import Search, Term
from storage.tables import mention

# Of what matches, the newest: nobody reads further, and reading them takes milliseconds.
_MOST_RANKED = 500


def matches(search: Search, dialect: str, *, walked: bool = False) -> ColumnElement[bool]:
    """Everything wanted occurs, nothing unwanted. The words are letters and digits: nothing in them is syntax.

    ``walked``: what is searched is small and has an index in its order (the queue), so that SQLite shall walk that and
    ask of each whether it was found, rather than fetch all that was found and sort it.
    """
    if dialect == "sqlite":
        return _in_sqlite(search, walked=walked)
    parts = [_lexemes(term) for term in search.wanted] + [f"!({_lexemes(term)})" for term in search.unwanted]
    # `search` is a generated column that SQLite has not: it lives in the migration, not in the table object.
    return literal_column("mention.search").op("@@")(func.to_tsquery("simple", " & ".join(parts)))


def _in_sqlite(search: Search, *, walked: bool) -> ColumnElement[bool]:
    wanted = " AND ".join(_phrase(term) for term in search.wanted)
    unwanted = " OR ".join(_phrase(term) for term in search.unwanted)
    query = f"({wanted}) NOT ({unwanted})" if wanted and unwanted else wanted or unwanted
    found = text("SELECT rowid FROM mention_fts WHERE mention_fts MATCH :words").bindparams(words=query)
    ids = found.columns(mention.c.id)
    # The plus keeps the planner from looking rows up by this condition (https://www.sqlite.org/optoverview.html, §3).
    number: ColumnElement[int] = literal_column("+mention.id") if walked else mention.c.id
    return number.in_(ids) if wanted else number.not_in(ids)


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.prefix else "")


def _lexemes(term: Term) -> str:
    said = [f"'{word}'" for word in term.words]
    return " <-> ".join([*said[:-1], said[-1] + (":*" if term.prefix else "")])


class MentionSearch:
    """The part of the mentions that puts what was found in order."""

    _connection: Connection

    def ranked(self, where: MentionFilter, conditions: Sequence[ColumnElement[bool]]) -> list[int]:
        """The ids of what fits best, of the newest five hundred that match."""
        query: Any = select(mention.c.id, mention.c.title, mention.c.text, mention.c.masked).where(*conditions)
        rows = self._connection.execute(query.order_by(mention.c.id.desc()).limit(_MOST_RANKED)).all()
        best = searching.rank([_readable(row) for row in rows], searching.parse(where.search))
        return [rows[at].id for at in best]


def _readable(row: Row[Any]) -> tuple[str, str]:
    """The title and text that it was found by: an order made of others would tell what a mask hides."""
    title, text = (row.title, row.text) if row.masked is None else row.masked.split("\n", 1)
    # A text that begins with its title, as those of platforms without titles do, has its words once.
    return "" if text.startswith(title) else title, text
