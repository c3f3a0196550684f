"""What every benchmark shares: where it ran, and where its result is kept."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """Processor, cores that this process may use, memory, Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def save(name: str, result: Mapping[str, Any], *, packages: tuple[str, ...] = ()) -> None:
    """Print the result and keep it as ``results/NAME.json``."""
    said = show(name, result, packages=packages)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(said + "\n", encoding="utf-8")


def show(name: str, result: Mapping[str, Any], *, packages: tuple[str, ...] = ()) -> str:
    """Print the result and keep nothing: a try at another size than the standard one. What was printed."""
    whole = {
        "bench": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": None if not hasattr(os, "getloadavg") else round(_LOAD, 2),
        "versions": {package: _version(package) for package in packages},
        **result,
    }
    said = json.dumps(whole, indent=2, ensure_ascii=False)
    print(said)
    return said


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


# A busy machine explains a poor figure, so the result says how busy it was before the bench began.
_LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
