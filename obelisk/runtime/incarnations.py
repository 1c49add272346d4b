"""Which executors of this machine are alive.

Each engine on a storage with a ``directory`` keeps a file there, named after its executor, locked for as long as the
process lives. A lock on such a file that can be taken belongs to a process that is gone. What it held is then unlocked at
once, without using up a retry; a lock of an executor that nobody knows is left to expire.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from obelisk.ids import EXECUTOR_PREFIX, ExecutorId

DIRECTORY = "executors"


class Incarnation:
    """The record of this executor. ``close`` removes it."""

    def __init__(self, directory: Path, executor_id: ExecutorId) -> None:
        self._path = directory / DIRECTORY / executor_id
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Say that this executor holds nothing any more."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def gone(directory: Path) -> list[ExecutorId]:
    """Return the executors whose process is gone and whose record is still there."""
    return [ExecutorId(path.name) for path in _records(directory) if _is_unlocked(path)]


def forget(directory: Path, executor_id: ExecutorId) -> None:
    """Remove the record of an executor that holds nothing any more."""
    (directory / DIRECTORY / executor_id).unlink(missing_ok=True)


def _records(directory: Path) -> Iterator[Path]:
    records = directory / DIRECTORY
    if records.is_dir():
        yield from (path for path in sorted(records.iterdir()) if path.name.startswith(EXECUTOR_PREFIX))


def _is_unlocked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True
