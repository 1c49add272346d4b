"""What is done to files and directories: blocking, run as jobs. All raise ``OSError``.

``start`` is an open directory, ``number`` an open file or directory; paths are the guest's.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, Final

from obelisk.wasm.wasi.filesystem.error_codes import failure
from obelisk.wasm.wasi.filesystem.paths import HERE, Place, Walk, encoded, is_absolute
from obelisk.wasm.wasi.filesystem.stats import new_time

MAX_OFFSET: Final = 2**63 - 1
READ_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
Now = tuple[int, int]
"""Seconds and nanoseconds since 1970."""

# --- open files -------------------------------------------------------------------------------------------------------


def check_offset(offset: int) -> None:
    """Refuse an offset that no file can have."""
    if offset > MAX_OFFSET:
        raise failure(errno.EINVAL)


def check_size(size: int) -> None:
    """Refuse a size, or a place to write at, that no file can have."""
    if size > MAX_OFFSET:
        raise failure(errno.EFBIG)


def read(number: int, count: int, offset: int) -> list[Any]:
    """Return the bytes at ``offset`` and whether they end with the file."""
    content = os.pread(number, count, offset)
    return [content, len(content) < count]


def write(number: int, content: bytes, offset: int) -> int:
    """Write at ``offset``, and return how many bytes were written."""
    return os.pwrite(number, content, offset)


def truncate(number: int, size: int) -> None:
    """Set the size of a file."""
    os.ftruncate(number, size)


def status(number: int) -> os.stat_result:
    """Return the status of an open file or directory."""
    return os.fstat(number)


def write_all(number: int, content: bytes, offset: int) -> None:
    """Write all of ``content`` at ``offset``."""
    left = memoryview(content)
    while left:
        written = os.pwrite(number, left, offset)
        left, offset = left[written:], offset + written


def append_all(number: int, content: bytes) -> None:
    """Write all of ``content`` at the end, wherever that is by then."""
    left = memoryview(content)
    while left:
        left = left[os.pwritev(number, [left], 0, os.RWF_APPEND) :]


def advise(number: int, offset: int, length: int, advice: str) -> None:
    """Tell the system how a file will be read."""
    os.posix_fadvise(number, offset, length, getattr(os, f"POSIX_FADV_{advice.replace('_', '').upper()}"))


def sync(number: int, *, data_only: bool) -> None:
    """Have a file, or the entries of a directory, written to disk."""
    if not stat.S_ISDIR(os.fstat(number).st_mode):
        os.fdatasync(number) if data_only else os.fsync(number)
        return
    readable = os.open(HERE, READ_DIRECTORY, dir_fd=number)  # a directory is open by its path alone
    try:
        os.fsync(readable)
    finally:
        os.close(readable)


def set_times(number: int, times: tuple[Any, Any], now: Now) -> None:
    """Set the times of an open file."""
    if (wanted := _times(os.fstat(number), times, now)) is not None:
        os.utime(number, ns=wanted)


# --- paths ------------------------------------------------------------------------------------------------------------


def stat_at(start: int, path: str, *, follow: bool) -> os.stat_result:
    """Return the status of what a path leads to."""
    with Walk(start) as walk:
        return walk.object(path, follow=follow).stat()


def set_times_at(start: int, path: str, *, follow: bool, times: tuple[Any, Any], now: Now) -> None:
    """Set the times of what a path leads to, a link included."""
    with Walk(start) as walk:
        place = walk.object(path, follow=follow)
        if (wanted := _times(place.stat(), times, now)) is not None:
            os.utime(place.name, ns=wanted, dir_fd=place.directory, follow_symlinks=False)


def make_directory(start: int, path: str) -> None:
    """Make a directory."""
    with Walk(start) as walk:
        place = walk.entry(path)
        os.mkdir(place.name, dir_fd=place.directory)


def remove_directory(start: int, path: str) -> None:
    """Remove an empty directory."""
    with Walk(start) as walk:
        place = walk.entry(path)
        os.rmdir(place.name, dir_fd=place.directory)


def unlink_file(start: int, path: str) -> None:
    """Remove an entry that is no directory."""
    with Walk(start) as walk:
        place = walk.entry(path)
        _check_slash(place)
        os.unlink(place.name, dir_fd=place.directory)


def rename(start: int, path: str, new_start: int, new_path: str) -> None:
    """Rename an entry, perhaps into another directory."""
    with Walk(start) as walk, Walk(new_start) as new_walk:
        place, new = walk.entry(path), new_walk.entry(new_path)
        if place.as_directory or new.as_directory:
            _check_is_directory(place)
        os.rename(place.name, new.name, src_dir_fd=place.directory, dst_dir_fd=new.directory)


def link(start: int, path: str, *, follow: bool, new_start: int, new_path: str) -> None:
    """Make one more name of a file."""
    with Walk(start) as walk, Walk(new_start) as new_walk:
        place, new = walk.object(path, follow=follow), new_walk.entry(new_path)
        _check_slash(new)
        os.link(
            place.name, new.name, src_dir_fd=place.directory, dst_dir_fd=new.directory, follow_symlinks=False
        )  # fmt: skip


def symlink(start: int, target: str, path: str) -> None:
    """Make a link. Where it leads is checked when it is followed; absolute targets are refused at once."""
    content = encoded(target)
    if is_absolute(content):
        raise failure(errno.EPERM)
    with Walk(start) as walk:
        place = walk.entry(path)
        _check_slash(place)
        os.symlink(content, place.name, dir_fd=place.directory)


def read_link(start: int, path: str) -> str:
    """Return where a link leads. An absolute target, or one that is no UTF-8, is not told."""
    with Walk(start) as walk:
        place = walk.object(path, follow=False)
        target = os.readlink(place.name, dir_fd=place.directory)
    if is_absolute(target):
        raise failure(errno.EPERM)
    try:
        return target.decode()
    except UnicodeDecodeError as error:
        raise failure(errno.EILSEQ) from error


def _times(status: os.stat_result, times: tuple[Any, Any], now: Now) -> tuple[int, int] | None:
    access, modification = times
    if access == modification == "no_change":
        return None
    return (
        new_time(access, old=status.st_atime_ns, now=now),
        new_time(modification, old=status.st_mtime_ns, now=now),
    )


def _check_slash(place: Place) -> None:
    """Refuse a slash after a name that is not that of a directory; what is done to directories is the system's to say."""
    if place.as_directory:
        _check_is_directory(place)


def _check_is_directory(place: Place) -> None:
    if not stat.S_ISDIR(place.stat().st_mode):
        raise failure(errno.ENOTDIR)
