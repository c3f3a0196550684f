"""Who may sign in and as what: the roles, and the accounts by those who administer them."""

from __future__ import annotations

from fastapi import APIRouter

from sahut.core.model import Role
from triage_api.permissions import CLOSED, GRANTS, Permission
from triage_api.routes._answers import problems
from triage_api.schemas.people import RoleAnswer, RoleList

router = APIRouter(prefix="/api/v1", tags=["people"])


@router.get("/roles", response_model=RoleList, responses=problems())
def list_roles() -> RoleList:
    """The table by which every request is let in or refused: what a role lacks here, it may not do."""
    asked = [one for one in Permission if one not in CLOSED]
    return RoleList(
        permissions=asked,
        items=[RoleAnswer(role=role, permissions=[one for one in asked if one in GRANTS[role]]) for role in Role],
    )
