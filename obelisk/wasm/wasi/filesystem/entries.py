"""The resource ``directory-entry-stream``: the entries of a directory, read a batch at a time."""

from __future__ import annotations

import os
from collections import deque
from typing import Any, Final

from obelisk.wasm.wasi.filesystem.handles import Files, Handle, close_file
from obelisk.wasm.wasi.filesystem.operations import READ_DIRECTORY
from obelisk.wasm.wasi.filesystem.paths import HERE
from obelisk.wasm.wasi.filesystem.stats import type_of

BATCH: Final = 100


class DirectoryEntries:
    """A reading of one directory; ``open_entries`` makes it. ``.`` and ``..`` are no entries."""

    def __init__(self, files: Files, handle: Handle, entries: Any) -> None:
        self.files = files
        self.handle = handle
        self._entries = entries
        self._batch: deque[dict[str, str]] = deque()
        self._is_done = False

    def next(self) -> dict[str, str] | None:
        """Return the next entry of those at hand, ``None`` at the end."""
        return self._batch.popleft() if self._batch else None

    @property
    def is_at_hand(self) -> bool:
        """Whether ``next`` has an answer; else ``fetch`` comes first."""
        return bool(self._batch) or self._is_done

    def fetch(self) -> None:
        """Read a batch; a job."""
        while len(self._batch) < BATCH:
            entry = next(self._entries, None)
            if entry is None:
                self._is_done = True
                return
            if (name := _name(entry)) is not None:
                self._batch.append({"type": _type(entry), "name": name})

    def close(self) -> None:
        """Give up the handle. Called once."""
        self.handle.release()


def open_entries(files: Files, number: int) -> DirectoryEntries:
    """Open a directory again to read it, from its beginning and by itself; a job."""
    readable = os.open(HERE, READ_DIRECTORY, dir_fd=number)
    try:
        entries = os.scandir(readable)
    except BaseException:
        os.close(readable)
        raise

    def close(number: int) -> None:
        entries.close()
        close_file(number)

    return DirectoryEntries(files, files.hold(readable, close), entries)


def _name(entry: os.DirEntry[str]) -> str | None:
    try:
        return os.fsencode(entry.name).decode()
    except UnicodeDecodeError:
        return None


def _type(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "directory"
        if entry.is_file(follow_symlinks=False):
            return "regular_file"
        return "symbolic_link" if entry.is_symlink() else type_of(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return "unknown"  # it is gone by now
