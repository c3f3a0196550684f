"""The operator's two files: the policy and the list of sources. Faults name file, line and key, all at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from config import _lines
from config.conversations import ConversationsSection, conversation_policy
from config.deadlines import DeadlinesSection, Hour, Weekdays, deadline_policy, office_hours
from config.faults import SettingsFaultsError, close_to, dotted, from_validation
from config.privacy import PrivacySection, RetentionSection, privacy_policy, retention_policy
from config.replies import RepliesSection, TemplateSection, reply_policy
from config.sign_in import SignInSection, provider_policy
from sahut.core.errors import SettingsError
from sahut.core.model import Kind, Policy, Role, SourceDraft, TimeZone, Topic, Unit

SHIPPED_POLICY = Path(__file__).with_name("policy.toml")

Share = Annotated[float, Field(ge=0, le=1)]
Word = Annotated[str, Field(min_length=1)]
AreaCode = Annotated[str, Field(pattern=r"^\d\d(\.\d\d(\.\d\d(\.\d\d\d\d)?)?)?$")]
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FlaggingSection(_Strict):
    """When a mention waits for staff."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, description="Kinds whose summed probability counts")] = (
        Kind.COMPLAINT,
    )
    threshold: Annotated[Share, Field(description="Least probability that flags a mention")] = 0.5
    urgent_threshold: Annotated[Share, Field(description="Probability of danger from which a mention goes first")] = 0.5
    topics: Annotated[dict[Topic, Share], Field(description="A threshold for one topic")] = {}
    sources: Annotated[dict[str, Share], Field(description="A threshold for one source, by its name")] = {}


class SimilaritySection(_Strict):
    """When two mentions count as one story."""

    threshold: Annotated[Share, Field(description="Least likeness (Jaccard, runs of three words) that ties two")] = 0.7
    window_hours: Annotated[float, Field(gt=0, le=720, description="How far apart the two may stand")] = 72


class HealthSection(_Strict):
    """When a source is called silent."""

    silence_factor: Annotated[float, Field(ge=1, description="Silent after this many of its usual gaps")] = 4


class PlacesSection(_Strict):
    """Which area the agency serves: it settles names that several areas bear."""

    home: Annotated[AreaCode | None, Field(description="Kemendagri code of the area, as 32.73 for Kota Bandung")] = None
    sources: Annotated[dict[str, AreaCode], Field(description="Another area for one source, by its name")] = {}


class UnitSection(_Strict):
    """An office that acts on topics."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", description="Short and lasting, as in dinas-pu")]
    name: Annotated[Word, Field(description="As staff and citizens read it")]
    topics: Annotated[
        tuple[Topic, ...], Field(description="The first unit that names a topic is suggested for it")
    ] = ()
    time_zone: Annotated[TimeZone | None, Field(description="The clock of its people; the agency's when left out")] = (
        None
    )
    opens: Annotated[Hour | None, Field(description="When its people begin; as the agency when left out")] = None
    closes: Annotated[Hour | None, Field(description="When they end")] = None
    work_days: Annotated[Weekdays | None, Field(description="On which days they work, as in mon")] = None


class SecuritySection(_Strict):
    """How people prove who they are."""

    second_factor: Annotated[tuple[Role, ...], Field(description="Roles that must set up a second factor")] = ()


class PolicyFile(_Strict):
    """Which mentions are flagged, and which unit acts on what."""

    time_zone: Annotated[TimeZone, Field(description="The clock by which the agency writes dates and times")] = (
        TimeZone.WIB
    )
    flagging: FlaggingSection = FlaggingSection()
    similarity: SimilaritySection = SimilaritySection()
    health: HealthSection = HealthSection()
    places: PlacesSection = PlacesSection()
    conversations: ConversationsSection = ConversationsSection()
    replies: RepliesSection = RepliesSection()
    security: SecuritySection = SecuritySection()
    sign_in: SignInSection = SignInSection()
    privacy: PrivacySection = PrivacySection()
    retention: RetentionSection = RetentionSection()
    deadlines: DeadlinesSection = DeadlinesSection()
    template: tuple[TemplateSection, ...] = ()
    unit: Annotated[tuple[UnitSection, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _codes_differ(self) -> PolicyFile:
        for thing, names in (
            ("unit has the code", [unit.code for unit in self.unit]),
            ("template has the name", [template.name for template in self.template]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"more than one {thing} {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _offices_open(self) -> PolicyFile:
        for unit in self.unit:
            try:
                office_hours(self.deadlines, unit.opens, unit.closes, unit.work_days)
            except ValueError as error:
                raise ValueError(f"unit {unit.code}: {error}") from error
        return self

    @model_validator(mode="after")
    def _grants_name_units(self) -> PolicyFile:
        known = {unit.code for unit in self.unit}
        for grant in self.sign_in.grant:
            if unknown := sorted(set(grant.units) - known):
                raise ValueError(f"sign_in: the grant '{grant.value}' names no unit of ours: {', '.join(unknown)}")
        return self

    def policy(self) -> Policy:
        """The value that the rules work with."""
        return Policy(
            flagged_kinds=frozenset(self.flagging.kinds),
            threshold=self.flagging.threshold,
            source_thresholds=self.flagging.sources,
            topic_thresholds=self.flagging.topics,
            urgent_threshold=self.flagging.urgent_threshold,
            similar_threshold=self.similarity.threshold,
            tie_window=timedelta(hours=self.similarity.window_hours),
            silence_factor=self.health.silence_factor,
            home_area=self.places.home or "",
            source_areas=self.places.sources,
            units=tuple(
                Unit(
                    code=u.code,
                    name=u.name,
                    topics=frozenset(u.topics),
                    time_zone=u.time_zone,
                    office=office_hours(self.deadlines, u.opens, u.closes, u.work_days),
                )
                for u in self.unit
            ),
            replies=reply_policy(self.replies, self.template),
            conversations=conversation_policy(self.conversations),
            second_factor=frozenset(self.security.second_factor),
            provider=provider_policy(self.sign_in),
            time_zone=self.time_zone,
            privacy=privacy_policy(self.privacy),
            retention=retention_policy(self.retention),
            deadlines=deadline_policy(self.deadlines),
        )


class SourceSection(_Strict):
    """One place to read."""

    platform: Annotated[Word, Field(description="feed, replay, or another that a plug-in brings")]
    name: Annotated[Word, Field(max_length=120, description="Shown to staff; changing it makes another source")]
    address: Annotated[Word, Field(description="A feed's URL, a file, an account: what the platform reads")]
    query: Annotated[str, Field(description='Keep only what matches: (jalan OR "lampu jalan") AND NOT iklan')] = ""
    every_minutes: Annotated[float, Field(ge=1, le=10080, description="How often to look")] = 10
    expected_hours: Annotated[
        float | None, Field(gt=0, description="Warn when nothing new comes for this long; learnt when left out")
    ] = None
    options: Annotated[dict[str, Any], Field(description="The platform's own settings")] = {}
    credential: Annotated[str, Field(description="What lets us in: a name from `sahut credential list`")] = ""

    @field_validator("name", "address")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value.strip()

    def draft(self) -> SourceDraft:
        """The value that the store keeps."""
        return SourceDraft(
            platform=self.platform,
            name=self.name,
            address=self.address,
            query=self.query,
            interval=timedelta(minutes=self.every_minutes),
            expected_every=None if self.expected_hours is None else timedelta(hours=self.expected_hours),
            options=self.options,
            credential=self.credential,
        )


class SourcesFile(_Strict):
    """The sources that an operator keeps in a file; each is added or updated, by its name, when Sahut starts."""

    source: tuple[SourceSection, ...] = ()


def read_policy(path: Path, *, is_area: Callable[[str], bool] = bool) -> Policy:
    """The policy of a file. Raises SettingsFaultsError, also for an area's code that ``is_area`` denies."""
    parsed, lines = _read(path, PolicyFile)
    named: list[tuple[_lines.Path, str]] = [(("places", "home"), parsed.places.home)] if parsed.places.home else []
    named += [(("places", "sources", source), code) for source, code in parsed.places.sources.items()]
    faults = [
        _fault(path, lines, at, f"no area of Indonesia has the code '{code}'")
        for at, code in named
        if not is_area(code)
    ]
    if faults:
        raise SettingsFaultsError(faults)
    return parsed.policy()


def read_sources(path: Path, *, platforms: Collection[str]) -> list[SourceDraft]:
    """Sources in the file's order. Raises SettingsFaultsError, also for a platform not in ``platforms``."""
    parsed, lines = _read(path, SourcesFile)
    faults = []
    names: dict[str, int] = {}
    for index, section in enumerate(parsed.source):
        if section.platform not in platforms:
            hint = close_to(section.platform, platforms) or f": use {', '.join(sorted(platforms))}"
            faults.append(_fault(path, lines, ("source", index, "platform"), f"no platform '{section.platform}'{hint}"))
        if section.name in names:
            message = f"source[{names[section.name] + 1}] already has the name '{section.name}'"
            faults.append(_fault(path, lines, ("source", index, "name"), message))
        names.setdefault(section.name, index)
    if faults:
        raise SettingsFaultsError(faults)
    return [section.draft() for section in parsed.source]


def _read(path: Path, model: type[M]) -> tuple[M, dict[_lines.Path, int]]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsFaultsError([SettingsError("is not UTF-8 text", file=str(path), line=line)]) from error
    except OSError as error:
        raise SettingsFaultsError([SettingsError(f"cannot be read: {error.strerror}", file=str(path))]) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line_number = int(found[1]) if found else max(1, len(text.splitlines()))
        message = f"is not valid TOML: {_AT_LINE.sub('', str(error)).removesuffix(' (at end of document)')}"
        raise SettingsFaultsError([SettingsError(message, file=str(path), line=line_number)]) from error
    lines = _lines.key_lines(text)
    try:
        return model.model_validate(values), lines
    except ValidationError as error:
        faults = from_validation(error, model, where=lambda at: (str(path), _lines.line_of(lines, at), dotted(at)))
        raise SettingsFaultsError(faults) from error


def _fault(path: Path, lines: dict[_lines.Path, int], at: _lines.Path, message: str) -> SettingsError:
    return SettingsError(message, file=str(path), line=_lines.line_of(lines, at), key=dotted(at))
