"""Whether a guest of this process has used up its linear memory.

wasmtime's C interface tells nobody that it refused to let a memory grow; the guest only gets -1 and usually gives up by a
trap that names something else. What it does show is the process's memory map: a linear memory is a range that can be
written, followed by the rest of its reservation, which cannot. So a memory whose size is almost the limit is taken as the
cause of a trap. Linux only; elsewhere nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAPS: Final = Path("/proc/self/maps")
MIN_RESERVED: Final = 64 * 1024 * 1024
"""What follows a linear memory is far larger; stacks and malloc's arenas have less behind them."""
ALMOST: Final = 1 / 16


def memory_is_used_up(limit: int) -> bool:
    """Tell whether some linear memory of this process has grown to ``limit`` bytes, but for a small part."""
    least = limit - limit * ALMOST
    try:
        return any(
            least <= size <= limit for size in linear_memories(MAPS.read_text(encoding="ascii", errors="replace"))
        )
    except OSError:
        return False


def linear_memories(maps: str) -> Iterator[int]:
    """Yield the sizes of what look like linear memories in the text of ``/proc/PID/maps`` (proc(5))."""
    start = end = 0
    for line in maps.splitlines():
        addresses, permissions = line.split(maxsplit=2)[:2]
        low, high = (int(address, 16) for address in addresses.split("-"))
        if permissions.startswith("rw"):
            start, end = (start if low == end else low), high
        elif permissions.startswith("---") and low == end and high - low >= MIN_RESERVED:
            yield end - start
