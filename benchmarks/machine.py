"""What a run has to say about the machine that it was made on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.places import ROOT
from benchmarks.results import Settings

DURABILITY = "SQLite WAL, synchronous=FULL"
"""That of Obelisk as it comes."""
UNKNOWN = "unknown"


def settings(directory: Path, *, rounds: int, quick: bool) -> Settings:
    """Return the settings of a run that keeps its files in ``directory``."""
    return Settings(
        date=datetime.now(UTC).replace(microsecond=0),
        cpu=_line_of(Path("/proc/cpuinfo"), "model name") or platform.processor() or UNKNOWN,
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        kernel=f"{platform.system()} {platform.release()}",
        filesystem=_filesystem(directory),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        sqlite=sqlite3.sqlite_version,
        obelisk=_revision(),
        durability=DURABILITY,
        load=os.getloadavg()[0],
        rounds=rounds,
        quick=quick,
    )


def _line_of(path: Path, key: str) -> str | None:
    if not path.exists():
        return None
    found = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for name, _, value in found if name.strip() == key), None)


def _filesystem(directory: Path) -> str:
    return _answer("stat", "--file-system", "--format=%T", str(directory))


def _revision() -> str:
    return _answer("git", "-C", str(ROOT), "describe", "--always", "--dirty")


def _answer(*command: str) -> str:
    """Return what a program says of the machine; a figure is not lost because the program is not installed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN
