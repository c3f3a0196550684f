"""Posts that other systems deliver by themselves, at /api/v1/hooks/SOURCE; there is nothing to go and read.

A post is what a line of `collectors.replay` is. Ids are unique within the source, so that two systems may both begin
at 1. The platform is always "webhook": nobody may speak in the name of another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from collectors._posts import PostReader
from collectors._settings import CollectorSettings
from collectors._text import storable_deep
from sahut.core.errors import PermanentError
from sahut.core.model import Access, Batch, Guide, Mention, Need, Problem, Source
from sahut.core.model.forms import FormField, PlaceSort, QueryUse, SourceForm

_SHORTEST_SECRET = 16
_LONGEST_TEXT = 200_000
_LONGEST_ID = 1_000


class WebhookCollector:
    """Reads what was delivered; goes nowhere itself."""

    platform = "webhook"
    guide = Guide(
        steps=(
            "Follow it with an address of your own choice, a word for the system that delivers.",
            "Give that system the secret, and the address /api/v1/hooks/ with the source's number.",
            "It signs each delivery with HMAC-SHA256: docs/platforms/webhook.md says over what.",
        ),
        needs=(Need(key="secret", words="what the other system signs with", made=True),),
    )

    form = SourceForm(
        places=(
            PlaceSort(
                key="sender",
                words="what another system delivers",
                asks=FormField(
                    key="sender",
                    words="a word of your own for the system that delivers",
                    required=True,
                    example="loket",
                ),
                query=QueryUse.NONE,
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        """``settings`` are for those who go somewhere."""

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:  # noqa: ARG002 - there is nothing to ask
        """Nothing: it comes by itself."""
        return iter(())

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:
        """Read one post that was delivered. Raises ValueError with the reason."""
        reader = PostReader(now, platform="webhook", fixed=True, scope=f"{source.id}:")
        mention = reader.mention(storable_deep(dict(raw)))
        if reader.bad_dates:
            raise ValueError(f"'at' is no ISO date: {json.dumps(reader.bad_dates[0])}")
        if len(mention.body) > _LONGEST_TEXT:
            raise ValueError(f"longer than {_LONGEST_TEXT} characters")
        if len(mention.native_id) > _LONGEST_ID:
            raise ValueError(f"'id' is longer than {_LONGEST_ID} characters")
        return mention

    def prove(self, access: Access, *, now: datetime) -> str:  # noqa: ARG002 - nobody is asked
        """Check the secret: there is nobody to call. Raises PermanentError for one that could be guessed."""
        if len(access.secrets.get("secret", "")) < _SHORTEST_SECRET:
            raise PermanentError(
                f"the secret is shorter than {_SHORTEST_SECRET} characters", problem=Problem.REFUSED_CREDENTIAL
            )
        return "webhook"
