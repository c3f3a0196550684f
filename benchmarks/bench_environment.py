"""Size of the installed environment: what ``make run`` puts on a disk.

Set-up: a fresh virtual environment from ``requirements/run.lock`` and Sahut itself, as the Makefile's ``run`` target
does it; files of Sahut's own folders (the shipped model among them) are added. Run: ``python
benchmarks/bench_environment.py``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from _result import save

ROOT = Path(__file__).parents[1]
OWN = ("sahut", "collectors", "classifiers", "storage", "triage_api", "config")
LIMIT_MB = 900


def size(folder: Path, *, compiled: bool = True) -> float:
    """Megabytes (10⁶ bytes) of the files below ``folder``, with or without compiled ones."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files if compiled or path.suffix != ".pyc") / 1e6


def main() -> None:
    """Install, measure, keep the result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
        subprocess.run([*pip, str(ROOT / "requirements" / "run.lock")], check=True)
        installed = size(folder)
        packages = next(folder.glob("lib/python*/site-packages"))
        largest = sorted(((size(one), one.name) for one in packages.iterdir() if one.is_dir()), reverse=True)
    own = sum(size(ROOT / package, compiled=False) for package in OWN)
    save(
        "environment",
        {
            "environment_mb": round(installed),
            "own_mb": round(own),
            "total_mb": round(installed + own),
            "limit_mb": LIMIT_MB,
            "largest_mb": {name: round(value) for value, name in largest[:8]},
        },
    )


if __name__ == "__main__":
    main()
