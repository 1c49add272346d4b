"""What this process takes of the machine."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

_STATM: Final = Path("/proc/self/statm")
_DESCRIPTORS: Final = Path("/proc/self/fd")
_KIB: Final = 1024


class ProcessUsage(Struct, frozen=True):
    """What a process takes: bytes, seconds, descriptors. ``None`` is what this system does not tell.

    ``resident`` is the most that it ever was on systems that do not tell what it is.
    """

    resident: int
    virtual: int | None
    user_seconds: float
    system_seconds: float
    file_descriptors: int | None


def process_usage() -> ProcessUsage:
    """Return what this process takes now; it costs some ten microseconds."""
    times = os.times()
    virtual, resident = _memory()
    return ProcessUsage(resident, virtual, times.user, times.system, _file_descriptors())


def _memory() -> tuple[int | None, int]:
    try:
        virtual, resident = _STATM.read_bytes().split()[:2]
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return None, peak if sys.platform == "darwin" else peak * _KIB
    page = resource.getpagesize()
    return int(virtual) * page, int(resident) * page


def _file_descriptors() -> int | None:
    try:
        # Since Linux 6.2 the size of the directory is their number.
        return _DESCRIPTORS.stat().st_size or len(os.listdir(_DESCRIPTORS)) - 1  # noqa: PTH208 - paths of thousands cost
    except OSError:
        return None
