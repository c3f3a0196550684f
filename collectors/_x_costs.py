"""What following a place on X will cost: X's count of posts, by its price list."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from collectors import _x_posts as posts
from collectors._x_client import COUNTS, POST, USER, Meter, XClient, as_user, ask
from collectors._x_replies import SUMMONED, UNSUMMONED, exempt
from sahut.core.errors import TransientError
from sahut.core.model import Access, ConversationPolicy, Currency, Forecast, Problem

# Of which X counts posts unless told otherwise.
_COUNTED = timedelta(days=7)
_DAY = timedelta(days=1)


def forecast(
    client: XClient,
    query: str,
    access: Access,
    policy: ConversationPolicy,
    *,
    each: float,
    first: timedelta,
    by_name: bool,
    now: datetime,
) -> Forecast:
    """One call, paid from the purse. ``each`` is the price of a post read there without its author.

    ``by_name``: all that is read names our account, and may be answered. Raises TransientError, PermanentError.
    """
    meter = Meter(access, now)
    with meter.room(COUNTS):
        call = partial(client.get_recent_tweets_count, query, granularity="day")
        answer = ask(client, "count of recent posts", now, call)
        meter.charge(COUNTS)
    total = (answer.get("meta") or {}).get("total_tweet_count")
    if not isinstance(total, int) or total < 0:
        raise TransientError("X: count of recent posts: X gave no number", problem=Problem.NOT_READABLE)
    caps = policy.caps_for("x")
    reply = 0.0
    if as_user(access) and (by_name or exempt(access)):
        reply = SUMMONED if by_name else UNSUMMONED
    return Forecast(
        currency=Currency.USD,
        finds=total * (_DAY / _COUNTED),
        each=each + USER,
        dearest=posts.DEAREST - POST + each,
        # A look-up is no reading of our own timeline, whatever brought the post.
        again=POST + USER,
        around=(caps.above + caps.beside) * posts.DEAREST,
        reply=reply,
        first_days=first / _DAY,
        asked=COUNTS,
    )
