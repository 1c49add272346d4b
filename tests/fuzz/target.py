"""What is fuzzed: examples of one kind, and a check that raises when an example does harm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SECONDS_PER_EXAMPLE = 20
_PHASES = (Phase.generate, Phase.shrink)


class HangError(AssertionError):
    """An example took too long."""


@dataclass(frozen=True)
class Fuzzed:
    """An opened target. ``check`` raises for an example that is not handled as it should be."""

    examples: st.SearchStrategy[Any]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Target:
    """What can be opened in an empty directory. ``count`` is how many examples the tests try."""

    name: str
    count: int
    open: Callable[[Path], AbstractContextManager[Fuzzed]]


def simple(name: str, count: int, examples: st.SearchStrategy[Any], check: Callable[[Any], None]) -> Target:
    """Return a target that needs nothing opened."""

    @contextmanager
    def opened(directory: Path) -> Iterator[Fuzzed]:
        yield Fuzzed(examples, check)

    return Target(name, count, opened)


def run(fuzzed: Fuzzed, *, start: int, count: int) -> int:
    """Check ``count`` examples, the same for the same ``start``, and return how many checks that took.

    Raises what the check of the smallest failing example raises; the example is in the notes of the exception.
    """
    checks = [0]

    @seed(start)
    @settings(max_examples=count, deadline=None, database=None, phases=_PHASES, suppress_health_check=list(HealthCheck))
    @given(fuzzed.examples)
    def check(example: Any) -> None:
        checks[0] += 1
        with bounded():
            fuzzed.check(example)

    check()
    return checks[0]


@contextmanager
def bounded() -> Iterator[None]:
    """Raise ``HangError`` in what takes too long, where nobody else (such as pytest) minds the time."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(SECONDS_PER_EXAMPLE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _hangs(*_: Any) -> None:
    raise HangError(f"the example took more than {SECONDS_PER_EXAMPLE} s")
