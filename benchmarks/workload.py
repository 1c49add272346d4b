"""What a module of ``benchmarks.workloads`` has, and which modules there are."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from benchmarks.bench import Bench
from benchmarks.results import Figure

WORKLOADS: Final = (
    "serial",
    "serial_effects",
    "concurrent",
    "fan_out",
    "nested",
    "replay",
    "suspended",
    "cpu_bound",
    "python_guests",
    "js_guests",
    "submit",
    "webhook",
    "start",
    "cli",
    "memory",
    "growth",
    "otlp",
    "signals",
)
"""Names of modules, in the order in which they run."""


class Workload(Protocol):
    """Such a module."""

    NAME: str
    """What it is called on the command line."""
    SUMMARY: str
    """One line: the work, and how its time is taken."""

    async def measure(self, bench: Bench) -> Sequence[Figure]:
        """Do the work and return what was found. Raises ``UnavailableError`` when this machine lacks something for it."""


def workloads() -> list[Workload]:
    """Return all of them."""
    return [cast("Workload", import_module(f"benchmarks.workloads.{name}")) for name in WORKLOADS]
