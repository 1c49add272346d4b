"""Whether a guest of this process has used up its linear memory.

wasmtime's C interface tells nobody that it refused to let a memory grow; the guest only gets -1 and usually gives up by a
trap that names something else. What it does show is the process's memory map: a linear memory is a range that can be
written, followed by the rest of its reservation, which cannot. So a memory whose size is almost the limit is taken as the
cause of a trap. Linux only; elsewhere nothing is found.

A place that nobody is in (``pool``) keeps its map but no more than ``KEPT_BYTES`` of its contents, so a memory has to
hold more than that: one that was only grown, and never written to, is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAPS: Final = Path("/proc/self/maps")
MIN_RESERVED: Final = 64 * 1024 * 1024
"""What follows a linear memory is far larger; stacks and malloc's arenas have less behind them."""
ALMOST: Final = 1 / 16
SIZES: Final = Path("/proc/self/smaps")
KEPT_BYTES: Final = 64 * 1024
"""What stays resident of a memory that is not in use."""


def memory_is_used_up(limit: int) -> bool:
    """Tell whether some linear memory of this process has grown to ``limit`` bytes, but for a small part."""
    least = limit - limit * ALMOST
    try:
        grown = [memory for memory in linear_memories(_read(MAPS)) if least <= len(memory) <= limit]
        sizes = _read(SIZES) if grown else ""  # takes ten times as long
    except OSError:
        return False
    return any(resident(sizes, memory) > KEPT_BYTES for memory in grown)


def linear_memories(maps: str) -> Iterator[range]:
    """Yield the addresses of what look like linear memories in the text of ``/proc/PID/maps`` (proc(5))."""
    start = end = 0
    for line in maps.splitlines():
        addresses, permissions = line.split(maxsplit=2)[:2]
        low, high = _ends(addresses)
        if permissions.startswith("rw"):
            start, end = (start if low == end else low), high
        elif permissions.startswith("---") and low == end and high - low >= MIN_RESERVED:
            yield range(start, end)


def resident(sizes: str, memory: range) -> int:
    """Return how many bytes of a memory are resident, by the text of ``/proc/PID/smaps`` (proc(5))."""
    within, found = False, 0
    for line in sizes.splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            within = _ends(name)[0] in memory
        elif within and name == "Rss:":
            found += int(rest.split()[0]) * 1024
    return found


def _ends(addresses: str) -> tuple[int, int]:
    low, high = addresses.split("-")
    return int(low, 16), int(high, 16)


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii", errors="replace")
