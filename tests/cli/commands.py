"""What tests of client commands have in common."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from obelisk.cli.follow import Timing
from tests.api.fakes import FixedClock

UNREACHABLE = "http://127.0.0.1:1"


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_sleep: Any = None

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if self.on_sleep is not None:
            self.on_sleep()

    def timing(self) -> Timing:
        return Timing(FixedClock(), lambda: self.seconds, self.sleep)


def lines(result: Result) -> list[Any]:
    """Return the JSON lines of a command."""
    return [json.loads(line) for line in result.stdout.splitlines()]
