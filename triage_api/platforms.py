"""What can be followed, and the collectors that say what they want to be told."""

from __future__ import annotations

from sahut.core import admission
from sahut.core.errors import NotFoundError
from sahut.core.ports import Collector, Member
from triage_api.deps import Deps
from triage_api.errors import InvalidError

# Their addresses are files of the server, which no one may name from outside.
LOCAL = frozenset({"replay", "file"})


def offered(deps: Deps) -> dict[str, str]:
    """Platforms that may be followed from outside, each with the extra that brings its library, or ""."""
    return {name: extra for name, extra in deps.platforms.items() if name not in LOCAL}


def collector(deps: Deps, platform: str) -> Collector:
    """Raises InvalidError for a platform that nobody brings, PermanentError for one whose library is missing."""
    if deps.collector_for is None:
        raise InvalidError(f"no platform {platform}", pointer="#/platform")
    try:
        return deps.collector_for(platform)
    except NotFoundError as error:
        raise InvalidError(str(error), pointer="#/platform") from error


def member(deps: Deps, platform: str) -> Member:
    """The same for one that wants a credential. Raises RefusedError too."""
    return admission.member(collector(deps, platform))
