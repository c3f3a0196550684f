"""What an agency decides as data: config/policy.toml in, this value out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sahut.core.model.conversations import ConversationPolicy
from sahut.core.model.deadlines import DeadlinePolicy, OfficeHours
from sahut.core.model.providers import ProviderPolicy
from sahut.core.model.replies import ReplyPolicy
from sahut.core.model.words import Kind, Role, TimeZone, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The office that acts on a topic. Without a ``time_zone``, or an ``office``, it keeps the agency's."""

    code: str
    name: str
    topics: frozenset[Topic] = frozenset()
    time_zone: TimeZone | None = None
    office: OfficeHours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPolicy:
    """What an agency decided of persons. Roles in ``authors_hidden_from`` are not shown who wrote a post."""

    authors_hidden_from: frozenset[Role] = frozenset({Role.UNIT, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """How long each class of data is kept.

    ``raw``: the platforms' own payloads, from collecting on. ``filed`` and ``dismissed``: texts, authors and links of
    mentions, from their last change on. ``tickets``: the words of tickets and of their mentions, from the last change
    of a closed one on. Our replies to a mention go with it. ``set_aside``: items that could not be read and mentions
    that could not be judged, from then on.
    """

    raw: timedelta = timedelta(days=90)
    filed: timedelta = timedelta(days=365)
    dismissed: timedelta = timedelta(days=365)
    tickets: timedelta = timedelta(days=1825)
    set_aside: timedelta = timedelta(days=90)


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
    one up before anything else. ``provider`` says what an identity provider's word counts for. ``privacy`` is what it
    decided of persons, ``retention`` how long it keeps what. ``time_zone`` is the agency's, by which dates and times
    are written and read, ``deadlines`` what it promises.
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
    provider: ProviderPolicy = field(default_factory=ProviderPolicy)
    time_zone: TimeZone = TimeZone.WIB
    privacy: PrivacyPolicy = field(default_factory=PrivacyPolicy)
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    deadlines: DeadlinePolicy = field(default_factory=DeadlinePolicy)

    def unit_for(self, topic: Topic) -> Unit | None:
        """The first unit that acts on ``topic``, None when the policy names none."""
        return next((unit for unit in self.units if topic in unit.topics), None)

    def time_zone_of(self, codes: Collection[str]) -> TimeZone:
        """By which clock the people of these units work; the agency's where the units differ, or there is none."""
        named = {unit.time_zone or self.time_zone for unit in self.units if unit.code in codes}
        return named.pop() if len(named) == 1 else self.time_zone

    def office_of(self, code: str) -> OfficeHours:
        """When the people of a unit work; the agency's hours where it has none of its own, or there is no such unit."""
        named = next((unit.office for unit in self.units if unit.code == code), None)
        return named or self.deadlines.office

    def area_of(self, source_name: str) -> str:
        """The code of the area that a source speaks of, empty when nobody has said."""
        return self.source_areas.get(source_name, self.home_area)
