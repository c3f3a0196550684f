"""Google Play: reviews of the agency's own app, and the developer's answers to them.

The address is the app's package name ("id.go.kota.layanan") or its page in the store. Google gives reviews that were
written or changed within seven days, newest first, and only those with a text. A review is one mention for ever: its
writer changes it in place, so each wording is a version. An answer is a mention of our own. The cursor is that of
`_newest_first` with::

    read     when the last whole reading began, in seconds since 1970; 0 before the first
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.oauth2.service_account import Credentials

from collectors._dates import usable
from collectors._google import Line, Manner, resource
from collectors._html import tidy
from collectors._looking import Looking
from collectors._newest_first import Listed, Step, Walk
from collectors._options import filter_of
from collectors._query import Matches
from collectors._settings import CollectorSettings
from collectors._text import storable, storable_deep
from sahut.core.errors import InDoubtError, PermanentError, TransientError
from sahut.core.model import (
    Access,
    Author,
    Batch,
    Capability,
    DeadItem,
    Gap,
    Guide,
    Mention,
    Need,
    Problem,
    ReplyRules,
    SentReply,
    Source,
)
from sahut.core.model.forms import FormField, PlaceSort, SourceForm
from sahut.core.rules import plain_words

LIMIT = 350
REACH = timedelta(days=7)
_PAGE = 100
_OVERLAP = timedelta(hours=1)
_SWEPT = timedelta(hours=6)
_PAGES_AN_HOUR = 50  # of the 200 readings an hour that Google allows an app
_RECHECKED = 25  # reviews are asked for one by one
_CLOCKS = timedelta(minutes=2)  # how far Google's clock and ours may be apart
_SCOPE = "https://www.googleapis.com/auth/androidpublisher"
_TOKENS = "https://oauth2.googleapis.com/token"
_STORE = "https://play.google.com/store/apps/details?id="
_PACKAGE = re.compile(r"(?:https?://play\.google\.com/store/apps/details\?(?:.*&)?id=)?((?:\w+\.)+\w+)(?:&.*)?")
_ANSWER = "answer"
_MARKUP = re.compile(r"<[a-zA-Z/!]")


class PlayCollector:
    """Reads reviews, and answers each with the one answer that it may have."""

    platform = "play"
    guide = Guide(
        steps=(
            "At https://console.cloud.google.com make a project, and enable 'Google Play Android Developer API'.",
            "There, under 'IAM and administration', make a service account without roles, and a key for it (JSON).",
            "In https://play.google.com/console, under 'Users and permissions', invite the service account's address.",
            "Give it for the app 'View app information (read-only)' and 'Reply to reviews'. It may take a day.",
        ),
        needs=(Need(key="service_account", words="the whole JSON file with the service account's key"),),
    )

    form = SourceForm(
        places=(
            PlaceSort(
                key="app",
                words="reviews of our app",
                asks=FormField(
                    key="app",
                    words="the app's package name, or its page in the store",
                    required=True,
                    example="id.go.kota.layanan",
                ),
            ),
        ),
    )

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings

    def collect(self, source: Source, *, now: datetime, access: Access | None = None) -> Iterator[Batch]:
        """Pages of up to 100, newest first, down to what is known; every six hours all that Google shows."""
        package, matches = _place(source)
        line = _line(self._settings, access, now)
        walk = Walk(
            source.cursor,
            asked=package,
            now=now,
            overlap=_OVERLAP,
            watch=REACH,
            swept_every=lambda pages: max(_SWEPT, timedelta(hours=pages / _PAGES_AN_HOUR)),
        )
        read = 0.0 if walk.fresh else float(source.cursor.get("read", 0.0))
        gaps = _gaps(read, now)
        if gaps:
            read = (now - REACH).timestamp()
        brought: set[str] = set()
        for step in walk.steps(lambda way: _listed(line, package, way.token)):
            read = step.way.begun if step.last else read
            yield _batch(step, package, line, now, brought, matches, {**walk.cursor(), "read": read}, gaps)
            gaps = []

    def revive(self, source: Source, raw: Mapping[str, Any], *, now: datetime) -> Mention:  # noqa: ARG002 - every source reads alike
        """Read a dead review again. Raises ValueError with the reason."""
        return _review(raw.get("item"), str(raw.get("package", "")), now)

    def recheck(self, native_ids: Sequence[str], *, now: datetime, access: Access | None = None) -> Batch:
        """The first 25 reviews, since each takes one of the two hundred calls an hour."""
        line = _line(self._settings, access, now)
        mentions: list[Mention] = []
        dead: list[DeadItem] = []
        withdrawn: list[str] = []
        reviews = list(dict.fromkeys(one.removesuffix(f"/{_ANSWER}") for one in native_ids))

        def look(part: Sequence[str]) -> None:
            package, _, review_id = part[0].partition("/")
            found = _get(line, package, review_id)
            there = [] if found is None else _mentions(found, package, now, dead)
            mentions.extend(there)
            if not dead or dead[-1].native_id != part[0]:
                gone = {part[0], f"{part[0]}/{_ANSWER}"} - {one.native_id for one in there}
                withdrawn.extend(one for one in native_ids if one in gone)

        looking = Looking()
        looking.at(reviews[:_RECHECKED], 1, look)
        for package in {one.partition("/")[0] for one in withdrawn}:
            # Where the whole app is hidden from us, its reviews are not gone: then this is refused.
            _listed(line, package, "", most=1)
        later = {*looking.left, *reviews[_RECHECKED:]}
        return Batch(
            mentions=mentions,
            dead=dead,
            withdrawn=withdrawn,
            left=[one for one in native_ids if one.removesuffix(f"/{_ANSWER}") in later],
            stopped=looking.stopped,
            seen=len(mentions),
            session=line.fresh,
        )

    def prove(self, access: Access, *, now: datetime) -> str:
        """The service account's address. Whether it may see an app is told by testing a source."""
        _line(self._settings, access, now).sign_in()
        return str(_key(access)["client_email"])

    def capability(self, mention: Mention, access: Access | None) -> Capability:
        """Every review can be answered."""
        if mention.own:
            return Capability.NONE
        return Capability.API if access is not None and access.secrets.get("service_account") else Capability.MANUAL

    def measure(self, text: str, mention: Mention, access: Access | None) -> ReplyRules:  # noqa: ARG002 - the same for all
        """Characters, of 350."""
        warnings = []
        if mention.raw.get("answered"):
            warnings.append("the review has an answer of ours already, which this one replaces")
        if _MARKUP.search(text):
            warnings.append("Google Play takes out what looks like HTML")
        return ReplyRules(used=len(text.strip()), limit=LIMIT, warnings=tuple(warnings))

    def reply(self, mention: Mention, text: str, *, key: str, now: datetime, access: Access) -> SentReply:  # noqa: ARG002 - the same answer twice is one
        """Set the answer to ``mention``; one that was there is replaced."""
        package, review_id = _identity(mention)
        line = _line(self._settings, access, now)
        body = {"replyText": text}
        request = _reviews().reply(packageName=package, reviewId=review_id, body=body)
        answer = line.call(request, "answer", Manner(signed=True, doubtful=True))
        result = answer.get("result")
        if not isinstance(result, dict):
            raise InDoubtError(
                f"Google Play did not say whether the answer to {mention.native_id} was taken",
                problem=Problem.NOT_READABLE,
            )
        return SentReply(
            native_id=f"{mention.native_id}/{_ANSWER}",
            permalink=mention.permalink,
            sent_at=_moment(result.get("lastEdited"), now) or now,
            session=line.fresh,
        )

    def find_reply(
        self, mention: Mention, text: str, *, since: datetime, now: datetime, access: Access
    ) -> SentReply | None:
        """The answer that the review has now."""
        package, review_id = _identity(mention)
        line = _line(self._settings, access, now)
        found = _get(line, package, review_id)
        answer = next((one for one in _mentions(found, package, now, []) if one.own), None) if found else None
        if answer is None or plain_words(answer.text) != plain_words(text):
            return None
        if answer.published_at is not None and answer.published_at < since - _CLOCKS:
            return None
        return SentReply(
            native_id=answer.native_id,
            permalink=answer.permalink,
            sent_at=answer.published_at,
            session=line.fresh,
        )


def _place(source: Source) -> tuple[str, Matches]:
    """The package's name, and the filter."""
    found = _PACKAGE.fullmatch(source.address.strip())
    if found is None:
        raise PermanentError(
            f"source '{source.name}': '{source.address}' is no app; write its package name, as in id.go.kota.layanan",
            problem=Problem.BAD_ADDRESS,
        )
    return found[1], filter_of(source)


def _key(access: Access | None) -> dict[str, Any]:
    text = "" if access is None else access.secrets.get("service_account", "")
    if not text.strip():
        raise PermanentError("Google Play wants a service account's key", problem=Problem.NO_CREDENTIAL)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.get("client_email") or not found.get("private_key"):
        raise PermanentError(
            "Google Play: the credential holds no service account's key; copy the whole JSON file",
            problem=Problem.REFUSED_CREDENTIAL,
        )
    return found


def _line(settings: CollectorSettings, access: Access | None, now: datetime) -> Line:
    # Where tokens are is not the file's to say: it would get our signature.
    info = {**_key(access), "token_uri": _TOKENS}
    try:
        keys = Credentials.from_service_account_info(info, scopes=[_SCOPE])
    except ValueError as error:
        raise PermanentError(
            "Google Play: the service account's key cannot be read; make a new one", problem=Problem.REFUSED_CREDENTIAL
        ) from error
    return Line(settings, access or Access(name=""), name="Google Play", now=now, keys=keys)


def _reviews() -> Any:
    return resource("androidpublisher", "v3", "reviews")


def _listed(line: Line, package: str, token: str, *, most: int = _PAGE) -> Listed:
    paged = {"token": token} if token else {}
    request = _reviews().list(packageName=package, maxResults=most, **paged)
    found = line.call(request, "reviews", Manner(signed=True, paged=bool(token)))
    items, pages = found.get("reviews", []), found.get("tokenPagination")
    if not isinstance(items, list):
        raise TransientError("Google Play: reviews are no list", problem=Problem.NOT_READABLE)
    following = pages.get("nextPageToken") if isinstance(pages, dict) else None
    times = [at for at in map(_changed, items) if at]
    return Listed(items=items, times=times, token=following if isinstance(following, str) else "")


def _get(line: Line, package: str, review_id: str) -> Any:
    """A review, None where Google shows it no more."""
    request = _reviews().get(packageName=package, reviewId=review_id)
    try:
        return line.call(request, f"review {review_id}", Manner(signed=True))
    except PermanentError as error:
        if error.problem is not Problem.NOT_FOUND:
            raise
        return None


def _gaps(read: float, now: datetime) -> list[Gap]:
    since = datetime.fromtimestamp(read, UTC)
    if not read or since >= now - REACH:
        return []
    reason = "Google shows reviews of the last seven days only, and nothing was read for longer"
    return [Gap(since=since, until=now - REACH, reason=reason)]


def _batch(
    step: Step,
    package: str,
    line: Line,
    now: datetime,
    brought: set[str],
    matches: Matches,
    cursor: Mapping[str, Any],
    gaps: Sequence[Gap],
) -> Batch:
    """A page; what came already in this reading is left out. Answers of ours go with every filter."""
    dead: list[DeadItem] = []
    found = [one for item in step.page.items for one in _mentions(item, package, now, dead)]
    fresh = {one.native_id: one for one in found if one.native_id not in brought}
    brought.update(fresh)
    return Batch(
        mentions=[one for one in fresh.values() if one.own or matches(one.body)],
        dead=dead,
        seen=len(step.page.items),
        cursor=cursor,
        gaps=gaps,
        session=line.fresh,
    )


def _mentions(item: Any, package: str, now: datetime, dead: list[DeadItem]) -> list[Mention]:
    """A review and its answer; one that cannot be read goes to ``dead``."""
    try:
        review = _review(item, package, now)
    except ValueError as error:
        found = item.get("reviewId") if isinstance(item, dict) else ""
        native_id = f"{package}/{found}" if found else ""
        raw = {"item": storable_deep(item), "package": package}
        dead.append(DeadItem(reason=str(error), native_id=native_id, raw=raw))
        return []
    answer = _comment(item, "developerComment")
    text = answer.get("text") if answer is not None else None
    if answer is None or not isinstance(text, str):
        return [review]
    ours = Mention(
        platform="play",
        native_id=f"{review.native_id}/{_ANSWER}",
        text=tidy(text),
        collected_at=now,
        published_at=_moment(answer.get("lastModified"), now),
        permalink=review.permalink,
        parent=review.native_id,
        root=review.native_id,
        own=True,
        raw=storable_deep(answer),
    )
    return [replace(review, raw={**review.raw, "answered": True}), ours]


def _review(item: Any, package: str, now: datetime) -> Mention:
    """Raises ValueError for what is no review with a text.

    Stars begin the title: staff judge a review by them, and a changed rating is a version. On the shipped classifier
    they move a complaint's score by five hundredths at most.
    """
    review_id = _word(item.get("reviewId")) if isinstance(item, dict) else ""
    said = _comment(item, "userComment")
    text = said.get("text") if said is not None else None
    if not review_id or said is None or not isinstance(text, str):
        raise ValueError("a review without an id or a text")
    head, tab, body = text.partition("\t")
    stars, author = said.get("starRating"), _word(item.get("authorName"))
    shown = "★" * stars + "☆" * (5 - stars) if isinstance(stars, int) and 1 <= stars <= 5 else ""  # noqa: PLR2004 - one to five
    return Mention(
        platform="play",
        native_id=f"{package}/{review_id}",
        title=" ".join([shown, *tidy(head if tab else "").split()]).strip(),
        text=tidy(body if tab else text),
        collected_at=now,
        published_at=_moment(said.get("lastModified"), now),
        author=Author(handle=author, name=author) if author else None,
        permalink=f"{_STORE}{package}&reviewId={review_id}",
        language=_word(said.get("reviewerLanguage")),
        reach=max(0, found) if isinstance(found := said.get("thumbsUpCount"), int) else 0,
        raw={**storable_deep(item), "stars": stars if shown else None},
    )


def _comment(item: Any, kind: str) -> Mapping[str, Any] | None:
    """The first comment of a kind: a review has one of each at most."""
    comments = item.get("comments") if isinstance(item, dict) else None
    found = (one.get(kind) for one in comments if isinstance(one, dict)) if isinstance(comments, list) else ()
    return next((one for one in found if isinstance(one, dict)), None)


def _changed(item: Any) -> float:
    said = _comment(item, "userComment")
    return 0.0 if said is None else _seconds(said.get("lastModified"))


def _seconds(stamp: Any) -> float:
    value = stamp.get("seconds") if isinstance(stamp, dict) else None
    try:
        return float(value) if isinstance(value, str | int) else 0.0
    except ValueError:
        return 0.0


def _moment(stamp: Any, now: datetime) -> datetime | None:
    try:
        return usable(datetime.fromtimestamp(_seconds(stamp), UTC), now)
    except (ValueError, OverflowError, OSError):
        return None


def _identity(mention: Mention) -> tuple[str, str]:
    package, slash, review_id = mention.native_id.partition("/")
    if not slash or mention.own:
        raise PermanentError(f"Google Play: {mention.native_id} is no review", problem=Problem.BAD_SETTINGS)
    return package, review_id


def _word(value: Any) -> str:
    return storable(value).strip() if isinstance(value, str) else ""
