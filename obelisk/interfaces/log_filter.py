"""Which lines of a log are wanted, by their target and level: ``info,app=debug,obelisk.timers=off``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, Self

from msgspec import Struct

from obelisk.core.lines import readable
from obelisk.interfaces.components import LogLevel

DEFAULT_FILTER: Final = "info,app=debug"


class FilterLevel(Enum):
    """The least level of the lines that are wanted; ``off`` wants none."""

    OFF = "off"
    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


MAX_SHOWN: Final = 80
_OTHERS: Final = ""
_TARGET: Final = re.compile(r"[\w.:-]+")
_SEVERITY: Final[Mapping[str, int]] = {"trace": 1, "debug": 2, "info": 3, "warn": 4, "error": 5, "off": 6}


class LogFilter(Struct, frozen=True):
    """A level for each target, and one for all others.

    A target is the name of a logger, ``app`` for what components log; it stands for those below it too (``obelisk`` for
    ``obelisk.timers``), and the longest one that fits counts.
    """

    level: FilterLevel = FilterLevel.INFO
    targets: tuple[tuple[str, FilterLevel], ...] = (("app", FilterLevel.DEBUG),)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``LEVEL`` and ``TARGET=LEVEL``, separated by commas; a missing ``LEVEL`` is ``info``.

        Raises ``ValueError`` that says what was expected.
        """
        levels: dict[str, FilterLevel] = {}
        for part in (part.strip() for part in text.split(",")):
            target, equals, name = (piece.strip() for piece in part.rpartition("="))
            if equals and not _TARGET.fullmatch(target):
                raise ValueError(f"expected `TARGET=LEVEL`, found `{_shown(part)}`")
            level = _level(name)
            if target in levels:
                what = f"the target `{target}`" if target else "all other targets"
                raise ValueError(f"expected one level for {what}, found another in `{_shown(part)}`")
            levels[target] = level
        others = levels.pop(_OTHERS, FilterLevel.INFO)
        return cls(others, tuple(levels.items()))

    def level_of(self, target: str) -> FilterLevel:
        """Return the level that counts for a target."""
        best, length = self.level, -1
        for name, level in self.targets:
            if len(name) > length and (target == name or target.startswith(f"{name}.")):
                best, length = level, len(name)
        return best

    def wants(self, target: str, level: LogLevel) -> bool:
        """Tell whether a line is wanted."""
        return _SEVERITY[level.value] >= _SEVERITY[self.level_of(target).value]

    def __str__(self) -> str:
        """Return the text that ``parse`` reads."""
        return ",".join([self.level.value, *(f"{name}={level.value}" for name, level in self.targets)])


def _level(name: str) -> FilterLevel:
    """Levels are read as people write them."""
    lower = {"warning": "warn"}.get(name.lower(), name.lower())
    if lower not in _SEVERITY:
        known = ", ".join(level.value for level in FilterLevel)
        raise ValueError(f"expected a level, one of {known}, found `{_shown(name)}`")
    return FilterLevel(lower)


def _shown(text: str) -> str:
    return readable(text[:MAX_SHOWN])
