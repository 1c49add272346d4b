"""Removing a directory with all that is in it, whatever a guest left there.

No link is followed, and neither depth nor number of entries matters: directories are moved up into the one that is removed
before their turn comes, so that two are open at a time and none is deep. Directories that forbid it are made writable.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from obelisk.wasm.wasi.filesystem.operations import READ_DIRECTORY
from obelisk.wasm.wasi.filesystem.paths import DIRECTORY_FLAGS, HERE

OWNER: Final = 0o700
TAKEN: Final = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)


def remove_tree(parent: int, name: bytes) -> None:
    """Remove the directory ``name`` in the open directory ``parent``; nothing, when it is not there. Blocks.

    Raises ``OSError`` when something cannot be removed; all else is removed then.
    """
    try:
        directory = _open(parent, name)
    except FileNotFoundError:
        return
    try:
        fresh = itertools.count()
        while _remove_entries(directory, fresh):
            pass
    finally:
        os.close(directory)
    os.rmdir(name, dir_fd=parent)


def _remove_entries(directory: int, fresh: Iterator[int]) -> bool:
    """Go once over the entries; return whether there were any. Raises the last error when none could be removed."""
    seen = removed = 0
    problem: OSError | None = None
    with os.scandir(directory) as entries:
        for entry in entries:
            seen += 1
            try:
                _remove_entry(directory, entry, fresh)
                removed += 1
            except FileNotFoundError:
                removed += 1
            except OSError as error:
                problem = error
    if problem is not None and not removed:
        raise problem
    return bool(seen)


def _remove_entry(directory: int, entry: os.DirEntry[str], fresh: Iterator[int]) -> None:
    name = os.fsencode(entry.name)
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(name, dir_fd=directory)
        return
    below = _open(directory, name)
    try:
        _empty(below, directory, fresh)
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=directory)


def _empty(directory: int, above: int, fresh: Iterator[int]) -> None:
    """Remove the files of a directory, and move its directories up."""
    with os.scandir(directory) as entries:
        for entry in entries:
            name = os.fsencode(entry.name)
            if entry.is_dir(follow_symlinks=False):
                os.close(_open(directory, name))  # what cannot be written cannot be moved either
                _move(directory, name, above, fresh)
            else:
                os.unlink(name, dir_fd=directory)


def _move(directory: int, name: bytes, above: int, fresh: Iterator[int]) -> None:
    for number in fresh:
        try:
            os.rename(name, str(number).encode(), src_dir_fd=directory, dst_dir_fd=above)
            return
        except OSError as error:
            if error.errno not in TAKEN:
                raise


def _open(parent: int, name: bytes) -> int:
    """Open a directory for reading; one that its owner may not use is made usable first."""
    directory = os.open(name, DIRECTORY_FLAGS, dir_fd=parent)
    try:
        mode = os.fstat(directory).st_mode
        if mode & OWNER != OWNER:
            Path(f"/proc/self/fd/{directory}").chmod(OWNER)  # what was opened by path alone has no fchmod
        return os.open(HERE, READ_DIRECTORY, dir_fd=directory)
    finally:
        os.close(directory)
