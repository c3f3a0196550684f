"""A running service takes a new model without a restart, and judges the archive with it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from classifiers.onnx import SHIPPED_MODEL
from tests.e2e.harness import Feed, Sahut, eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

COMPLAINT = "Jalan Kenanga rusak parah dan berlubang, sudah tiga bulan tidak diperbaiki, tolong segera ditangani!"


def add_version(sahut: Sahut, name: str) -> None:
    """The shipped weights under another name."""
    folder = Path(sahut.environment["SAHUT_VAR_DIR"]) / "models" / name
    folder.mkdir(parents=True)
    for path in SHIPPED_MODEL.iterdir():
        if path.name != "card.json":
            (folder / path.name).symlink_to(path)
    card = json.loads((SHIPPED_MODEL / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {"name": "own", "version": name}), encoding="utf-8")


def latest_walk(sahut: Sahut) -> dict[str, Any]:
    walk: dict[str, Any] = json.loads(sahut.command("reassess", "--status", "--json"))[0]
    return walk


def mention(sahut: Sahut, token: str) -> dict[str, Any]:
    with sahut.api(token) as api:
        (found,) = api.get("/mentions").json()["items"]
    assert isinstance(found, dict)
    return found


def test_the_archive_follows_the_model_while_the_service_runs(sahut: Sahut, site: Feed) -> None:
    site.add("Keluhan warga Kenanga", COMPLAINT)
    service = sahut.start("run", "--no-demo")
    sahut.password()
    sahut.ready()
    sahut.command("source", "add", "feed", site.url, "--every", "60")
    token = sahut.key()
    eventually("it is judged", lambda: judged(sahut, token))
    assert sahut.stop(service, signal.SIGTERM) == 0

    sahut.environment["SAHUT_MODEL"] = "onnx"
    sahut.start("run")
    sahut.ready()
    first = json.loads(sahut.command("reassess", "--background", "--json"))
    assert (first["state"], first["total"]) == ("running", 1)
    eventually("the service has walked the archive", lambda: latest_walk(sahut)["state"] == "done")
    assert mention(sahut, token)["state"] == "flagged"

    add_version(sahut, "neu")
    sahut.command("model", "use", "neu", "--force")
    second = json.loads(sahut.command("reassess", "--background", "--json"))
    assert second["model"] == "own@neu"
    eventually("the new model has walked it", lambda: latest_walk(sahut)["state"] == "done")
    done = latest_walk(sahut)
    assert (done["walk"], done["judged"], done["failed"]) == (second["walk"], 1, 0)

    sahut.command("model", "rollback")
    assert [one["version"] for one in json.loads(sahut.command("model", "list", "--json")) if one["current"]] == [
        "shipped"
    ]


def judged(sahut: Sahut, token: str) -> bool:
    with sahut.api(token) as api:
        items = api.get("/mentions").json()["items"]
    return bool(items) and items[0]["state"] != "collected"
