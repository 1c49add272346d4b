"""``python -m benchmarks parts``: what a step costs the server, by part of the engine.

The processor time of each thread is the system's own count. py-spy samples the stacks of the server meanwhile, without
stopping it; a thread's time is shared out by its samples, and a sample belongs to the part of its innermost frame that
has one. What a C library does is so counted where it was called from.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.bench import Bench
from benchmarks.client import Client, connected
from benchmarks.errors import UnavailableError
from benchmarks.places import FIBOA
from benchmarks.server import Server
from benchmarks.shared_work import SharedWork

N = 10
WARM_UP_RUNS = 5
SECONDS = 12
SAMPLES_PER_SECOND = 250
MICROSECONDS = 10**6
LOOP: Final = "loop"
OTHER: Final = "the rest"

PARTS: Final[tuple[tuple[str, str], ...]] = (
    (r"(Guest\._poll|Guest\.poll) ", "guests: running in wasmtime"),
    (r"obelisk/wasm/(lower|lift|values|type_names|workflow_values)\.py", "guests: values in and out"),
    (r"obelisk/wasm/", "guests: made, linked, ended, host calls"),
    (r"obelisk/core/|obelisk/ids\.py|obelisk/names\.py|obelisk/clock\.py", "core: replay, states, events, ids"),
    (r"obelisk/runtime/(metrics|tracing|exporter_feed|outlets|measuring|signals)\.py", "runtime: metrics and spans"),
    (r"obelisk/runtime/garbage\.py", "garbage collection"),
    (r"obelisk/runtime/", "runtime: turns, commits, wake-ups"),
    (r"Transactions\.(_transaction|_begin|begin_at_once) ", "storage: BEGIN, COMMIT and its fsync"),
    (r"Session\.(_run|_select|_delete_finished|_read_executions|_read_answers) ", "storage: rows in SQLite"),
    (r"obelisk_sqlite/", "storage: what the rows are, queues"),
    (r"obelisk/api/|/grpc/|google/protobuf|message_factory", "gRPC"),
    (r"Handle\._run |asyncio/|selectors\.py", "event loop, and gRPC's own code"),
)
"""The parts, and which frames belong to them, as ``function (file)``; the first that fits."""

_FRAME = re.compile(r" \((.+?)(?::\d+)?\)$")
_THREAD = re.compile(r"^thread \((\d+)\)")


class Part(Struct, frozen=True):
    """What a step costs in one part, in microseconds of processor time; ``thread`` is ``loop`` or a thread's name."""

    thread: str
    name: str
    microseconds: float


class Cost(Struct, frozen=True):
    """What a step of a work costs; ``wall`` and ``client`` are microseconds of the clock and of the client's processor."""

    work: SharedWork
    wall: float
    client: float
    parts: tuple[Part, ...]


async def cost(bench: Bench, work: SharedWork, config: str) -> Cost:
    """Do a work over and over for ``SECONDS``, and return what a step of it cost.

    Raises ``UnavailableError`` when py-spy is not installed.
    """
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is None:
        raise UnavailableError("py-spy is not installed: `pip install --group benchmarks`")
    with bench.server(config) as server:
        async with connected(server.address) as client:
            for _ in range(WARM_UP_RUNS):
                await _do(client, work)
            return await _cost(client, work, server, (spy, bench.place() / "stacks"))


async def _cost(client: Client, work: SharedWork, server: Server, sampling: tuple[str, Path]) -> Cost:
    spy, path = sampling
    before, own, started, steps = _thread_seconds(server.pid), time.process_time(), time.perf_counter(), 0
    command = [spy, "record", "--pid", str(server.pid), "--duration", str(SECONDS), "--rate", str(SAMPLES_PER_SECOND)]
    command += ["--format", "raw", "--threads", "--output", str(path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = asyncio.ensure_future(process.wait())
    while not ended.done():
        await _do(client, work)
        steps += work.total
    wall, own, after = time.perf_counter() - started, time.process_time() - own, _thread_seconds(server.pid)
    if ended.result() != 0:
        raise UnavailableError(
            "py-spy may not look at the server: on Linux it needs ptrace of processes of the same user"
        )
    spent = {thread: (seconds - before.get(thread, 0)) / steps * MICROSECONDS for thread, seconds in after.items()}
    parts = shared_out(path.read_text().splitlines(), spent, loop=server.pid)
    return Cost(work, wall / steps * MICROSECONDS, own / steps * MICROSECONDS, parts)


async def _do(client: Client, work: SharedWork) -> None:
    await client.run_many(FIBOA, [N, work.steps], count=work.workflows)


def _thread_seconds(pid: int) -> dict[int, float]:
    """Return the processor time of each thread, in user and system mode, as proc(5) has it."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[int(task.name)] = (int(fields[11]) + int(fields[12])) / ticks
    return found


def shared_out(stacks: Iterable[str], spent: Mapping[int, float], *, loop: int) -> tuple[Part, ...]:
    """Share the microseconds of each thread out by its sampled stacks, most first.

    A stack is a line of py-spy's raw format, outermost frame first. Threads without samples are one part together.
    """
    counts: dict[int, Counter[str]] = {}
    names: dict[int, str] = {}
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        head, *inner = frames.split(";")
        found = _THREAD.match(head)
        if found is None:
            continue
        thread = int(found[1])
        names[thread] = LOOP if thread == loop else head.partition(": ")[2]
        counts.setdefault(thread, Counter())[part_of(inner)] += int(count)
    parts = [
        Part(names[thread], part, spent.get(thread, 0.0) * count / shares.total())
        for thread, shares in counts.items()
        for part, count in shares.items()
    ]
    unseen = sum(microseconds for thread, microseconds in spent.items() if thread not in counts)
    found_parts = [*parts, Part("others", "threads of libraries", unseen)]
    return tuple(sorted(found_parts, key=lambda part: part.microseconds, reverse=True))


def part_of(frames: Iterable[str]) -> str:
    """Return the part of the innermost frame that has one."""
    for frame in reversed([_FRAME.sub(r" (\1)", frame) for frame in frames]):
        for pattern, part in PARTS:
            if re.search(pattern, frame):
                return part
    return OTHER


def lines(found: Cost) -> Iterable[str]:
    """Return the cost as lines of text; parts that take less than a microsecond are summed."""
    work = found.work
    total = sum(part.microseconds for part in found.parts)
    yield f"{work.name}: {work.workflows} x {work.steps} steps, microseconds a step"
    yield f"{found.wall:8.0f}  of the clock"
    yield f"{total:8.0f}  of the server's processor time"
    for part in found.parts:
        if part.microseconds >= 1:
            yield f"{part.microseconds:8.0f}    {part.thread}: {part.name}"
    yield f"{sum(part.microseconds for part in found.parts if part.microseconds < 1):8.0f}    what is below 1 each"
    yield f"{found.client:8.0f}  of the client's processor time"
