"""Many workflows that wait."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack

from benchmarks.bench import Bench
from benchmarks.client import PAGE, Client, connected, newest
from benchmarks.errors import BenchmarkError
from benchmarks.places import GUESTS, workflow
from benchmarks.results import Figure, Measure, Sample
from benchmarks.server import Server
from benchmarks.workloads.memory import megabytes
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.names import Ffqn

NAME = "suspended"
SUMMARY = (
    "10,000 workflows that sleep until one moment: from the first submission until all sleep, from that moment until a "
    "client, which follows one after another, is told that none is left"
)
MEMORY = Measure("resident memory", "MB", higher_is_better=False, target=600.0)
START = Measure("started", "workflows/s")
RESUME = Measure("resumed", "workflows/s", target=5000.0)
SLEEP_UNTIL = Ffqn("benchmark:sleeper/sleeper.sleep-until")
COUNT = 10_000
QUICK_COUNT = 100
WARM_UP = 200
CLIENTS = 32
SPARE_SECONDS = 5.0
WAIT_SECONDS = 300.0
_List = pb.ListExecutionsRequest
OK = (_List.EXECUTION_STATE_FILTER_FINISHED_OK,)


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    count = bench.size(COUNT, QUICK_COUNT)

    async def once() -> list[Sample]:
        async with AsyncExitStack() as stack:
            server = stack.enter_context(bench.server(workflow("sleeper", GUESTS / "sleeper.wat")))
            clients = [await stack.enter_async_context(connected(server.address)) for _ in range(CLIENTS)]
            return await _suspend_and_resume(server, clients, count)

    return await bench.measured(once)


async def _suspend_and_resume(server: Server, clients: list[Client], count: int) -> list[Sample]:
    soon = math.ceil(time.time() + 1)
    trial = await _suspend(clients, WARM_UP, until=soon)
    await _ended(clients[0])
    moment = math.ceil(time.time() + SPARE_SECONDS + 2 * trial * count / WARM_UP)
    took = await _suspend(clients, count, until=moment)
    if time.time() > moment:
        raise BenchmarkError(
            f"{count} workflows slept only after {took:.0f} s, too late for the moment that they wait for"
        )
    memory = megabytes(server)
    await _ended(clients[0])
    resumed = time.time() - moment
    await _check(clients[0], WARM_UP + count)
    return [MEMORY.of(memory), START.of(count / took), RESUME.of(count / resumed)]


async def _suspend(clients: list[Client], count: int, *, until: int) -> float:
    """Start so many workflows that sleep; return the seconds until the last one slept."""

    async def submit(client: Client, share: int) -> None:
        idents = [await client.submit(SLEEP_UNTIL, [until]) for _ in range(share)]
        await client.blocked(idents[-1])

    started = time.perf_counter()
    shares = [count // len(clients) + (index < count % len(clients)) for index in range(len(clients))]
    await asyncio.gather(*map(submit, clients, shares))
    awake = newest("PENDING", "LOCKED")
    await clients[0].follow_while_any(awake, past=clients[0].blocked, wait=WAIT_SECONDS)
    return time.perf_counter() - started


async def _ended(client: Client) -> None:
    """Wait until all have finished. Lists of all would take the server's time, so one after another is followed instead."""
    await client.follow_while_any(newest(), past=client.finished, wait=WAIT_SECONDS)


async def _check(client: Client, count: int) -> None:
    """Raise ``BenchmarkError`` unless so many have returned ok."""
    returned, cursor = 0, None
    while page := await client.page(state_filters=OK, older_than=_List.OlderThan(length=PAGE, cursor=cursor)):
        returned += len(page)
        cursor = _List.Cursor(execution_id=page[-1].execution_id)
    if returned != count:
        raise BenchmarkError(f"{returned} of {count} workflows returned ok")
