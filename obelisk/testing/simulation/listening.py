"""Listens to what servers and the loop log: an error with a traceback is one that nobody expected."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LOGS = ("obelisk", "asyncio")


@contextmanager
def listening(problems: list[str]) -> Iterator[None]:
    """Add what nobody expected to ``problems``; the rest, which is what goes wrong on purpose, is not passed on."""
    alert = _Alert(problems)
    logs = [logging.getLogger(name) for name in LOGS]
    before = [(log.level, log.propagate) for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
        log.propagate = False
        log.addHandler(alert)
    try:
        yield
    finally:
        for log, (level, propagate) in zip(logs, before, strict=True):
            log.removeHandler(alert)
            log.setLevel(level)
            log.propagate = propagate


class _Alert(logging.Handler):
    """Makes a problem of each log record with a traceback."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            self._problems.append(f"logged: {self.format(record)}")
