"""A ticket that goes on in another."""

from __future__ import annotations

from pydantic import ConfigDict

from triage_api.fields import Body, Id, Version
from triage_api.schemas._example import example


class TicketMergeBody(Body):
    """The ticket that it goes on in; null versions take whatever is there."""

    model_config = ConfigDict(json_schema_extra=example({"into": 2, "version": 1, "into_version": 1}))

    into: Id
    version: Version | None = None
    into_version: Version | None = None


class TicketPartBody(Body):
    """The version of the merged ticket that the person saw; null takes whatever is there."""

    model_config = ConfigDict(json_schema_extra=example({"version": 2}))

    version: Version | None = None
