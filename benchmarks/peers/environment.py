"""Where a peer is installed, apart from everything else, and which versions of what."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.places import ROOT

DIRECTORY_VARIABLE: Final = "OBELISK_BENCHMARK_PEERS"
"""The environment variable that names another directory for the peers."""
DIRECTORY: Final = ROOT / ".cache" / "peers"
INSTALL: Final = "python -m benchmarks peers install"
PROGRAMS: Final = Path(__file__).resolve().parent / "programs"


def peers_directory() -> Path:
    """Return where peers are installed: what the environment variable says, else a directory of the repository's."""
    named = os.environ.get(DIRECTORY_VARIABLE)
    return Path(named).absolute() if named else DIRECTORY


class Environment(Struct, frozen=True, kw_only=True):
    """Packages that are installed together in a directory called ``name``: those of PyPI, and those of npm."""

    name: str
    pip: tuple[str, ...]
    npm: tuple[str, ...] = ()

    def place(self, directory: Path | None = None) -> Path:
        """Return its own directory in that of all peers."""
        return (directory or peers_directory()) / self.name

    def stamp(self, directory: Path | None = None) -> Path:
        """Return the file that says what is installed; it is written last."""
        return self.place(directory) / "installed.json"

    def is_installed(self, directory: Path | None = None) -> bool:
        """Whether just these packages are there, and whole."""
        try:
            return msgspec.json.decode(self.stamp(directory).read_bytes(), type=Environment) == self
        except (OSError, msgspec.MsgspecError):
            return False

    def missing(self) -> str | None:
        """Return that it is not installed, and what installs it; ``None`` when it is."""
        if self.is_installed():
            return None
        return f"{', '.join((*self.pip, *self.npm))} is not installed in {self.place()}; `{INSTALL}` installs it"

    def executable(self, name: str, directory: Path | None = None) -> Path:
        """Return a program that a package from PyPI brings."""
        return self.place(directory) / "bin" / name

    def node_module(self, path: str) -> Path:
        """Return a file that a package from npm brings, by its path among the packages."""
        return self.place() / "node_modules" / path

    def program(self, name: str, *arguments: object) -> list[str]:
        """Return the command that runs one of our programs in this environment."""
        return [str(self.executable("python")), str(PROGRAMS / name), *map(str, arguments)]
