"""The JSON API under /api/v1, and the probes of whoever runs it."""

from fastapi import APIRouter

from triage_api.routes import (
    audit,
    credentials,
    decisions,
    finding,
    hooks,
    likely,
    mentions,
    operations,
    people,
    replies,
    second_factor,
    sessions,
    sources,
    tickets,
)

    tokens,
    viewings,
ROUTERS: tuple[APIRouter, ...] = (
    sessions.router,
    second_factor.router,
    sources.router,
    credentials.router,
    mentions.router,
    finding.router,
    decisions.router,
    tickets.router,
    likely.router,
    replies.router,
    hooks.router,
    people.router,
    audit.router,
    operations.router,
    operations.probes,
)
    tokens.router,
