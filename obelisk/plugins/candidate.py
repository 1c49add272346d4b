"""Plugins that were found, and what is known of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from enum import Enum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from msgspec import Struct

from obelisk import __version__
from obelisk.markers import ENTRY_POINT_GROUP, PROJECT

BUILT_INS = (
    "obelisk.builtin.memory_storage",
    "obelisk.builtin.console_exporter",
    "obelisk.builtin.file_source",
    "obelisk.builtin.stub_activity",
    "obelisk.builtin.wasm_activity",
    "obelisk.builtin.wasm_workflow",
)


class Origin(Enum):
    """Where a plugin comes from, or why it is not there."""

    BUILT_IN = "built-in"
    INSTALLED = "installed"
    FILE = "file"
    DISABLED = "disabled"
    BROKEN = "broken"


class PluginInfo(Struct, frozen=True):
    """What there is to know about a plugin.

    ``distribution`` is the path of a plugin that is a file. ``offers`` holds texts such as ``storage:sqlite``.
    """

    name: str
    version: str
    distribution: str
    origin: Origin
    offers: tuple[str, ...] = ()
    error: str | None = None


class Candidate(Struct, frozen=True):
    """A plugin that was found and not loaded yet; ``path`` is that of a plugin that is one file."""

    name: str
    distribution: str
    version: str
    origin: Origin
    load: Callable[[], object]
    path: Path | None = None

    @property
    def label(self) -> str:
        """The plugin as messages name it."""
        return f"plugin `{self.name}` from {self.distribution} {self.version}".rstrip()

    @property
    def remedy(self) -> str:
        """What a person does about a plugin that does not load."""
        if self.path is not None:
            return "correct the file, or take it out of `[plugins] files`"
        return f'correct it, uninstall it, or disable it with `[plugins] disabled = ["{self.name}"]`'


def find_plugins(*, built_ins: bool = True) -> list[Candidate]:
    """Return the built-in plugins, then the installed ones in the order of their names."""
    found = [_built_in(module) for module in BUILT_INS] if built_ins else []
    installed = (_installed(point) for point in entry_points(group=ENTRY_POINT_GROUP))
    return found + sorted(installed, key=lambda candidate: (candidate.name, candidate.distribution))


def _built_in(module: str) -> Candidate:
    name = module.rpartition(".")[2]
    return Candidate(name, PROJECT, __version__, Origin.BUILT_IN, lambda: importlib.import_module(module))


def _installed(point: EntryPoint) -> Candidate:
    if point.dist is None:
        return Candidate(point.name, "an unknown distribution", "", Origin.INSTALLED, point.load)
    metadata = point.dist.metadata  # read and parsed each time that it is asked for
    return Candidate(point.name, metadata["Name"], metadata["Version"], Origin.INSTALLED, point.load)
