"""Lengths of time and sizes as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

from obelisk.interfaces.settings import Duration, Size

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TABLE_KEYS = {"milliseconds": "ms", "seconds": "s", "minutes": "m", "hours": "h", "days": "d"}
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_NUMBER = r"([0-9]{1,18}(?:\.[0-9]{1,9})?)"
_DURATION_PART = re.compile(rf"\s*{_NUMBER}\s*(us|ms|s|m|h|d)")
_SIZE = re.compile(rf"{_NUMBER}\s*((?:[KMGT]I?)?B)", re.IGNORECASE)
_PLAIN_NUMBER = r"[0-9]{1,18}(\.[0-9]{1,9})?"
DURATION_KEYS = tuple(_TABLE_KEYS)
"""The keys of a table that is a duration; it has one of them."""
DURATION_PATTERN = rf"^(\s*{_PLAIN_NUMBER}\s*(us|ms|s|m|h|d))+\s*$"
SIZE_PATTERN = rf"^\s*{_PLAIN_NUMBER}\s*([KkMmGgTt][Ii]?)?[Bb]\s*$"
"""What texts match that are durations and sizes, for a schema; in every dialect of regular expressions."""


def parse_duration(value: object) -> Duration:
    """Return the length of time that ``value`` writes: ``{"seconds": 1}``, ``"30d"``, ``"1h 30m"``.

    Raises ``ValueError`` for anything else, for what is negative, and for what is too long.
    """
    if isinstance(value, str):
        return _from_parts(_text_parts(value))
    if isinstance(value, dict) and len(value) == 1:
        key, number = next(iter(value.items()))
        if key in _TABLE_KEYS and type(number) in (int, float):
            return _from_parts([(number, _TABLE_KEYS[key])])
    raise ValueError("not a duration")


def parse_size(value: object) -> Size:
    """Return the number of bytes that ``value`` writes: ``67108864`` or ``"64MiB"``.

    Raises ``ValueError`` for anything else and for what is negative.
    """
    if type(value) is int and value >= 0:
        return Size(value)
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a size")
    return Size(round(float(match[1]) * _BYTES[match[2].upper()]))


def format_duration(value: timedelta) -> str:
    """Return the shortest text that ``parse_duration`` reads back as ``value``."""
    microseconds = value // timedelta(microseconds=1)
    for unit in ("d", "h", "m", "s", "ms"):
        step = round(_SECONDS[unit] * 1_000_000)
        if microseconds and microseconds % step == 0:
            return f"{microseconds // step}{unit}"
    return f"{microseconds}us" if microseconds else "0s"


def format_size(value: int) -> str | int:
    """Return what ``parse_size`` reads back as ``value``: text when it is whole KiB or more, else the number."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        step = _BYTES[unit.upper()]
        if value and value % step == 0:
            return f"{value // step}{unit}"
    return int(value)


def _text_parts(text: str) -> list[tuple[float, str]]:
    parts = []
    position = 0
    while position < len(text.rstrip()):
        match = _DURATION_PART.match(text, position)
        if match is None:
            raise ValueError("not a duration")
        parts.append((float(match[1]), match[2]))
        position = match.end()
    if not parts:
        raise ValueError("not a duration")
    return parts


def _from_parts(parts: list[tuple[float, str]]) -> Duration:
    seconds = sum(number * _SECONDS[unit] for number, unit in parts)
    if not seconds >= 0:
        raise ValueError("negative")
    try:
        return Duration(seconds=seconds)
    except OverflowError as error:
        raise ValueError("too long") from error
