"""Fuzz for as long as you like: ``python tools/fuzz.py --minutes 60 [TARGET...]``.

Every target has its turn, again and again, with other examples each time. A target whose check fails is told at once, with
its smallest example and the command that finds it again, and has no more turns. At the end there is a line for each target.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
MINUTES = 60.0
TURN_SECONDS = 20.0
BATCHES = 4
"""A batch has so many times the examples that the tests try."""

if TYPE_CHECKING:
    from tests.fuzz.target import Fuzzed, Target


@dataclass
class Tally:
    """What became of a target so far."""

    target: Target
    executions: int = 0
    seconds: float = 0.0
    failed: bool = False


def main() -> int:
    """Fuzz what the arguments name; return the exit code."""
    sys.path.insert(0, str(ROOT))
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"what to fuzz: {', '.join(TARGETS)}; all")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long, all targets together")
    parser.add_argument("--start", type=int, help="the number of the first batch; one batch only")
    parser.add_argument("--count", type=int, help="the examples of a batch")
    options = parser.parse_args()
    unknown = sorted({*options.targets} - {*TARGETS})
    if unknown:
        parser.error(f"unknown target `{unknown[0]}`, expected one of {', '.join(TARGETS)}")
    tallies = [Tally(TARGETS[name]) for name in options.targets or TARGETS]
    if options.start is not None:
        for tally in tallies:
            one_turn(tally, options.start, options.count, seconds=0.0)
    else:
        rounds(tallies, options.count, minutes=options.minutes)
    print()
    for tally in tallies:
        print(f"{tally.target.name:<18} {tally.executions:>9} executions {tally.seconds:>8.0f} s   {verdict(tally)}")
    return 1 if any(tally.failed for tally in tallies) else 0


def verdict(tally: Tally) -> str:
    """Return how a target stands."""
    return "FAILED" if tally.failed else "passed"


def rounds(tallies: list[Tally], count: int | None, *, minutes: float) -> None:
    """Give each target its turns until the time is over, one batch at least."""
    until, start = time.monotonic() + minutes * 60, time.monotonic_ns() % 10**9
    turn = min(TURN_SECONDS, minutes * 60 / len(tallies))
    while time.monotonic() < until and not all(tally.failed for tally in tallies):
        for tally in tallies:
            left = until - time.monotonic()
            if not tally.failed and (left > 0 or not tally.executions):
                start = one_turn(tally, start, count, seconds=min(turn, left))


def one_turn(tally: Tally, start: int, count: int | None, *, seconds: float) -> int:
    """Run batches of one target for a while, one at least; return the number of the next batch."""
    size = count or tally.target.count * BATCHES
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, tally.target.open(Path(directory)) as fuzzed:
        while not tally.failed:
            one_batch(tally, fuzzed, start=start, size=size)
            start += 1
            if time.monotonic() - began >= seconds:
                break
    took = time.monotonic() - began
    tally.seconds += took
    print(f"{tally.target.name}: {tally.executions} executions, {took:.0f} s, {verdict(tally)}", flush=True)
    return start


def one_batch(tally: Tally, fuzzed: Fuzzed, *, start: int, size: int) -> None:
    """Run one batch, and tell when it fails."""
    from tests.fuzz.target import run

    try:
        tally.executions += run(fuzzed, start=start, count=size)
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        tally.failed = True
        traceback.print_exc()
        print(f"again: python tools/fuzz.py --start {start} --count {size} {tally.target.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
