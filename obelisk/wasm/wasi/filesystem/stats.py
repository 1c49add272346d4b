"""What ``stat`` and its like tell of a file."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from typing import Any, Final

from obelisk.wasm.wasi.filesystem.error_codes import failure

NS: Final = 1_000_000_000
MAX_SECONDS: Final = 2**63 // NS
"""Later times are refused: nanoseconds since 1970 have to fit into 64 bits with a sign."""

_TYPES: Final[Mapping[int, str]] = {
    stat.S_IFBLK: "block_device",
    stat.S_IFCHR: "character_device",
    stat.S_IFDIR: "directory",
    stat.S_IFIFO: "fifo",
    stat.S_IFLNK: "symbolic_link",
    stat.S_IFREG: "regular_file",
    stat.S_IFSOCK: "socket",
}

Identity = tuple[int, int]
"""Device and inode: equal for two descriptors of one object, and only for these."""


def identity(status: os.stat_result) -> Identity:
    """Return which object a status is of."""
    return status.st_dev, status.st_ino


def type_of(mode: int) -> str:
    """Return the ``descriptor-type`` of a mode."""
    return _TYPES.get(stat.S_IFMT(mode), "unknown")


def as_record(status: os.stat_result) -> dict[str, Any]:
    """Return a status as ``descriptor-stat``."""
    return {
        "type": type_of(status.st_mode),
        "link_count": status.st_nlink,
        "size": status.st_size,
        "data_access_timestamp": _datetime(status.st_atime_ns),
        "data_modification_timestamp": _datetime(status.st_mtime_ns),
        "status_change_timestamp": _datetime(status.st_ctime_ns),
    }


def metadata_hash(status: os.stat_result) -> dict[str, int]:
    """Return a hash of which object it is, its size, and when it was modified."""
    content = repr((*identity(status), status.st_size, status.st_mtime_ns)).encode()
    digest = hashlib.blake2b(content, digest_size=16, person=b"wasi:filesystem").digest()
    return {"lower": int.from_bytes(digest[:8], "little"), "upper": int.from_bytes(digest[8:], "little")}


def new_time(value: Any, *, old: int, now: tuple[int, int]) -> int:
    """Return the time that a ``new-timestamp`` asks for, as nanoseconds since 1970. Raises ``OSError``."""
    if value == "no_change":
        return old
    if value == "now":
        return now[0] * NS + now[1]
    seconds, nanoseconds = value["timestamp"]["seconds"], value["timestamp"]["nanoseconds"]
    if nanoseconds >= NS:
        raise failure(errno.EINVAL)
    if seconds >= MAX_SECONDS:
        raise failure(errno.EOVERFLOW)
    return int(seconds * NS + nanoseconds)


def _datetime(nanoseconds: int) -> dict[str, int] | None:
    if nanoseconds < 0:
        return None
    seconds, rest = divmod(nanoseconds, NS)
    return {"seconds": seconds, "nanoseconds": rest}
