"""How many executions per second clients create."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.bench import Bench
from benchmarks.client import Client, connected
from benchmarks.places import FIBO, fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "submit"
SUMMARY = "activities submitted through gRPC by 1 and by 32 clients with a connection each; wall time of the client"
ONE = Measure("1 client", "submissions/s")
MANY = Measure("32 clients", "submissions/s", target=1500.0)
PAUSED = Measure("32 clients, executions paused", "submissions/s")
CLIENTS = 32
COUNT = 3200
QUICK_COUNT = 64
WAIT_SECONDS = 120.0


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    count = bench.size(COUNT, QUICK_COUNT)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(bench.server(fibo()))
        clients = [await stack.enter_async_context(connected(server.address)) for _ in range(CLIENTS)]

        async def once() -> list[Sample]:
            one = await _rate(clients[:1], count // 8)
            many = await _rate(clients, count)
            return [ONE.of(one), MANY.of(many), PAUSED.of(await _rate(clients, count, paused=True))]

        await once()
        return await bench.measured(once)


async def _rate(clients: list[Client], count: int, *, paused: bool = False) -> float:
    each = count // len(clients)

    async def submit(client: Client) -> None:
        for _ in range(each):
            await client.submit(FIBO, [10], paused=paused)

    started = time.perf_counter()
    await asyncio.gather(*map(submit, clients))
    passed = time.perf_counter() - started
    await clients[0].until_none("PENDING", "LOCKED", wait=WAIT_SECONDS)
    return each * len(clients) / passed
