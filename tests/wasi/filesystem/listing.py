"""What lies in directories."""

from __future__ import annotations

from pathlib import Path


def names(directory: Path) -> list[str]:
    """Return the names in a directory, sorted."""
    return sorted(path.name for path in directory.iterdir())


def open_files() -> list[str]:
    """Return the numbers of the files that this process has open."""
    return names(Path("/proc/self/fd"))
