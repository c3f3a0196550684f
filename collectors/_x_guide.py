"""What X wants of who reads and answers there, and what is filled in to follow a place of it."""

from __future__ import annotations

from sahut.core.model import Currency, Guide, Need
from sahut.core.model.forms import FieldKind, FormField, PlaceSort, QueryUse, SourceForm

GUIDE = Guide(
    steps=(
        "Sign in on console.x.com with the agency's account, accept the terms and say what the data is for.",
        "Create a project and an app in it. Buy credits (pay per use) and set a spending limit there too.",
        "Leave automatic recharge off until you know what a month costs.",
        "To answer through Sahut, choose 'Read and write' under 'User authentication settings'.",
        "There choose 'Web App', with this board's /credentials/callback as callback; copy client ID and secret.",
        "Keep the credential with these, then sign in on its page as the account that answers. That is all; or else:",
        "Under 'Keys and tokens' make the access token and secret, signed in as the account that answers.",
        "Copy the bearer token, and for answers the four user keys; name your accounts, the one that answers first.",
        "Give the credential a budget in USD, for a day and for a month.",
        "To answer posts that do not name your account, ask X for a Public Utility app; until then those go by hand.",
    ),
    currencies=(Currency.USD,),
    needs=(
        Need(
            key="bearer_token",
            words="Bearer token of the app (console.x.com, Keys and tokens); not needed where you sign in by a browser",
            required=False,
        ),
        Need(
            key="accounts",
            words="Handles of your own accounts, with commas between; the first is the one that answers",
            secret=False,
        ),
        Need(
            key="client_id",
            words="OAuth 2.0 client ID of the app, to sign in by a browser instead of copying the account's keys",
            secret=False,
            required=False,
        ),
        Need(key="client_secret", words="OAuth 2.0 client secret; only of a confidential client", required=False),
        Need(key="api_key", words="API key (consumer key) of the app; only for answers", required=False),
        Need(key="api_key_secret", words="API key secret; only for answers", required=False),
        Need(key="access_token", words="Access token of the account that answers; only for answers", required=False),
        Need(key="access_token_secret", words="Access token secret; only for answers", required=False),
        Need(
            key="answers_anyone",
            words="'yes' where X has exempted the app (Enterprise, Public Utility): it may answer posts that do not "
            "mention you",
            secret=False,
            required=False,
        ),
    ),
)

FORM = SourceForm(
    places=(
        PlaceSort(key="mentions", words="posts that name our account", address="mentions"),
        PlaceSort(
            key="mentions_of",
            words="posts that name another account",
            address="mentions:@{}",
            asks=FormField(key="account", words="the account's name", required=True, example="DinasKota"),
        ),
        PlaceSort(key="search", words="X's search of the last seven days", address="search", query=QueryUse.SEARCH),
        PlaceSort(
            key="conversation",
            words="answers below one post",
            address="conversation:{}",
            asks=FormField(key="post", words="the post's number, or its address", required=True),
            query=QueryUse.NARROWS,
        ),
    ),
    options=(
        FormField(
            key="first_days",
            words="how many days back the first reading goes",
            help="Empty: one day for a search, seven for the others. X holds no more than seven.",
            kind=FieldKind.DAYS,
        ),
    ),
)
