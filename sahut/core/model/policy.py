"""What an agency decides as data: config/policy.toml in, this value out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sahut.core.model.conversations import ConversationPolicy
from sahut.core.model.replies import ReplyPolicy
from sahut.core.model.words import Kind, Role, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The office that acts on a topic."""

    code: str
    name: str
    topics: frozenset[Topic] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a mention is flagged and how pressing it is.

    ``threshold`` is the least summed probability of ``flagged_kinds`` that flags a mention; a source's own threshold
    (by source name) comes before a topic's, a topic's before the general one. ``urgent_threshold`` is the probability
    from which a mention counts as urgent. ``similar_threshold`` is the least Jaccard similarity of word shingles that
    ties two texts, ``tie_window`` how far apart they may stand. ``silence_factor``: a source is silent after this many
    of its usual gaps without a new mention. ``home_area`` is the code of the area that the agency serves, which settles
    names that several areas bear; a source's own (by source name) comes before it. ``replies`` is how it answers,
    ``conversations`` how much of what stands around a mention it wants. Accounts of the roles in ``second_factor`` set
    one up before anything else.
    """

    flagged_kinds: frozenset[Kind] = frozenset({Kind.COMPLAINT})
    threshold: float = 0.5
    source_thresholds: Mapping[str, float] = field(default_factory=dict)
    topic_thresholds: Mapping[Topic, float] = field(default_factory=dict)
    urgent_threshold: float = 0.5
    similar_threshold: float = 0.7
    tie_window: timedelta = timedelta(days=3)
    silence_factor: float = 4.0
    home_area: str = ""
    source_areas: Mapping[str, str] = field(default_factory=dict)
    units: tuple[Unit, ...] = ()
    replies: ReplyPolicy = field(default_factory=ReplyPolicy)
    conversations: ConversationPolicy = field(default_factory=ConversationPolicy)
    second_factor: frozenset[Role] = frozenset()

    def unit_for(self, topic: Topic) -> Unit | None:
        """The first unit that acts on ``topic``, None when the policy names none."""
        return next((unit for unit in self.units if topic in unit.topics), None)

    def area_of(self, source_name: str) -> str:
        """The code of the area that a source speaks of, empty when nobody has said."""
        return self.source_areas.get(source_name, self.home_area)
