"""What likely belongs together, through the API."""

from sahut.core.model import Annotation, Place, PlaceLevel, Role
from tests.builders import a_mention
from tests.triage_api.conftest import World

LAMP = "Lampu jalan di Jalan Melati padam sejak Senin, gelap sekali"
LAMP_TOO = "Jalan Melati gelap gulita pak. Lampunya mati sudah tiga malam"
MELATI = Annotation(place=Place(text="Jalan Melati", level=PlaceLevel.SPOT, area="32.73.02", name="Coblong"))


def two_of_one_trouble(world: World) -> tuple[int, int]:
    one, two = world.store_mentions([a_mention(text, platform="feed") for text in (LAMP, LAMP_TOO)], annotation=MELATI)
    return one, two


def test_a_mention_names_the_likely_ticket_with_reasons_and_is_merged_and_taken_out_again(each_world: World) -> None:
    one, two = two_of_one_trouble(each_world)
    ticket = each_world.ticket(one)
    client = each_world.program()
    (found,) = client.get(f"/api/v1/mentions/{two}/tickets").json()["items"]
    assert found["ticket"]["number"] == ticket["number"]
    assert (found["alike"]["place"], found["alike"]["topic"]) == ("same", True)
    assert 0.2 < found["alike"]["likeness"] < 1
    body = {"mentions": [{"id": two}], "ticket_id": found["ticket"]["id"]}
    merged = client.post("/api/v1/decisions/merge", json=body).json()
    assert client.get(f"/api/v1/mentions/{two}/tickets").json()["items"] == []
    assert client.post(f"/api/v1/decisions/{merged['decisions'][0]['id']}/undo").status_code == 200
    assert client.get(f"/api/v1/mentions/{two}").json()["state"] == "flagged"


def test_mentions_of_the_same_trouble_are_listed_with_reasons(each_world: World) -> None:
    one, two = two_of_one_trouble(each_world)
    (found,) = each_world.program(Role.AUDITOR).get(f"/api/v1/mentions/{two}/similar").json()["items"]
    assert found["mention"]["id"] == one
    assert found["alike"]["place"] == "same"


def test_a_unit_officer_is_told_of_neither(world: World) -> None:
    one, _ = two_of_one_trouble(world)
    world.ticket(one)
    for what in ("tickets", "similar"):
        assert world.program(Role.UNIT).get(f"/api/v1/mentions/{one}/{what}").status_code == 403
