"""Place, language and masked personal data, in the API and on the board."""

import pytest

from sahut.core.model import Annotation, Area, Language, Place, PlaceLevel
from tests.builders import a_mention
from tests.triage_api.conftest import World

STREET = Place(text="Jl. Melati", level=PlaceLevel.SPOT, area="32.73.02", name="Coblong, Kota Bandung, Jawa Barat")
TOWN = Place(text="Kota Bandung", level=PlaceLevel.REGENCY, code="32.73", name="Kota Bandung, Jawa Barat", area="32.73")
EITHER = Place(
    text="Bandung",
    level=PlaceLevel.REGENCY,
    area="32",
    name="Jawa Barat",
    candidates=(
        Area(code="32.04", name="Kabupaten Bandung, Jawa Barat"),
        Area(code="32.73", name="Kota Bandung, Jawa Barat"),
    ),
)


def put(world: World, text: str, place: Place | None = None, spoken: Language | None = None, **over: str) -> int:
    mention = a_mention(text, platform="feed", **over)
    (made,) = world.store_mentions([mention], annotation=Annotation(place=place, language=spoken))
    return made


def test_a_mention_tells_its_place_and_the_language_of_its_text(each_world: World) -> None:
    made = put(each_world, "Bandung gelap", EITHER, Language.SUNDANESE, language="en")
    plain = put(each_world, "gelap sekali")
    client = each_world.program()
    items = {item["id"]: item for item in client.get("/api/v1/mentions").json()["items"]}

    assert items[made]["place"] == {
        "text": "Bandung",
        "level": "regency",
        "code": "",
        "name": "Jawa Barat",
        "area": "32",
        "candidates": [
            {"code": "32.04", "name": "Kabupaten Bandung, Jawa Barat"},
            {"code": "32.73", "name": "Kota Bandung, Jawa Barat"},
        ],
    }
    assert items[made]["language"] == "su", "the text's, not what its platform says"
    assert (items[plain]["place"], items[plain]["language"]) == (None, None)
    assert client.get(f"/api/v1/mentions/{made}").json()["place"]["area"] == "32"


def test_the_list_narrows_to_an_area_and_to_languages(each_world: World) -> None:
    street = put(each_world, "lampu padam satu", STREET, Language.INDONESIAN)
    town = put(each_world, "lampu padam dua", TOWN, Language.JAVANESE)
    either = put(each_world, "lampu padam tiga", EITHER)
    client = each_world.program()

    def ids(**params: str | list[str]) -> set[int]:
        answer = client.get("/api/v1/mentions", params=params)
        assert answer.status_code == 200, answer.text
        return {record["id"] for record in answer.json()["items"]}

    assert ids(area="32") == {street, town, either}
    assert ids(area="32.73") == {street, town}
    assert ids(area="32.73.02.1001") == set()
    assert ids(language="jv") == {town}
    assert ids(language=["jv", "id"]) == {town, street}
    assert ids(language="id", area="32.73") == {street}


@pytest.mark.parametrize("params", [{"area": "Bandung"}, {"area": "32.7"}, {"area": "%"}, {"language": "xx"}])
def test_an_area_or_language_that_is_none_is_refused(world: World, params: dict[str, str]) -> None:
    assert world.program().get("/api/v1/mentions", params=params).status_code == 422


def test_lists_mask_personal_data_and_keep_every_position(each_world: World) -> None:
    said = "hp saya 0812-3456-7890, surel budi@kantor.example.id"
    made = put(each_world, said, title="NIK 3273014508990003 ditolak")
    client = each_world.program()
    (item,) = client.get("/api/v1/mentions").json()["items"]

    assert item["title"] == "NIK ••••••••••••0003 ditolak"
    assert item["text"] == "hp saya ••••-••••-•890, surel b•••@kantor.example.id"
    assert len(item["text"]) == len(said)
    assert client.get(f"/api/v1/mentions/{made}").json()["text"] == item["text"]
    ticket = each_world.ticket(made)
    shown = client.get(f"/api/v1/tickets/{ticket['id']}").json()
    assert shown["mentions"][0]["text"] == item["text"]


def test_the_board_shows_places_and_masks_its_lists(world: World) -> None:
    made = put(world, "Jl. Melati gelap, hubungi 0812\u200b3456 7890", STREET, Language.INDONESIAN)
    world.tie(put(world, "Jl. Melati gelap sekali, hubungi 0812 3456 7890"), made)
    client, _ = world.signed_in()
    queue = client.get("/").text
    copies = client.get(f"/mentions/{made}/copies").text
    detail = client.get(f"/mentions/{made}").text

    assert "Jl. Melati, Coblong, Kota Bandung" in queue
    assert "•890" in queue
    assert "7890" not in queue
    assert "7890" not in copies
    assert "7890" not in detail, "to open it is an act of its own, which is written down"
    assert "di Coblong, Kota Bandung, Jawa Barat" in detail
    assert "Bahasa" in detail
    assert "Indonesia" in detail


def test_the_board_lists_what_an_ambiguous_name_may_mean(world: World) -> None:
    client, _ = world.signed_in()
    either = client.get(f"/mentions/{put(world, 'Bandung gelap', EITHER)}").text
    assert "Kabupaten Bandung, Jawa Barat (32.04)" in either
    assert "Kota Bandung, Jawa Barat (32.73)" in either
    town = client.get(f"/mentions/{put(world, 'Kota Bandung gelap', TOWN)}").text
    assert "Kota Bandung, Jawa Barat (32.73)" in town
