"""Writes what took long into a file: the table ``[slow_log]``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from msgspec import Struct
from obelisk import hookimpl
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.settings import Duration


class SlowLogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Writes what took long into a file, one line of JSON for each span, and log records and metrics as they come.

    * ``path``: the file. Lines are appended.
    * ``threshold``: spans that took less are left out.
    """

    path: Path = Path("${DATA_DIR}/slow_log.jsonl")
    threshold: Duration = Duration(seconds=1)

    def __post_init__(self) -> None:
        if self.threshold < Duration(0):
            raise ValueError(f"`threshold`: expected at least 0 s, found {self.threshold.total_seconds():g} s")


def _open(settings: SlowLogSettings, host: Host) -> AbstractAsyncContextManager[Exporter]:
    # Heavy imports belong here: this module is imported to list plugins, too.
    from obelisk_slow_log.exporter import open_exporter

    return open_exporter(settings, host)


@hookimpl
def obelisk_register_exporter() -> Sequence[Provider[SlowLogSettings, Exporter]]:
    """Offer ``[slow_log]``."""
    return [Provider("slow_log", "Writes what took long into a file.", SlowLogSettings, _open)]
