"""How a peer's program talks with the benchmark: a line of JSON each, in on standard input, out on standard output.

A program says its settings once when it is ready; then each work it is told is done, and its timings are said. It ends
when its input does, and so with the benchmark, however that ends. Only the standard library: each program runs in the
environment of its peer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Work:
    """So many workflows at once, each of so many steps one after another."""

    workflows: int
    steps: int


@dataclass(frozen=True)
class Timings:
    """What is noted of one run, in seconds; the same fields as ``benchmarks.shared_work.Timings``."""

    wall_seconds: float
    step_seconds: tuple[float, ...]
    workflow_seconds: tuple[float, ...]


@dataclass(frozen=True)
class Setting:
    """A setting as the running peer says it, for the benchmark to compare with what it promises."""

    name: str
    value: str


async def serve(settings: Iterable[Setting], run: Callable[[Work], Awaitable[Timings]]) -> None:
    """Say that the peer is ready, then do what is asked for until the input ends."""
    _say({"settings": [asdict(setting) for setting in settings]})
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        _say(asdict(await run(Work(workflows=asked["workflows"], steps=asked["steps"]))))


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
