"""Open doors: keys of programs are limited to what they were given; sessions carry their account's generation.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# What each role granted when this was written: an earlier key keeps that, and gets nothing that a role is given later.
_SEES = ("cases", "own", "read")
_GRANTED = {
    "auditor": (*_SEES, "audit"),
    "unit": ("cases", "handle", "own"),
    "supervisor": (*_SEES, "handle"),
    "triage": (*_SEES, "decide", "handle"),
    "comms": (*_SEES, "answer"),
    "approver": (*_SEES, "answer", "approve"),
    "admin": (*_SEES, "accounts", "answer", "approve", "audit", "decide", "handle", "manage"),
}


def upgrade() -> None:
    _limit_keys()
    for table in ("account", "session"):
        op.add_column(table, sa.Column("generation", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    for table in ("session", "account"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("generation")
    with op.batch_alter_table("api_token") as batch:
        batch.drop_column("scopes")


def _limit_keys() -> None:
    op.add_column("api_token", sa.Column("scopes", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
    told = sa.text(
        "UPDATE api_token SET scopes = :scopes WHERE account_id IN (SELECT id FROM account WHERE role = :role)"
    )
    for role, granted in _GRANTED.items():
        op.execute(told.bindparams(scopes=json.dumps(sorted(granted), separators=(",", ":")), role=role))
