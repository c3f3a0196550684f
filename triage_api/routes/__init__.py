"""The JSON API under /api/v1, and the probes of whoever runs it."""

from fastapi import APIRouter

from triage_api.routes import (
    audit,
    credentials,
    decisions,
    finding,
    hooks,
    imports,
    likely,
    mentions,
    operations,
    people,
    replies,
    revealing,
    second_factor,
    sessions,
    sources,
    ticket_merges,
    tickets,
    tokens,
    viewings,
)

ROUTERS: tuple[APIRouter, ...] = (
    sessions.router,
    second_factor.router,
    sources.router,
    credentials.router,
    mentions.router,
    viewings.router,
    finding.router,
    likely.router,
    decisions.router,
    tickets.router,
    ticket_merges.router,
    replies.router,
    revealing.router,
    hooks.router,
    imports.router,
    people.router,
    tokens.router,
    audit.router,
    operations.router,
    operations.probes,
)
