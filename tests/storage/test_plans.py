"""The lists of the board walk an index in order: none sorts, none reads the whole table."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import event

from sahut.core import collecting
from sahut.core.model import Batch, Kind, MentionFilter, MentionOrder, MentionState, Topic
from storage.store import SqlStore
from tests.builders import NOW, a_mention, a_source_draft

QUEUE = MentionFilter(states=[MentionState.FLAGGED], folded=False)


def plan(store: SqlStore, where: MentionFilter, order: MentionOrder) -> str:
    """What SQLite does for one page."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(connection, cursor, statement, parameters, context, many):  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store._engine, "before_cursor_execute", listen)
    with store.read() as tx:
        tx.mentions.page(where, order=order, limit=50)
    event.remove(store._engine, "before_cursor_execute", listen)
    (statement, parameters) = asked[-1]
    with store._engine.connect() as connection:
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))


@pytest.mark.parametrize(
    ("where", "order", "index"),
    [
        (QUEUE, MentionOrder.PRESSING, "ix_mention_queue"),
        (replace(QUEUE, topics=[Topic.ROADS]), MentionOrder.PRESSING, "ix_mention_queue_topic"),
        (
            MentionFilter(states=[MentionState.FILED], topics=[Topic.ROADS]),
            MentionOrder.NEWEST,
            "ix_mention_state_topic",
        ),
        (replace(QUEUE, search="banjir -orderan"), MentionOrder.PRESSING, "ix_mention_queue"),
        (MentionFilter(), MentionOrder.NEWEST, ""),
        (MentionFilter(states=[MentionState.FILED]), MentionOrder.NEWEST, "ix_mention_state"),
        (MentionFilter(kinds=[Kind.COMPLAINT]), MentionOrder.NEWEST, "ix_mention_kind"),
        (MentionFilter(topics=[Topic.ROADS]), MentionOrder.NEWEST, "ix_mention_topic"),
        (MentionFilter(source_id=1), MentionOrder.NEWEST, "ix_mention_source"),
    ],
)
def test_a_list_walks_an_index_in_order(
    sqlite_store: SqlStore, where: MentionFilter, order: MentionOrder, index: str
) -> None:
    found = plan(sqlite_store, where, order)
    assert re.search(rf"INDEX {index}\b" if index else "SCAN mention", found), found
    assert "TEMP B-TREE" not in found
    assert "SCAN source" not in found


def test_equal_texts_are_looked_up_by_their_key(sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        source = tx.sources.add(a_source_draft(), NOW)
        collecting.save_mentions(tx, source.id, Batch(mentions=[a_mention()]), NOW)
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(connection, cursor, statement, parameters, context, many):  # type: ignore[no-untyped-def]
        if "text_key = ?" in statement:
            asked.append((statement, parameters))

    event.listen(sqlite_store._engine, "before_cursor_execute", listen)
    with sqlite_store.begin() as tx:
        tx.mentions.candidates(tx.mentions.get(1), since=NOW)
    (statement, parameters) = asked[0]
    with sqlite_store._engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        assert "ix_mention_text_key" in "\n".join(row[3] for row in rows)


def test_the_next_mentions_to_explain_are_found_by_their_index(sqlite_store: SqlStore) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(connection, cursor, statement, parameters, context, many):  # type: ignore[no-untyped-def]
        asked.append((statement, parameters))

    event.listen(sqlite_store._engine, "before_cursor_execute", listen)
    with sqlite_store.begin() as tx:
        tx.explanations.waiting(NOW, max_attempts=4)
        tx.explanations.claim("m@1", now=NOW, until=NOW, limit=4, max_attempts=4)
    event.remove(sqlite_store._engine, "before_cursor_execute", listen)
    for statement, parameters in [one for one in asked if "mention" in one[0]]:
        with sqlite_store._engine.connect() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found = "\n".join(row[3] for row in rows)
        assert "ix_mention_unexplained" in found
        assert "TEMP B-TREE" not in found


@pytest.mark.parametrize("narrowed", [MentionFilter(search="banjir"), MentionFilter(area="32.73")])
def test_what_words_and_places_leave_out_is_walked_from_the_few_tickets_that_ask_for_it(
    sqlite_store: SqlStore, narrowed: MentionFilter
) -> None:
    where = replace(narrowed, not_confidential=True, not_named=True)
    found = plan(sqlite_store, where, MentionOrder.NEWEST)
    assert "ix_ticket_confidential" in found
    assert ("ix_ticket_anonymous" in found) is bool(narrowed.search)
    assert not re.search(r"SCAN (closed|reported|ticket(?! USING INDEX ix_ticket_)|reply)\b", found), found
    plain = plan(sqlite_store, replace(where, search="", area=""), MentionOrder.NEWEST)
    assert "ticket" not in plain, "a list without words and place pays nothing"
