"""How the commands end when something is wrong, or when they are asked to stop: with one message and an exit code."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import click

from benchmarks.errors import BenchmarkError
from obelisk.cli.output import FAILED, INTERRUPTED, fail, reporting_errors

ASK_TO_STOP: Final = (signal.SIGTERM, signal.SIGHUP)
"""Besides SIGINT. Python alone would end at once by them, and leave servers behind."""
OF_THE_MACHINE: Final = (OSError, sqlite3.Error, subprocess.SubprocessError)


class ReportingGroup(click.Group):
    """A group whose commands show no traceback for what the machine lacks, and end their processes when they are stopped."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with reporting_errors(FAILED), _as_interrupts():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                fail("interrupted", INTERRUPTED)
            except BrokenPipeError:
                raise  # click ends quietly when nobody reads any more
            except OF_THE_MACHINE as error:
                raise BenchmarkError(str(error) or type(error).__name__) from error


@contextmanager
def _as_interrupts() -> Iterator[None]:
    """Have signals that ask to stop be interrupts, unless somebody chose otherwise, as ``nohup`` does."""
    taken = [one for one in ASK_TO_STOP if signal.getsignal(one) is signal.SIG_DFL]
    for one in taken:
        signal.signal(one, _interrupt)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
