"""Roles, and accounts as those who administer them see them."""

from __future__ import annotations

from pydantic import ConfigDict

from sahut.core.model import Role
from triage_api.fields import Answer
from triage_api.permissions import Permission
from triage_api.schemas._example import example


class RoleAnswer(Answer):
    """A role and what it may do."""

    model_config = ConfigDict(json_schema_extra=example({"role": "auditor", "permissions": ["own", "cases", "read"]}))

    role: Role
    permissions: list[Permission]


class RoleList(Answer):
    """Every role; ``permissions`` are all that there are, in the order of the table."""

    permissions: list[Permission]
    items: list[RoleAnswer]
