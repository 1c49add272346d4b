"""When a schedule is due.

The fields are evaluated by cronsim, which does as Debian's cron does. Where the clocks change, a schedule of five fields
whose minute and hour both do not begin with ``*`` keeps its times of day: those that are skipped are due together right
after that, those that come twice are due the first time. Every other schedule follows the clock on the wall: what is skipped
is not due, and what comes twice is due twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from msgspec import Struct

from obelisk_cron.settings import UTC_NAME

ONCE: Final = "@once"
ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELD_COUNTS: Final = (5, 6)


class Schedule(Struct, frozen=True):
    """The fields of a schedule and their zone; ``expression`` is ``None`` for what is due once."""

    expression: str | None
    zone: tzinfo

    @property
    def is_once(self) -> bool:
        """Whether it is due once, at the beginning."""
        return self.expression is None

    def next(self, after: datetime) -> datetime | None:
        """Return the first time after ``after`` at which it is due, in UTC; ``None`` when there is none in 50 years."""
        if self.expression is None:
            return None
        for due in CronSim(self.expression, after.astimezone(self.zone)):
            # In an hour that comes twice, what was due in its first pass is told again in the second.
            if due.astimezone(UTC) > after:
                return due.astimezone(UTC)
        return None


def parse_schedule(text: str, zone: str) -> Schedule:
    """Return a schedule; raise ``ValueError`` when ``text`` or ``zone`` is none."""
    expression = ALIASES.get(text.strip().lower(), text)
    if expression.strip().lower() == ONCE:
        return Schedule(None, _zone(zone))
    if expression.startswith("@"):
        known = ", ".join(f"`{alias}`" for alias in (*ALIASES, ONCE))
        raise ValueError(f"`schedule`: found `{text[:80]}`, expected fields or one of {known}")
    count = len(expression.split())
    if count not in FIELD_COUNTS:
        raise ValueError(
            f"`schedule`: found {count} fields in `{text[:80]}`, expected 5, or 6 with seconds before them"
        )
    found = Schedule(expression, _zone(zone))
    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        reason = str(error).removeprefix("Bad ")
        raise ValueError(f"`schedule`: the field {reason} of `{text[:80]}` cannot be") from error
    return found


def _zone(name: str) -> tzinfo:
    if name == UTC_NAME:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"`timezone`: found `{name[:80]}`, expected a name of the IANA time zone database such as `Europe/Prague`"
        ) from error
