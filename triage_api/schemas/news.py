"""What came into the queue."""

from __future__ import annotations

from triage_api.fields import Answer


class NewsAnswer(Answer):
    """How many mentions came since ``since``, counted up to a hundred and one; ``mark`` is what to ask from next."""

    new: int
    mark: int
