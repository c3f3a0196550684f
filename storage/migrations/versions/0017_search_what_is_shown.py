"""Search what is shown: the index of words is made of texts as they are masked.

What an earlier version stored is in no index until `sahut migrate` has masked it, which it does once the tables stand.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_FLAGS = ("anonymous", "confidential")
_TRIGGERS = ("mention_fts_insert", "mention_fts_delete", "mention_fts_update")


# As before the index holds no copy of the texts, and triggers keep it in step. Rows that no finder has looked at are
# not in it, so that there is nothing of them to take out either.
_SQLITE_SEARCH = (
    """CREATE VIEW mention_words (id, title, text) AS
        SELECT id, iif(masked IS NULL, title, ''), coalesce(masked, text)
        FROM mention WHERE masked_by > 0""",
    """CREATE VIRTUAL TABLE mention_fts USING fts5(
        title, text, content='mention_words', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER mention_fts_insert AFTER INSERT ON mention WHEN new.masked_by > 0 BEGIN
        INSERT INTO mention_fts (rowid, title, text)
        VALUES (new.id, iif(new.masked IS NULL, new.title, ''), coalesce(new.masked, new.text)); END""",
    """CREATE TRIGGER mention_fts_delete AFTER DELETE ON mention WHEN old.masked_by > 0 BEGIN
        INSERT INTO mention_fts (mention_fts, rowid, title, text)
        VALUES ('delete', old.id, iif(old.masked IS NULL, old.title, ''), coalesce(old.masked, old.text)); END""",
    """CREATE TRIGGER mention_fts_update AFTER UPDATE OF title, text, masked, masked_by ON mention BEGIN
        INSERT INTO mention_fts (mention_fts, rowid, title, text)
        SELECT 'delete', old.id, iif(old.masked IS NULL, old.title, ''), coalesce(old.masked, old.text)
        WHERE old.masked_by > 0;
        INSERT INTO mention_fts (rowid, title, text)
        SELECT new.id, iif(new.masked IS NULL, new.title, ''), coalesce(new.masked, new.text)
        WHERE new.masked_by > 0; END""",
)
# A tsvector holds at most a megabyte; nobody searches for the end of a longer post.
_POSTGRESQL_SEARCH = """ALTER TABLE mention ADD COLUMN search tsvector GENERATED ALWAYS AS (
    CASE WHEN masked_by > 0 THEN to_tsvector('simple',
        CASE WHEN masked IS NULL THEN left(title, 1000) || ' ' || left(text, 200000) ELSE left(masked, 201000) END)
    END) STORED"""

_SQLITE_BEFORE = (
    """CREATE VIRTUAL TABLE mention_fts USING fts5(
        title, text, content='mention', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER mention_fts_insert AFTER INSERT ON mention BEGIN
        INSERT INTO mention_fts (rowid, title, text) VALUES (new.id, new.title, new.text); END""",
    """CREATE TRIGGER mention_fts_delete AFTER DELETE ON mention BEGIN
        INSERT INTO mention_fts (mention_fts, rowid, title, text)
        VALUES ('delete', old.id, old.title, old.text); END""",
    """CREATE TRIGGER mention_fts_update AFTER UPDATE OF title, text ON mention BEGIN
        INSERT INTO mention_fts (mention_fts, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
        INSERT INTO mention_fts (rowid, title, text) VALUES (new.id, new.title, new.text); END""",
    "INSERT INTO mention_fts (mention_fts) VALUES ('rebuild')",
)
_POSTGRESQL_BEFORE = """ALTER TABLE mention ADD COLUMN search tsvector GENERATED ALWAYS AS
    (to_tsvector('simple', left(title, 1000) || ' ' || left(text, 200000))) STORED"""


def upgrade() -> None:
    _drop_search()
    for table in ("mention", "ticket"):
        op.add_column(table, sa.Column("masked", sa.Text()))
        op.add_column(table, sa.Column("masked_by", sa.SmallInteger(), nullable=False, server_default=sa.text("0")))
    for flag in _FLAGS:
        some = sa.text(flag)
        op.create_index(f"ix_ticket_{flag}", "ticket", ["id"], sqlite_where=some, postgresql_where=some)
    _make_search(_SQLITE_SEARCH, _POSTGRESQL_SEARCH)


def downgrade() -> None:
    _drop_search()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP VIEW mention_words")
    for flag in _FLAGS:
        op.drop_index(f"ix_ticket_{flag}", "ticket")
    for table in ("mention", "ticket"):
        op.drop_column(table, "masked_by")
        op.drop_column(table, "masked")
    _make_search(_SQLITE_BEFORE, _POSTGRESQL_BEFORE)


def _drop_search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _TRIGGERS:
            op.execute(f"DROP TRIGGER {trigger}")
        op.execute("DROP TABLE mention_fts")
    else:
        op.drop_index("ix_mention_search", "mention")
        op.drop_column("mention", "search")


def _make_search(sqlite: tuple[str, ...], postgresql: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in sqlite:
            op.execute(statement)
    else:
        op.execute(postgresql)
        op.create_index("ix_mention_search", "mention", ["search"], postgresql_using="gin")
