"""What sending signals costs."""

from __future__ import annotations

from contextlib import AsyncExitStack

from benchmarks.bench import Bench
from benchmarks.client import Client, connected
from benchmarks.collector import Collector, Protocol, collecting
from benchmarks.places import FIBOA, fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "otlp"
SUMMARY = (
    "500 serial calls on a server without [otlp] and on servers that send to a collector, by turns; spans that arrived"
)
STEPS = 500
QUICK_STEPS = 20
RUNS = 5
WARM_UP_RUNS = 3
TARGET = 0.85
OFF = Measure("off", "steps/s")


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    steps = bench.size(STEPS, QUICK_STEPS)
    collectors: dict[Protocol, Collector] = {}
    async with AsyncExitStack() as collecting_stack:
        async with AsyncExitStack() as stack:
            for protocol in Protocol:
                collectors[protocol] = collecting_stack.enter_context(collecting(protocol))
            off = await _client(bench, stack, "")
            on = {protocol: await _client(bench, stack, found.table) for protocol, found in collectors.items()}

            async def once() -> list[Sample]:
                without = await _rate(off, steps)
                rates = {protocol: await _rate(client, steps) for protocol, client in on.items()}
                against = [_against(protocol).of(rate / without) for protocol, rate in rates.items()]
                return [OFF.of(without), *against]

            for client in (off, *on.values()):
                for _ in range(WARM_UP_RUNS):
                    await client.run(FIBOA, [10, steps])
            figures = await bench.measured(once)
        # An execution's span and its run's, of each step and of the workflow.
        made = (WARM_UP_RUNS + bench.rounds * RUNS) * 2 * (steps + 1)
        arrived = {protocol: collector.ended() / made for protocol, collector in collectors.items()}
    return [*figures, *(Figure.of(_arrived(protocol), [part]) for protocol, part in arrived.items())]


def _against(protocol: Protocol) -> Measure:
    return Measure(f"{protocol.value} against off", "times", target=TARGET)


def _arrived(protocol: Protocol) -> Measure:
    return Measure(f"spans arrived over {protocol.value}", "of those made")


async def _client(bench: Bench, stack: AsyncExitStack, table: str) -> Client:
    server = stack.enter_context(bench.server(fibo() + table))
    return await stack.enter_async_context(connected(server.address))


async def _rate(client: Client, steps: int) -> float:
    return steps * RUNS / sum([(await client.run(FIBOA, [10, steps])).seconds for _ in range(RUNS)])
