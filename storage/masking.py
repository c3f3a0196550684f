"""What texts are searched by: their wording with personal data masked, kept beside them.

``masked`` is null where nothing is hidden; ``masked_by`` says which finder (`personal.VERSION`) looked. The index of
words is made of that wording alone, and a row that no finder has looked at (0) is in no index: whatever is forgotten
is not found, rather than found by what nobody may read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select, update

from sahut.core import personal
from storage.case_tables import ticket
from storage.tables import mention
from storage.types import storable

BATCH = 500


def hidden(*texts: str) -> dict[str, Any]:
    """The columns that make texts searchable: a title and a text of a mention, a title and a place of a ticket."""
    # As the database holds it: a NUL inside a number goes, and the number is whole again.
    said = [storable(one) for one in texts]
    shown = [personal.mask(one) for one in said]
    return {"masked": None if shown == said else "\n".join(shown), "masked_by": personal.VERSION}


def said(title: str, text: str) -> dict[str, Any]:
    """The columns of a mention's wording, with what it is searched by."""
    return {"title": title, "text": text, **hidden(title, text)}


def of_tickets(connection: Connection, ticket_ids: Collection[int]) -> None:
    """What tickets are searched by, after a change of what they say."""
    rows = connection.execute(
        select(ticket.c.id, ticket.c.title, ticket.c.place).where(ticket.c.id.in_(ticket_ids))
    ).all()
    for row in rows:
        connection.execute(update(ticket).where(ticket.c.id == row.id).values(hidden(row.title, row.place)))


def left(connection: Connection) -> int:
    """How many rows the present finder has not looked at."""
    return sum(
        connection.execute(
            select(func.count()).select_from(table).where(table.c.masked_by != personal.VERSION)
        ).scalar_one()
        for table in (mention, ticket)
    )


def catch_up(engine: Engine, done: Callable[[int], object]) -> int:
    """Mask for search what the present finder has not looked at; how many rows. ``done`` is told of each batch.

    Batch by batch, each a short transaction; whoever is killed starts again and goes on where it was.
    """
    changed = 0
    for table, other in ((mention, "text"), (ticket, "place")):
        after = 0
        query = select(table.c.id, table.c.title, table.c[other].label("more")).order_by(table.c.id).limit(BATCH)
        change = update(table).where(table.c.id == bindparam("row_id"))
        while True:
            with engine.begin() as connection:
                behind = query.where(table.c.id > after, table.c.masked_by != personal.VERSION)
                rows = connection.execute(behind.with_for_update()).all()
                if not rows:
                    break
                values = [{"row_id": row.id, **hidden(row.title, row.more)} for row in rows]
                connection.execute(change, values)
            after = rows[-1].id
            changed += len(rows)
            done(len(rows))
    return changed
