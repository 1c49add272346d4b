"""How long a command of the command line takes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.client import connected
from benchmarks.places import FIBO, ROOT, fibo
from benchmarks.results import Figure, Measure, Sample
from benchmarks.server import OBELISK, variables

NAME = "cli"
SUMMARY = "the wall time of commands, from the start of the process to its end, with their files in memory"
CALL = Measure("client execution get", "s", higher_is_better=False, target=0.25)
LIST = Measure("client execution list", "s", higher_is_better=False, target=0.25)
HELP = Measure("--help", "s", higher_is_better=False)


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    with bench.server(fibo()) as server:
        async with connected(server.address) as client:
            ident = (await client.run(FIBO, [10])).execution_id
        url = ("--api-url", f"http://{server.address}")

        async def once() -> list[Sample]:
            return [
                CALL.of(_seconds(bench, ["client", "execution", "get", ident, *url])),
                LIST.of(_seconds(bench, ["client", "execution", "list", *url])),
                HELP.of(_seconds(bench, ["--help"])),
            ]

        await once()
        return await bench.measured(once)


def _seconds(bench: Bench, arguments: Sequence[str]) -> float:
    started = time.perf_counter()
    env = variables(bench.directory, bench.directory)
    subprocess.run([*OBELISK, *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
