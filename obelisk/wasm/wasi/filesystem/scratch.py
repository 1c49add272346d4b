"""Scratch directories: one for each run that asks, below the engine's cache directory.

Theory of operation
    Each ``Scratch`` has a directory of its own, named by chance, with one directory in it for each run. Beside it lies a
    file that is locked for as long as the process lives. So another process that shares the cache directory, or the next
    one after a crash, can tell what nobody will remove any more: it removes a directory whose file it can lock, and the
    file after it.

    When the cache is deleted while the process lives, the next run begins another directory. What was opened stays open
    until the end, so that no number can mean another directory in a removal that is still to come.

    Making and opening a directory happens in a job of the run, removing in a thread of its own: a run with a million files
    holds up nobody's reads.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final

from obelisk.wasm.wasi.filesystem.paths import DIRECTORY_FLAGS
from obelisk.wasm.wasi.filesystem.removal import OWNER, remove_tree

LOCK_SUFFIX: Final = ".lock"
NAME_BYTES: Final = 8
_log = logging.getLogger("obelisk.scratch")


class Scratch:
    """See the module's theory of operation. ``root`` need not exist; ``random`` returns random bytes."""

    def __init__(self, root: Path, random: Callable[[int], bytes]) -> None:
        self._root = root
        self._random = random
        self._owns: list[_Own] = []
        self._lock = Lock()
        self._remover = ThreadPoolExecutor(1, thread_name_prefix="obelisk-scratch")

    def sweep(self) -> None:
        """Have removed what dead processes left."""
        self._remover.submit(sweep, self._root)

    def make(self, name: str) -> int:
        """Make a directory and return it opened. Blocks; raises ``OSError``."""
        with self._lock:
            if not self._owns or not self._owns[-1].is_there:
                self._owns.append(_Own(self._root, self._random))
            own = self._owns[-1].directory
        os.mkdir(name, OWNER, dir_fd=own)
        return os.open(name, DIRECTORY_FLAGS, dir_fd=own)

    def remove(self, name: str) -> None:
        """Have a directory removed that nobody uses any more; nothing happens when it was never made."""
        if self._owns:
            self._remover.submit(self._owns[-1].remove, name.encode())

    def close(self) -> None:
        """Wait until all is removed. Blocks."""
        self._remover.shutdown()
        for own in self._owns:
            own.close()


class _Own:
    """The directory of one ``Scratch``, and the lock that says that it is in use."""

    def __init__(self, root: Path, random: Callable[[int], bytes]) -> None:
        root.mkdir(OWNER, parents=True, exist_ok=True)
        self._path = root / random(NAME_BYTES).hex()
        self._lock_file = _new_lock(self._path.with_suffix(LOCK_SUFFIX))
        self._path.mkdir(OWNER)
        self.directory = os.open(self._path, DIRECTORY_FLAGS)

    @property
    def is_there(self) -> bool:
        """Whether the directory still is; the cache may be deleted at any time."""
        return os.fstat(self.directory).st_nlink > 0

    def remove(self, name: bytes) -> None:
        try:
            remove_tree(self.directory, name)
        except OSError as error:
            _log.warning("the scratch directory %s cannot be removed: %s", self._path / os.fsdecode(name), error)

    def close(self) -> None:
        os.close(self.directory)
        try:
            self._path.rmdir()
            self._path.with_suffix(LOCK_SUFFIX).unlink(missing_ok=True)
        except OSError:
            pass  # what could not be removed was told; the next start tries again
        os.close(self._lock_file)


def sweep(root: Path) -> None:
    """Remove the directories of processes that are gone. Blocks; what cannot be removed is logged."""
    if not root.is_dir():
        return
    for path in sorted(root.glob(f"*{LOCK_SUFFIX}")):
        try:
            _sweep_one(root, path)
        except FileNotFoundError:
            pass  # somebody else was faster
        except OSError as error:
            _log.warning("the scratch directory %s cannot be removed: %s", path.with_suffix(""), error)


def _sweep_one(root: Path, path: Path) -> None:
    lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        directory = os.open(root, DIRECTORY_FLAGS)
        try:
            remove_tree(directory, os.fsencode(path.stem))
        finally:
            os.close(directory)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        pass  # its process lives
    finally:
        os.close(lock)


def _new_lock(path: Path) -> int:
    # Before it is locked, another process may take it for one of a process that is gone, and remove it.
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return lock
        os.close(lock)
