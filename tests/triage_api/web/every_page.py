"""Every page of the board, taken from the app's own routes, in a world that has something to show on each."""

import re

from fastapi.routing import iter_route_contexts

from sahut.core.model import CredentialDraft, Role
from sahut.core.model.imports import ImportDraft
from tests.triage_api.conftest import World

# No pages: what machines read, downloads, and what only sends on.
NOT_PAGES = {
    "/static/{hashed_name}",
    "/guide/{name}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/queue/news",
    "/sources/opml",
    "/imports/sample.csv",
    "/sources/test",
    "/sources/estimate",
    "/credentials/callback",  # a platform's answer, which sends on
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/sign-in/code",  # there only between the two steps of signing in
}
# Said of mentions and people here: words that no language has.
TEXT = "Qwrtz plmkn vbxcz 123"


def fill(world: World) -> dict[str, str]:
    """What the routes' parameters stand for, once there is something of each kind."""
    one, two, three, four = world.flagged(4, TEXT, title="")
    world.tie(two, one)
    world.explain(one, "plmkn")
    reply = world.reply("Zxcvb qwert.", mention_id=four)
    assert world.act(reply, "submit").status_code == 200
    ticket = world.ticket(three)
    with world.store.begin() as tx:
        draft = CredentialDraft(name="Qwrtz", platform="mastodon", settings={"server": "https://a.example"})
        draft_of = ImportDraft(file="qwrtz.csv", source="Qwrtz")
        brought = tx.imports.add(draft_of, [b"text\nQwrtz\n"], by="Qwrtz", now=world.clock())
        credential = tx.credentials.add(draft, {"access_token": "x"}, world.clock())
    client, csrf = world.signed_in("admin")
    dismissed = world.flagged(1, TEXT + " 4")[0]
    done = client.post(
        "/api/v1/decisions/dismiss",
        json={"mentions": [{"id": dismissed}], "reason": "spam"},
        headers={"X-CSRF-Token": csrf},
    )
    assert done.status_code == 201, done.text
    asked = {"username": "qwrtz", "name": "Qwrtz", "role": "triage"}
    invited = client.post("/api/v1/users", json=asked, headers={"X-CSRF-Token": csrf})
    assert invited.status_code == 201, invited.text
    return {
        "token": invited.json()["link"].partition("token=")[2],
        "mention_id": str(one),
        "ticket_id": str(ticket["id"]),
        "reply_id": str(reply["id"]),
        "source_id": str(world.source.id),
        "user_id": str(world.users[Role.TRIAGE]),
        "credential_id": str(credential.id),
        "import_id": str(brought.id),
        "platform": "mastodon",
    }


def addresses(world: World) -> dict[str, str]:
    """Template → address of every page; fails for a route whose parameters nobody has filled."""
    known = fill(world)
    needed = {
        "/tickets/new": f"?pick={known['mention_id']}",
        "/mentions/merge": f"?pick={known['mention_id']}",
        "/welcome": f"?token={known['token']}",
    }
    found = {}
    for context in iter_route_contexts(world.app.routes):
        path = context.path or ""
        if "GET" not in (context.methods or ()) or path.startswith(("/api/", "/hooks/")) or path in NOT_PAGES:
            continue
        missing = set(re.findall(r"\{(\w+)\}", path)) - known.keys()
        assert not missing, f"{path}: say in tests/triage_api/web/every_page.py what {missing} may be"
        found[path] = path.format(**known) + needed.get(path, "")
    assert len(found) >= 15
    return found | {"a filtered queue": "/?q=zzzz", "nothing there": "/mentions/999999999", "filed": "/?state=filed"}
