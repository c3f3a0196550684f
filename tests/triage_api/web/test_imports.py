"""Bringing a file on the board and by the API: what would come in, columns, reading it in; with the real worker."""

from __future__ import annotations

import io
import json
from pathlib import Path
from threading import Event
from typing import Any

import axe_playwright_python
import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook

from collectors.files import FileCollector
from collectors.registry import CollectorSettings
from sahut import importing
from sahut.core import bringing
from sahut.core.model import MentionFilter, Role
from sahut.core.model.imports import FileImport, ImportState
from tests.fakes import FakeQueue
from tests.triage_api.conftest import Maker, World
from tests.triage_api.web.conftest import Visitors
from triage_api.web import import_words

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
CSV = (
    b"Isi Laporan;Tanggal;NIK\n"
    b"Lampu jalan padam, hubungi 081234567890;24/11/2026;3201\n"
    b"Sampah menumpuk;23/11/2026;3202\n"
    b";;3203\n"
)


@pytest.fixture
def desk(world: World) -> tuple[TestClient, str]:
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    return client, csrf


def work(world: World) -> None:
    """What a worker does when it is rung for."""
    reader = FileCollector(CollectorSettings())
    importing.work(store=world.store, collector=reader, clock=world.clock, stop=Event())


def send(desk: tuple[TestClient, str], data: bytes = CSV, name: str = "laporan.csv", **over: str) -> Any:
    client, csrf = desk
    return client.post("/imports", data={"csrf": csrf, **over}, files={"file": (name, data, "text/csv")})


def latest(world: World) -> FileImport:
    with world.store.read() as tx:
        return tx.imports.recent(1)[0]


def stored(world: World) -> int:
    with world.store.read() as tx:
        return tx.mentions.count(MentionFilter(), cap=1_000)


def a_workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Isi Laporan", "Tanggal"])
    sheet.append(["Jalan berlubang", "24/11/2026"])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_a_file_is_looked_through_shown_and_read_in(world: World, desk: tuple[TestClient, str]) -> None:
    client, csrf = desk
    where = send(desk).headers["location"]
    assert "Sedang diperiksa" in client.get(where).text
    work(world)
    shown = client.get(where).text
    assert "Sudah diperiksa, belum dimasukkan" in shown
    assert "Lampu jalan padam" in shown
    assert "081234567890" not in shown
    assert "Baris 4: isi dan judulnya kosong" in shown
    assert '<option value="NIK" >' in shown
    assert stored(world) == 0

    item = latest(world)
    form = {"csrf": csrf, "version": str(item.version), "source": item.source, "query": "", "zone": "WITA", "key": "a"}
    for _ in range(2):
        assert client.post(f"{where}/start", data=form).headers["location"] == where
    assert "Sedang dimasukkan" in client.get(where).text
    work(world)
    assert (stored(world), latest(world).state) == (2, ImportState.DONE)
    assert "Berkasnya sudah masuk" in client.get(where).text
    with world.store.read() as tx:
        source = tx.sources.find("laporan")
        assert source is not None
        assert source.options["zone"] == "WITA"
        assert list(tx.imports.parts(item.id)) == []
    assert client.post(f"{where}/start", data={**form, "key": "b", "version": "9"}).status_code == 409


def test_another_column_is_chosen_and_the_file_looked_through_again(world: World, desk: tuple[TestClient, str]) -> None:
    client, csrf = desk
    where = send(desk, b"Keterangan;Kapan\nLampu padam;24/11/2026\n").headers["location"]
    work(world)
    shown = client.get(where).text
    assert "Kolom isinya tidak dikenali." in shown
    assert "Masukkan sekarang" not in shown
    form = {"csrf": csrf, "version": str(latest(world).version), "column.text": "Keterangan", "column.at": "Kapan"}
    client.post(f"{where}/check", data=form)
    work(world)

    assert "Masukkan sekarang" in client.get(where).text
    assert latest(world).found["columns"] == {"text": "Keterangan", "at": "Kapan"}


def test_a_spreadsheet_is_taken_whatever_it_is_called(world: World, desk: tuple[TestClient, str]) -> None:
    send(desk, a_workbook(), "aduan.dat")
    work(world)

    assert latest(world).error == ""
    assert latest(world).found["counts"]["new"] == 1


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "kosong.csv"),
        (b"%PDF-1.7 ...", "laporan.csv"),
        (b"<!DOCTYPE html><html>", "laporan.csv"),
        (b"\x7fELF\x02\x01\x01\x00\x00" + bytes(range(256)), "laporan.csv"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "laporan.xlsx"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_holds_and_nothing_is_kept(
    world: World, desk: tuple[TestClient, str], data: bytes, name: str
) -> None:
    answer = send(desk, data, name)

    assert answer.status_code == 422
    assert 'id="file-fault"' in answer.text
    with world.store.read() as tx:
        assert tx.imports.recent(5) == []


def test_a_form_without_a_file_says_so(desk: tuple[TestClient, str]) -> None:
    client, csrf = desk
    answer = client.post("/imports", data={"csrf": csrf})

    assert (answer.status_code, "Pilih berkasnya dahulu." in answer.text) == (422, True)


def test_only_the_path_for_files_takes_more_than_a_request_may_have(make_world: Maker) -> None:
    world = make_world(max_body=2_000, max_upload=20_000)
    client, csrf = world.signed_in("admin")
    client.headers["accept"] = "text/html"
    client.follow_redirects = False
    row = b"Lampu padam;24/11/2026\n"

    assert send((client, csrf), b"Isi;Tanggal\n" + row * 400).status_code == 303
    assert send((client, csrf), b"Isi;Tanggal\n" + row * 4_000).status_code == 413
    assert client.post("/sources", data={"csrf": csrf, "name": "a" * 3_000}).status_code == 413


def test_only_who_manages_brings_files_and_only_from_a_page_of_ours(world: World, desk: tuple[TestClient, str]) -> None:
    client, _ = desk
    assert client.post("/imports", data={"csrf": "x"}, files={"file": ("a.csv", CSV)}).status_code == 403
    other, csrf = world.signed_in("sari")
    other.headers["accept"] = "text/html"
    assert other.get("/imports").status_code == 403
    assert send((other, csrf)).status_code == 403
    with world.store.read() as tx:
        assert tx.imports.recent(5) == []


def test_the_sample_is_a_file_that_can_be_brought(world: World, desk: tuple[TestClient, str]) -> None:
    client, _ = desk
    sample = client.get("/imports/sample.csv")
    assert sample.headers["content-disposition"].startswith("attachment")
    send(desk, sample.content)
    work(world)

    found = latest(world).found
    assert (found["counts"]["new"], found["counts"]["unreadable"]) == (2, 0)
    assert set(found["columns"]) == {"id", "title", "text", "at", "time", "author_name"}


def test_every_field_that_a_column_may_be_has_a_name_and_is_one_that_is_read() -> None:
    from collectors._columns import FIELDS

    assert set(bringing.FIELDS) == set(FIELDS)
    assert len({import_words.field(one) for one in bringing.FIELDS}) == len(FIELDS)


def test_the_api_brings_looks_through_and_reads_in(world: World) -> None:
    admin = world.program(Role.ADMIN)
    brought = {"name": "C:\\aduan\\laporan.csv", "source": "Laporan"}
    first, again = (
        admin.post("/api/v1/imports", params=brought, content=CSV, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (first.status_code, first.json()["file"], first.json()["state"]) == (201, "laporan.csv", "checking")
    assert (again.json()["id"], again.headers["idempotency-replayed"]) == (first.json()["id"], "true")
    url = f"/api/v1/imports/{first.json()['id']}"
    assert admin.post(f"{url}/start", json={}).status_code == 409
    work(world)
    told = admin.get(url).json()
    assert (told["state"], told["counts"]["new"], told["not_read"]) == ("checked", 2, ["NIK"])
    assert "081234567890" not in json.dumps(told)
    stale = admin.post(f"{url}/start", json={"version": 1})
    assert stale.status_code == 409
    assert admin.post(f"{url}/check", json={"columns": {"telepon": "NIK"}}).status_code == 422
    started = admin.post(f"{url}/start", json={"version": told["version"], "columns": {"title": ""}})
    assert started.json()["state"] == "importing"
    work(world)
    assert (admin.get(url).json()["state"], stored(world)) == ("done", 2)
    assert [one["id"] for one in admin.get("/api/v1/imports").json()["items"]] == [first.json()["id"]]
    assert admin.delete(url).status_code == 204
    assert admin.get(url).status_code == 404
    assert stored(world) == 2
    assert admin.post("/api/v1/imports", content=b"%PDF").status_code == 422
    assert world.program(Role.TRIAGE).post("/api/v1/imports", content=CSV).status_code == 403


def test_a_worker_is_rung_for(sqlite_store: Any, clock: Any) -> None:
    queue = FakeQueue()
    world = World(sqlite_store, clock, queue=queue)
    world.program(Role.ADMIN).post("/api/v1/imports", content=CSV)

    assert [job for job, _key in queue.rings] == ["import"]


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_file_is_brought_in_the_browser(world: World, visitors: Visitors, scripts: bool) -> None:
    page = visitors.sign_in("admin", width=360, java_script_enabled=scripts)
    page.get_by_role("link", name="Sumber", exact=True).click()
    page.get_by_role("link", name="Impor berkas").click()
    page.get_by_label("Berkas", exact=True).set_input_files(
        {"name": "laporan.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("button", name="Kirim dan periksa").click()
    page.get_by_role("heading", name="Sedang diperiksa").wait_for()
    work(world)
    if not scripts:
        page.get_by_role("link", name="Perbarui").click()
    page.get_by_role("heading", name="Yang akan masuk").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Masukkan sekarang").click()
    page.get_by_role("heading", name="Sedang dimasukkan").wait_for()
    work(world)
    if not scripts:
        page.get_by_role("link", name="Perbarui").click()
    page.get_by_text("Berkasnya sudah masuk").wait_for()

    assert stored(world) == 2
    assert visitors.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_the_pages_of_files_have_no_fault_for_those_who_cannot_see_them(
    world: World, visitors: Visitors, desk: tuple[TestClient, str], width: int, theme: str
) -> None:
    where = send(desk).headers["location"]
    page = visitors.sign_in("admin", width=width, color_scheme=theme, bypass_csp=True)
    for step in range(2):
        for path in ("/imports", where):
            page.goto(path)
            page.evaluate(AXE)
            assert page.evaluate("axe.run().then(result => result.violations.map(one => one.id))") == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if step == 0:
            work(world)
