"""How many waiting workflows may stay in memory.

Theory of operation
    A guest has a stack and linear memories, each of them several memory maps, and a process that wants more maps than
    ``vm.max_map_count`` cannot even start a thread. How many maps a guest takes depends on its component: 5 when it is
    small, 7 when it brings an interpreter. So nobody guesses: the process's maps are counted, for less than a microsecond
    each, when the number of workflows comes to the limit, and after every ``LOOK_AFTER`` that were added, since those that
    stay may be replaced by larger ones. The new limit leaves room for half of what would still fit.

    A limit that is configured holds as it is, and so does ``UNCOUNTED_HOT`` where there are no maps to be counted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

MAX_HOT: Final = 20_000
UNCOUNTED_HOT: Final = 8_000
MAPS_PER_GUEST: Final = 10
"""What a guest is taken to need before any was looked at."""

SPARE: Final = 1 / 8
"""The part of the maps that is left to everything else."""

FEW: Final = 1 / 64
"""So few guests for each map that is allowed are never worth a look."""

LOOK_AFTER: Final = 512
LITTLE: Final = 64
"""A limit that grows by less at a look has settled; it is looked at again after ``LOOK_AFTER``."""

_MAPS: Final = Path("/proc/self/maps")
_MAX_MAPS: Final = Path("/proc/sys/vm/max_map_count")


class HotLimit:
    """See the module's theory of operation. ``count`` returns how many maps the process has. Used on the loop."""

    __slots__ = ("_added", "_count", "_is_settled", "_limit", "_max_maps")

    def __init__(self, limit: int, *, max_maps: int | None = None, count: Callable[[], int]) -> None:
        """Begin with ``limit``; it stays when ``max_maps``, how many maps there may be, is not given."""
        self._limit = limit
        self._max_maps = max_maps
        self._count = count
        self._added = 0
        self._is_settled = False

    @classmethod
    def fixed(cls, limit: int) -> HotLimit:
        """Return one that never changes."""
        return cls(limit, count=count_maps)

    @classmethod
    def of_this_machine(cls) -> HotLimit:
        """Return one that goes by the maps of this process, where the system tells them (Linux)."""
        try:
            max_maps = int(_MAX_MAPS.read_text(encoding="ascii"))
            count_maps()
        except (OSError, ValueError):
            return cls.fixed(UNCOUNTED_HOT)
        return cls(min(max_maps // MAPS_PER_GUEST, MAX_HOT), max_maps=max_maps, count=count_maps)

    def excess(self, hot: int) -> int:
        """Return how many of ``hot`` workflows are too many; 0 or less when all may stay."""
        return hot - self._limit

    def added(self, hot: int) -> None:
        """Take note that one was added, and now there are ``hot``."""
        if self._max_maps is None:
            return
        self._added += 1
        is_reached = hot > self._limit and not self._is_settled and self._added >= LITTLE
        if is_reached or self._added >= LOOK_AFTER:
            self._added = 0
            if hot > self._max_maps * FEW:
                self._look(hot, self._max_maps)

    def _look(self, hot: int, max_maps: int) -> None:
        try:
            maps = self._count()
        except OSError:
            return
        room = max_maps * (1 - SPARE) - maps
        more = room * hot / maps
        before, self._limit = self._limit, min(hot + int(more / 2 if more > 0 else more), MAX_HOT)
        self._is_settled = self._limit < before + LITTLE


def count_maps() -> int:
    """Return how many memory maps this process has, by proc(5). Raises ``OSError``."""
    return _MAPS.read_bytes().count(b"\n")
