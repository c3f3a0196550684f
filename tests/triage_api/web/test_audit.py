"""The auditor's page: entries in words, filters by who, what, object and day, and a door for those who check."""

from __future__ import annotations

from sahut.core.model import AuditFilter, Role
from tests.triage_api.conftest import World


def dismissed(world: World) -> int:
    (mention,) = world.flagged(1)
    body = {"mentions": [{"id": mention}], "reason": "spam"}
    assert world.program().post("/api/v1/decisions/dismiss", json=body).status_code == 201
    return mention


def test_an_auditor_reads_who_did_what_to_which_mention(world: World) -> None:
    mention = dismissed(world)
    client, _csrf = world.signed_in("budi")
    page = client.get("/audit").text
    assert "Sari Contoh" in page
    assert "Keputusan" in page
    assert f'<a href="/mentions/{mention}">' in page
    assert "reason: spam" in page
    assert 'href="/audit"' in client.get("/account").text


def test_filters_narrow_the_page_and_stay_filled_in(world: World) -> None:
    mention = dismissed(world)
    client, _csrf = world.signed_in("budi")
    link = f'<a href="/mentions/{mention}">'
    day = world.clock().date().isoformat()
    for query in (
        "act=decision",
        f"actor={world.users[Role.TRIAGE]}",
        f"kind=mention&key={mention}",
        f"since={day}&until={day}",
    ):
        assert link in client.get(f"/audit?{query}").text, query
    for query in ("act=export", f"actor={world.users[Role.ADMIN]}", "kind=ticket", "until=2020-01-01"):
        page = client.get(f"/audit?{query}").text
        assert link not in page, query
    assert 'value="2020-01-01"' in page


def test_what_an_address_says_wrongly_filters_nothing(world: World) -> None:
    mention = dismissed(world)
    client, _csrf = world.signed_in("budi")
    answer = client.get("/audit?act=%00%22%3E&actor=99999999999999999999&since=kemarin&until=31-12-2026")
    assert answer.status_code == 200
    assert f'<a href="/mentions/{mention}">' in answer.text


def test_who_only_works_finds_no_door_and_no_page(world: World) -> None:
    client, _csrf = world.signed_in("sari")
    assert client.get("/audit").status_code == 403
    assert 'href="/audit"' not in client.get("/account").text


def test_the_log_can_be_narrowed_to_every_kind_of_thing_that_stands_in_it(world: World) -> None:
    world.ticket()
    client, _ = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    with world.store.read() as tx:
        kinds = {entry.kind for entry in tx.audit.page(AuditFilter(), limit=50, after=None).items}
    page = client.get("/audit").text

    assert {"user", "mention", "ticket"} <= kinds
    assert [kind for kind in kinds if f'<option value="{kind}"' not in page] == []
    assert f"Akun {world.users[Role.ADMIN]}<" in client.get("/audit?kind=user").text
