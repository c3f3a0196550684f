"""Which platform is read by which class: one line each, imported on first use.

A plug-in brings a platform through the entry point group ``sahut.collectors`` (name = platform, value =
"module:Class"); the class is called with a CollectorSettings.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from collectors._settings import CollectorSettings
from sahut.core.errors import NotFoundError, PermanentError
from sahut.core.model import Problem
from sahut.core.ports import Collector

__all__ = ["CollectorSettings", "extra_of", "load", "platforms"]

COLLECTORS = {
    "feed": "collectors.feeds:FeedCollector",
    "replay": "collectors.replay:ReplayCollector",
    "facebook": "collectors.facebook:FacebookCollector",
    "instagram": "collectors.instagram:InstagramCollector",
    "threads": "collectors.threads:ThreadsCollector",
    "webhook": "collectors.webhook:WebhookCollector",
    "x": "collectors.x:XCollector",
    "file": "collectors.files:FileCollector",
    "reddit": "collectors.reddit:RedditCollector",
    "mastodon": "collectors.mastodon:MastodonCollector",
    "bluesky": "collectors.bluesky:BlueskyCollector",
    "telegram": "collectors.telegram:TelegramCollector",
    "youtube": "collectors.youtube:YoutubeCollector",
    "play": "collectors.play:PlayCollector",
    "mail": "collectors.mail:MailCollector",
}
# Platform → the extra that brings its client library, where one is needed.
EXTRAS: dict[str, str] = {
    "bluesky": "bluesky",
    "mastodon": "mastodon",
    "telegram": "telegram",
    "youtube": "google",
    "play": "google",
    "mail": "mail",
}
_GROUP = "sahut.collectors"


def extra_of(platform: str) -> str:
    """The extra that brings the platform's client library; "" where none is needed."""
    return EXTRAS.get(platform, "")


def platforms() -> list[str]:
    """Every platform that can be named in a source, shipped ones first."""
    plugged = {point.name for point in entry_points(group=_GROUP)}
    return [*COLLECTORS, *sorted(plugged - COLLECTORS.keys())]


def load(platform: str, *, settings: CollectorSettings) -> Collector:
    """The collector of ``platform``.

    Raises NotFoundError for a platform that nobody brings, PermanentError(Problem.MISSING_LIBRARY) where its library
    is not installed.
    """
    target = COLLECTORS.get(platform) or next(
        (point.value for point in entry_points(group=_GROUP, name=platform)), None
    )
    if target is None:
        raise NotFoundError("platform", f"'{platform}' (there are: {', '.join(platforms())})")
    module, _, name = target.partition(":")
    try:
        make = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(platform)
        cure = f"install it: pip install 'sahut[{extra}]'" if extra else "install it next to Sahut"
        raise PermanentError(
            f"platform '{platform}' needs the library '{error.name}', which is not installed; {cure}",
            problem=Problem.MISSING_LIBRARY,
        ) from error
    return cast("Callable[[CollectorSettings], Collector]", make)(settings)
