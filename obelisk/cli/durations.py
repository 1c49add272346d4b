"""Lengths of time for people."""

from __future__ import annotations

from datetime import timedelta

from obelisk.clock import MICROSECOND, MILLISECOND

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def duration_text(length: timedelta) -> str:
    """Return a length of time in units that suit it, such as ``4.2 ms``, ``1.25 s`` or ``3 h 5 min``."""
    if length < timedelta(0):
        return f"-{duration_text(-length)}"
    if not length:
        return "0 ms"
    if length < MILLISECOND:
        return f"{length // MICROSECOND} µs"
    # What would be rounded up to the next unit is told in that unit.
    if length < 10 * MILLISECOND:
        return f"{length / MILLISECOND:.1f} ms"
    if length < _SECOND - MILLISECOND / 2:
        return f"{length / MILLISECOND:.0f} ms"
    if length < _MINUTE - _SECOND / 200:
        return f"{length / _SECOND:.2f} s"
    if length < _HOUR - _SECOND / 2:
        return _pair(length, _MINUTE, _SECOND, units=("min", "s"))
    if length < _DAY - _MINUTE / 2:
        return _pair(length, _HOUR, _MINUTE, units=("h", "min"))
    return _pair(length, _DAY, _HOUR, units=("d", "h"))


def _pair(length: timedelta, large: timedelta, small: timedelta, *, units: tuple[str, str]) -> str:
    whole, rest = divmod(round(length / small), large // small)
    return f"{whole} {units[0]} {rest} {units[1]}"
