"""What Mastodon wants of who reads and answers there, and what is filled in to follow a place of it."""

from __future__ import annotations

from sahut.core.model import Guide, Need
from sahut.core.model.forms import FieldKind, FormField, PlaceSort, QueryUse, SourceForm

GUIDE = Guide(
    steps=(
        "Make an account for the agency on a Mastodon server, and confirm its e-mail address.",
        "There, under Preferences > Development, choose 'New application' and give it a name.",
        "Leave only the scopes read and write:statuses (read alone, where nothing is to be answered), and submit.",
        "Open the application and copy 'Your access token'. It does not run out.",
        "For search, the server needs full-text search; most large ones have it.",
    ),
    needs=(
        Need(key="base_url", words="the server's address, such as https://mastodon.social", secret=False),
        Need(key="access_token", words="'Your access token', on the application's page"),
    ),
)

FORM = SourceForm(
    places=(
        PlaceSort(
            key="hashtag",
            words="posts with a hashtag",
            address="#{}",
            asks=FormField(key="hashtag", words="the hashtag", required=True, example="lampujalan"),
        ),
        PlaceSort(key="mentions", words="posts that mention our account, and answers to it", address="mentions"),
        PlaceSort(
            key="account",
            words="what an account posts",
            address="@{}",
            asks=FormField(key="account", words="the account's name", required=True, example="admin@server.example"),
        ),
        PlaceSort(key="search", words="the server's search", address="search", query=QueryUse.SEARCH),
    ),
    options=(
        FormField(
            key="first_days",
            words="how many days back the first reading goes",
            kind=FieldKind.DAYS,
            default="7",
        ),
    ),
)
