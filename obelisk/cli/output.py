"""What the commands print, and how they end.

Results go to standard output, everything else to standard error. A command that fails prints one message and no
traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from obelisk.errors import ObeliskError

OK = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130
DEBUG_VARIABLE = "OBELISK_DEBUG"


def fail(message: str, code: int) -> NoReturn:
    """Print ``error: message`` to standard error and end the process with ``code``."""
    click.echo(f"error: {message}", err=True)
    raise SystemExit(code)


def warn(message: str) -> None:
    """Print ``warning: message`` to standard error."""
    click.echo(f"warning: {message}", err=True)


def print_line(text: str) -> None:
    """Print a line of a result."""
    click.echo(text)


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print the rows of a result in columns, each as wide as its longest cell; all rows have as many cells."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_json_line(value: Any) -> None:
    """Print a result as one line of JSON. ``value`` is plain JSON or Structs."""
    import msgspec

    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # the name of a file may hold bytes that are no text, which only escapes can tell
        import json

        text = json.dumps(msgspec.to_builtins(value), separators=(",", ":"))
    click.echo(text)


def output_problem(met: OSError | None = None) -> str | None:
    """Return what is wrong with standard output when it does not take what is printed: it is on a full disk, say.

    ``met`` is the error that made somebody ask. A pipe that nobody reads any more is no problem.
    """
    if met is not None and _is_of_printing(met):
        return _lost(met)
    try:
        if sys.stdout is not None:  # the process may have been started without it
            sys.stdout.flush()  # fails again when it was this that failed: what it has is kept
    except BrokenPipeError:
        return None
    except OSError as error:
        return _lost(error)
    return None


@contextmanager
def reporting_errors(exit_code: int) -> Iterator[None]:
    """End the process with ``exit_code`` and one message for an ``ObeliskError``, with 1 for what nobody expected.

    Usable as a decorator of a command too. With ``OBELISK_DEBUG=1`` the traceback is shown instead of the message.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # click's own ways to end
    except Exception as error:  # the outermost frame of a command: nothing above it could tell the person more
        if os.environ.get(DEBUG_VARIABLE) == "1":
            raise
        if isinstance(error, ObeliskError):
            fail(str(error), exit_code)
        if isinstance(error, OSError) and (problem := output_problem(error)) is not None:
            fail(problem, FAILED)
        fail(f"unexpected {_one_line(error)}; run it with {DEBUG_VARIABLE}=1 for the traceback", FAILED)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _is_of_printing(error: OSError) -> bool:
    """Tell whether a write of ``click.echo`` raised an error: a stream without a buffer keeps nothing to try again."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def _lost(error: OSError) -> str:
    return f"cannot write to standard output: {error.strerror or error}; what was to be printed is lost"
