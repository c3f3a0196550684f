"""`sahut evaluate`: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from classifiers.onnx import SHIPPED_MODEL
from sahut.core.model import Kind

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
COMPLAINTS = [
    "jalan rusak parah di depan pasar",
    "lampu padam tiga malam",
    "air mati sejak pagi",
    "sampah menumpuk bau",
]
OTHERS = ["selamat pagi semua", "banjir orderan hari ini", "besok libur panjang", "nonton bola yuk"]


def sahut(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAHUT_")}
    return subprocess.run(
        [sys.executable, "-m", "sahut", "evaluate", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "160", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labelled rows: enough of both kinds in one source, few in the other."""
    folder = tmp_path_factory.mktemp("evaluate")
    rows = [(f"{text} nomor {n}", "complaint") for n in range(10) for text in COMPLAINTS]
    rows += [(f"{text} {n}", "other") for n in range(15) for text in OTHERS]
    lines = [f'"{text}",{kind},{"Warga" if at % 9 else "Kabar"}' for at, (text, kind) in enumerate(rows)]
    (folder / "rows.csv").write_text("\n".join(["text,kind,source", *lines]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def measured(folder: Path) -> subprocess.CompletedProcess[str]:
    return sahut(folder, "--data", "rows.csv", "--model", "keywords", "--recall", "0.8", "--out", "made/report")


def test_it_prints_figures_with_intervals_the_curve_and_the_cut_off(measured: subprocess.CompletedProcess[str]) -> None:
    assert measured.returncode == 0, measured.stderr
    lines = measured.stdout.splitlines()
    assert lines[0] == "100 rows of rows.csv, judged by keywords@1"
    recall = next(line.split() for line in lines if line.startswith("complaint recall"))
    assert float(recall[3]) <= float(recall[2]) <= float(recall[5])
    assert recall[6] == "100"
    for heading in ("The policy in force", "Precision and recall", "Cut-off for recall 0.80", "By source"):
        assert any(line.startswith(heading) for line in lines), heading


def test_the_proposal_is_valid_for_sahut_check(folder: Path, measured: subprocess.CompletedProcess[str]) -> None:
    pasted = measured.stdout.split("then run `sahut check`:\n")[1].split("\nBy source")[0]
    (folder / "mine.toml").write_text(pasted + '\n[[unit]]\ncode = "a"\nname = "A"\n', encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "sahut", "check"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SAHUT_POLICY": "mine.toml"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert "[flagging.sources]" in pasted
    assert '"Warga" = ' in pasted
    assert done.returncode == 0, done.stderr


def test_it_writes_the_report_and_the_plots_and_says_where(
    folder: Path, measured: subprocess.CompletedProcess[str]
) -> None:
    names = {"precision-recall", "reliability", "confusion-kind"}
    assert {file.name for file in (folder / "made/report").iterdir()} == {
        "report.html",
        *(f"{name}.{kind}" for name in names for kind in ("svg", "png")),
    }
    assert "7 files are in made/report; start with made/report/report.html." in measured.stderr
    assert COMPLAINTS[0] not in (folder / "made/report/report.html").read_text(encoding="utf-8")


def test_a_program_reads_json_without_texts_and_without_nan(folder: Path) -> None:
    done = sahut(folder, "--data", "rows.csv", "--model", "keywords", "--json", "--baseline")
    answer = json.loads(done.stdout, parse_constant=pytest.fail)

    assert (answer["rows"], answer["model"], answer["kinds"]) == (100, "keywords@1", ["complaint"])
    assert set(answer["figures"]["complaint F1"]) == {"value", "low", "high", "rows"}
    assert answer["baseline"]["complaint F1"]["value"] > 0.9
    assert answer["cut_off"]["effect"]["recall"]["value"] >= 0.9
    assert answer["policy_toml"].startswith("[flagging]")
    assert COMPLAINTS[0] not in done.stdout


def test_the_shipped_model_is_measured_by_default_and_a_folder_by_its_path(folder: Path) -> None:
    (folder / "few.csv").write_text(f"text,kind\n{COMPLAINTS[0]},complaint\n{OTHERS[0]},other\n", encoding="utf-8")
    default = sahut(folder, "--data", "few.csv", "--json")
    named = sahut(folder, "--data", "few.csv", "--json", "--model", str(SHIPPED_MODEL))

    assert json.loads(default.stdout)["figures"]["complaint F1"]["value"] == 1.0
    assert default.stdout == named.stdout


def test_every_fault_of_a_file_is_one_line_on_stderr(folder: Path) -> None:
    (folder / "bad.csv").write_text("text,kind,urgent\nhalo,gripe,0\nhalo,news,maybe\n", encoding="utf-8")

    done = sahut(folder, "--data", "bad.csv")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"error: bad.csv: row 2, column kind: 'gripe' is no kind (there are: {', '.join(Kind)})",
        "error: bad.csv: row 3, column urgent: 'maybe' is neither 0 nor 1",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--data", "none.csv"], 2, "'none.csv' does not exist"),
        (["--data", "rows.csv", "--recall", "1.5"], 2, "--recall"),
        (["--data", "rows.csv", "--show-texts"], 2, "name its folder with --out"),
        (["--data", "rows.csv", "--model", "keywords", "--out", "rows.csv/x"], 2, "Not a directory"),
        (["--data", "rows.csv", "--model", "models/none"], 2, "there is no such folder"),
        (["--data", "rows.csv", "--model", "oracle"], 1, "no classifier 'oracle'"),
        (["--data", "rows.csv", "--model", "."], 1, "no usable model card"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(folder: Path, arguments: list[str], code: int, said: str) -> None:
    done = sahut(folder, *arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_what_evaluating_needs_is_loaded_by_nothing_else(tmp_path: Path) -> None:
    script = (
        "import sys; from sahut import bootstrap; import sahut.cli\n"
        "settings = bootstrap.settings(); settings.var_dir.mkdir(parents=True, exist_ok=True)\n"
        "bootstrap.migrate(settings); made = bootstrap.parts(settings); bootstrap.web(settings, made)\n"
        "made.classifier().predict(['jalan rusak'])\n"
        "print(sorted({'sklearn', 'scipy', 'matplotlib'} & set(sys.modules)))\n"
        "from classifiers import evaluate; print('sklearn' in sys.modules)\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAHUT_")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"PYTHONPATH": str(ROOT), "SAHUT_VAR_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["[]", "False"]
