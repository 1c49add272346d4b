"""Levels of lines as numbers of the standard library, which has no ``TRACE``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from obelisk.interfaces.components import LogLevel
from obelisk.interfaces.log_filter import FilterLevel

TRACE: Final = 5
NOTHING: Final = 1000
"""A level above all others."""

LEVEL_NUMBERS: Final[Mapping[LogLevel, int]] = {
    LogLevel.TRACE: TRACE,
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARN: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}
LEAST_NUMBERS: Final[Mapping[FilterLevel, int]] = {
    FilterLevel.OFF: NOTHING,
    FilterLevel.TRACE: 1,
    FilterLevel.DEBUG: logging.DEBUG,
    FilterLevel.INFO: logging.INFO,
    FilterLevel.WARN: logging.WARNING,
    FilterLevel.ERROR: logging.ERROR,
}


def level_of(number: int) -> LogLevel:
    """Return the highest level that is not above a number."""
    fitting = (level for level in reversed(LogLevel) if LEVEL_NUMBERS[level] <= number)
    return next(fitting, LogLevel.TRACE)
