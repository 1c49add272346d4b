"""Which executors of this machine are alive.

Theory of operation
    Each engine on a storage with a ``directory`` keeps a file there, named after its executor, locked for as long as
    the process lives. A lock on such a file that can be taken belongs to a process that is gone. What it held is then
    unlocked at once, without using up a retry; a lock of an executor that nobody knows is left to expire.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from obelisk.ids import EXECUTOR_PREFIX, ExecutorId

DIRECTORY = "executors"


class Incarnation:
    """The record of this executor. ``close`` removes it, ``leave`` does not."""

    def __init__(self, directory: Path, executor_id: ExecutorId) -> None:
        self._path = directory / DIRECTORY / executor_id
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: int | None = _make_record(self._path)

    def close(self) -> None:
        """Say that this executor holds nothing any more."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self.leave()

    def leave(self) -> None:
        """Say that this executor is gone and may hold something, as if its process had been killed."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def gone(directory: Path) -> list[ExecutorId]:
    """Return the executors whose process is gone and whose record is still there."""
    return [ExecutorId(path.name) for path in _records(directory) if _is_unlocked(path)]


def recorded(directory: Path) -> list[ExecutorId]:
    """Return the executors that have a record, whether or not their process is gone."""
    return [ExecutorId(path.name) for path in _records(directory)]


def forget(directory: Path, executor_id: ExecutorId) -> None:
    """Remove the record of an executor that is gone and holds nothing any more; one that is alive keeps its record."""
    path = directory / DIRECTORY / executor_id
    file = _try_lock(path)
    if file is not None:
        path.unlink(missing_ok=True)
        os.close(file)


def leave_behind(directory: Path, executors: Iterable[ExecutorId]) -> None:
    """Record executors as gone, so that what they held is unlocked when an engine looks."""
    records = directory / DIRECTORY
    records.mkdir(parents=True, exist_ok=True)
    for executor in executors:
        (records / executor).touch(mode=0o600)


def _make_record(path: Path) -> int:
    # Before it is locked, another process may take the record for one of a process that is gone, and remove it.
    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)


def _records(directory: Path) -> Iterator[Path]:
    records = directory / DIRECTORY
    if records.is_dir():
        yield from (path for path in sorted(records.iterdir()) if path.name.startswith(EXECUTOR_PREFIX))


def _is_unlocked(path: Path) -> bool:
    file = _try_lock(path)
    if file is None:
        return False
    os.close(file)
    return True


def _try_lock(path: Path) -> int | None:
    """Return a record, opened and locked; ``None`` when its process lives, or when it was removed."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
