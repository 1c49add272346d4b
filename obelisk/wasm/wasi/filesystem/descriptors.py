"""The resource ``descriptor``, and opening files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from obelisk.wasm.wasi.filesystem.error_codes import failure
from obelisk.wasm.wasi.filesystem.handles import Files, Handle
from obelisk.wasm.wasi.filesystem.paths import DIRECTORY_FLAGS, Place, Walk
from obelisk.wasm.wasi.filesystem.stats import identity, type_of

FILE_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Without ``O_NONBLOCK`` opening a FIFO that just took the place of a file would wait for its other end."""
NEW_FILE: Final = 0o666
SYNC_FLAGS: Final = {
    "file_integrity_sync": os.O_SYNC,
    "data_integrity_sync": os.O_DSYNC,
    "requested_write_sync": os.O_RSYNC,
}
MUTATING: Final = frozenset({"write", "mutate_directory"})
MUTATING_OPEN: Final = frozenset({"create", "truncate"})


class Descriptor:
    """An open file or directory of a guest. ``read_only``: nothing below may be changed, nor the object itself."""

    def __init__(
        self, files: Files, handle: Handle, *, status: os.stat_result, flags: Sequence[str], read_only: bool
    ) -> None:
        self.files = files
        self.handle = handle
        self.identity = identity(status)
        self.type = type_of(status.st_mode)
        self.flags = tuple(flags)
        self.read_only = read_only
        self._is_closed = False

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.type == "directory"

    def close(self) -> None:
        """Give up the handle."""
        if not self._is_closed:
            self._is_closed = True
            self.handle.release()

    def check_directory(self) -> None:
        """Raise ``OSError`` for what is no directory."""
        if not self.is_directory:
            raise failure(errno.ENOTDIR)

    def check_mutable(self) -> None:
        """Raise ``OSError`` for what is mounted read-only."""
        if self.read_only:
            raise failure(errno.EROFS)

    def check_file(self, flag: str) -> None:
        """Raise ``OSError`` unless it is a file that was opened with ``flag``, ``read`` or ``write``."""
        if self.is_directory:
            raise failure(errno.EISDIR)
        if flag not in self.flags:
            raise failure(errno.EBADF)


class Opening(Struct, frozen=True):
    """What ``open-at`` asks for, in the WIT's terms."""

    path: str
    follow: bool
    how: frozenset[str]
    flags: frozenset[str]

    def check(self) -> None:
        """Raise ``OSError`` for what makes no sense."""
        if "directory" in self.how and self.how & {"create", "exclusive", "truncate"}:
            raise failure(errno.EINVAL)
        if "truncate" in self.how and "write" not in self.flags:
            raise failure(errno.EINVAL)

    @property
    def mutates(self) -> bool:
        """Whether something could be changed by it, or by what it returns."""
        return bool(self.how & MUTATING_OPEN or self.flags & MUTATING)

    @property
    def is_new(self) -> bool:
        """Whether nothing may be there yet."""
        return {"create", "exclusive"} <= self.how


def open_at(base: Descriptor, opening: Opening) -> Descriptor:
    """Open what a path leads to; a job. Raises ``OSError``."""
    with Walk(base.handle.number) as walk:
        place = walk.object(opening.path, follow=opening.follow and not opening.is_new)
        number = _open(place, opening)
    status = status_of(number)
    handle = base.files.hold(number)
    if stat.S_ISDIR(status.st_mode):
        flags = directory_flags(read_only=base.read_only)
    else:
        flags = [flag for flag in ("read", "write", *SYNC_FLAGS) if flag in opening.flags]
    return Descriptor(base.files, handle, status=status, flags=flags, read_only=base.read_only)


def directory_flags(*, read_only: bool) -> list[str]:
    """Return the flags of a directory's descriptor."""
    return ["read"] if read_only else ["read", "mutate_directory"]


def status_of(number: int) -> os.stat_result:
    """Return the status of what was just opened; close it when that fails. Raises ``OSError``."""
    try:
        return os.fstat(number)
    except OSError:
        os.close(number)
        raise


def _open(place: Place, opening: Opening) -> int:
    mode = _mode(place)
    if mode is not None and opening.is_new:
        raise failure(errno.EEXIST)
    if mode is not None and stat.S_ISDIR(mode):
        return _open_directory(place, opening)
    if "directory" in opening.how:
        raise failure(errno.ENOENT if mode is None else errno.ENOTDIR)
    if mode is not None:
        _check_openable(mode)
    return _open_file(place, opening)


def _mode(place: Place) -> int | None:
    try:
        return place.stat().st_mode
    except FileNotFoundError:
        return None


def _check_openable(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise failure(errno.ELOOP)
    if not stat.S_ISREG(mode):
        raise failure(errno.EOPNOTSUPP)  # opening a device may have effects, so it is not even tried


def _open_directory(place: Place, opening: Opening) -> int:
    if "write" in opening.flags or opening.how & MUTATING_OPEN:
        raise failure(errno.EISDIR)
    return os.open(place.name, DIRECTORY_FLAGS, dir_fd=place.directory)


def _open_file(place: Place, opening: Opening) -> int:
    number = os.open(place.name, _file_flags(opening), NEW_FILE, dir_fd=place.directory)
    if not stat.S_ISREG(status_of(number).st_mode):
        os.close(number)
        raise failure(errno.EOPNOTSUPP)
    return number


def _file_flags(opening: Opening) -> int:
    flags = FILE_FLAGS
    if "write" in opening.flags:
        flags |= os.O_RDWR if "read" in opening.flags else os.O_WRONLY
    for name, flag in (("create", os.O_CREAT), ("exclusive", os.O_EXCL), ("truncate", os.O_TRUNC)):
        flags |= flag if name in opening.how else 0
    for name, flag in SYNC_FLAGS.items():
        flags |= flag if name in opening.flags else 0
    return flags
