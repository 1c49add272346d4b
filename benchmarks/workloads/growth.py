"""The same work in databases that hold few and many finished executions."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

from benchmarks.bench import Bench
from benchmarks.client import Client, connected, together
from benchmarks.filled import filled
from benchmarks.places import FIBOA, fibo
from benchmarks.results import Figure, Measure, Sample
from benchmarks.shared_work import milliseconds
from obelisk.api.pb import obelisk_pb2 as pb

NAME = "growth"
SUMMARY = "500 serial steps, 200 workflows x 10 steps and pages of lists beside 1,000, 100,000 and 1,000,000 executions"
SIZES = (1_000, 100_000, 1_000_000)
QUICK_SIZES = (100, 300, 1_000)
SERIAL_STEPS = 500
WORKFLOWS = 200
STEPS = 10
QUICK_STEPS = 10
QUICK_WORKFLOWS = 5
PAGES = 20
PAGE = 20
TARGET = 1.3
AIMED = frozenset({"serial", "concurrent", "newest page", "page in the middle"})
_List = pb.ListExecutionsRequest


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    sizes = QUICK_SIZES if bench.quick else SIZES
    async with AsyncExitStack() as stack:
        clients: dict[int, Client] = {}
        for size in sizes:
            place = await filled(bench, size, sizes[0])
            server = stack.enter_context(bench.server(fibo(), place=place))
            clients[size] = await stack.enter_async_context(connected(server.address))
            await _work(bench, clients[size])

        order = list(sizes)

        async def once() -> list[Sample]:
            order.reverse()  # what drifts in the course of a round does so to the harm of each
            found = {size: await _work(bench, clients[size]) for size in order}
            samples = [_of(size, sample) for size in sizes for sample in found[size]]
            against = [_against(small, large) for small, large in zip(found[sizes[0]], found[sizes[-1]], strict=True)]
            return [*samples, *against]

        return await bench.measured(once)


async def _work(bench: Bench, client: Client) -> list[Sample]:
    serial = (await client.run(FIBOA, [10, bench.size(SERIAL_STEPS, QUICK_STEPS)])).seconds
    spans = await client.run_many(FIBOA, [10, STEPS], count=bench.size(WORKFLOWS, QUICK_WORKFLOWS))
    newest = await _pages(client, _List(older_than=_List.OlderThan(length=PAGE)))
    middle = await _pages(client, _List(older_than=_List.OlderThan(length=PAGE, cursor=await _middle(client))))
    failed = await _pages(client, _List(state_filters=[_List.EXECUTION_STATE_FILTER_FINISHED_EXECUTION_FAILURE]))
    return [
        _measure("serial", "s").of(serial),
        _measure("concurrent", "s").of(together(spans)),
        _measure("newest page", "ms").of(newest),
        _measure("page in the middle", "ms").of(middle),
        _measure("page of failures, none", "ms").of(failed),
    ]


def _measure(name: str, unit: str) -> Measure:
    return Measure(name, unit, higher_is_better=False)


def _of(size: int, sample: Sample) -> Sample:
    measure = sample.measure
    return _measure(f"{measure.name}, {size:,} executions", measure.unit).of(sample.value)


def _against(small: Sample, large: Sample) -> Sample:
    name = large.measure.name
    target = TARGET if name in AIMED else None
    measure = Measure(f"{name}, most against fewest", "times", higher_is_better=False, target=target)
    return measure.of(large.value / small.value)


async def _pages(client: Client, request: _List) -> float:
    """Return the median time of a page, in milliseconds."""
    times = []
    for _ in range(PAGES):
        started = time.perf_counter()
        await client.listed(request)
        times.append(time.perf_counter() - started)
    return milliseconds(times, 0.5)


async def _middle(client: Client) -> _List.Cursor:
    """Return a place halfway between the oldest and the newest execution."""
    (newest,) = await client.page(older_than=_List.OlderThan(length=1))
    (oldest,) = await client.page(newer_than=_List.NewerThan(length=1))
    cursor = _List.Cursor()
    cursor.created_at.seconds = (newest.created_at.seconds + oldest.created_at.seconds) // 2
    return cursor
