"""A run: the chosen workloads one after another, peers right after Obelisk where they do the same work."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

import grpc.aio
from msgspec import Struct

from benchmarks.bench import Bench
from benchmarks.errors import UnavailableError
from benchmarks.machine import DURABILITY, settings
from benchmarks.peer import Peer, PeerRun
from benchmarks.peers import PEERS
from benchmarks.results import Figure, Measure, Missing, Report, Result, Sample
from benchmarks.shared_work import QUICK_SHARED_WORK, RATE, SERIAL, SHARED_WORK, WARM_UP_RUNS, SharedWork, samples
from benchmarks.working_directory import working_directory
from benchmarks.workload import Workload
from obelisk.errors import ObeliskError

OBELISK = "obelisk"
DISK = "disk"
BARE_LOOP = "bare loop"
BARE = Measure("single-row commits", "commits/s")
AGAINST = {("serial", "restate"): 6.0}
"""How many times a peer's rate is aimed at, by workload and peer."""
EFFECTS = "serial-effects"
"""A workload that peers do not do apart: their steps of the serial work may have effects outside."""
WENT_WRONG = (ObeliskError, grpc.RpcError, OSError, sqlite3.Error, subprocess.SubprocessError, TimeoutError)


class Options(Struct, frozen=True, kw_only=True):
    """What the command line asked for; ``cache`` lies on the disk that is measured."""

    rounds: int
    quick: bool
    peers: bool
    cache: Path


Told = Callable[[Report], None]


class Run:
    """One run. ``failed`` tells whether anything went wrong, other than that something is not installed."""

    def __init__(self, bench: Bench, options: Options, *, say: Callable[[str], None]) -> None:
        self.failed = False
        self._bench = bench
        self._say = say
        self._settings = settings(bench.directory, rounds=options.rounds, quick=options.quick)
        self._peers = [_peer(name) for name in PEERS] if options.peers else []
        self._results: list[Result] = []
        self._missing: list[Missing] = []

    @property
    def report(self) -> Report:
        """What was found so far."""
        bare = Result(
            workload=DISK,
            system=BARE_LOOP,
            durability=DURABILITY,
            figures=(Figure.of(BARE, self._bench.bare),),
        )
        return Report(settings=self._settings, results=(bare, *self._results), missing=tuple(self._missing))

    async def workload(self, workload: Workload) -> None:
        """Measure a workload, and the same on each peer."""
        self._say(f"{workload.NAME}: {workload.SUMMARY}")
        try:
            self._add(workload.NAME, OBELISK, DURABILITY, await workload.measure(self._bench))
        except UnavailableError as error:
            self._missing.append(Missing(workload.NAME, str(error)))
        except WENT_WRONG as error:
            self._fail(workload.NAME, error)
        for work in QUICK_SHARED_WORK if self._bench.quick else SHARED_WORK:
            if work.name == workload.NAME:
                for peer in self._peers:
                    await self._peer(peer, work)
        if workload.NAME == EFFECTS:
            for peer in self._peers:
                self._compare(EFFECTS, SERIAL.name, peer)

    async def _peer(self, peer: Peer, work: SharedWork) -> None:
        reason = peer.missing()
        if reason is not None:
            self._missing.append(Missing(f"{work.name} on {peer.name}", reason))
            return
        self._say(f"{work.name} on {peer.name}: {peer.summary}")
        try:
            async with peer.opened(self._bench.place()) as opened:
                for _ in range(WARM_UP_RUNS):
                    await opened.run(work)
                figures = await self._bench.measured(lambda: _once(opened, work))
        except WENT_WRONG as error:
            self._fail(f"{work.name} on {peer.name}", error)
        else:
            self._add(work.name, peer.name, peer.durability, figures)
            self._compare(work.name, work.name, peer)

    def _compare(self, own_work: str, peers_work: str, peer: Peer) -> None:
        """Add how many times a peer's rate Obelisk's is, round by round; nothing when one of the two is missing."""
        times = [
            own / other for own, other in zip(*self._rates((own_work, OBELISK), (peers_work, peer.name)), strict=False)
        ]
        if times:
            against = Measure(f"steps against {peer.name}", "times", target=AGAINST.get((own_work, peer.name)))
            self._add(own_work, OBELISK, DURABILITY, [Figure.of(against, times)])

    def _rates(self, *of: tuple[str, str]) -> Iterator[Sequence[float]]:
        """Yield the rates of all rounds, none when they are missing, for each pair of a workload and a system."""
        for pair in of:
            results = (result for result in self._results if (result.workload, result.system) == pair)
            figures = (figure for result in results for figure in result.figures if figure.name == RATE.name)
            yield next((figure.samples for figure in figures), ())

    def _add(self, workload: str, system: str, durability: str, figures: Sequence[Figure]) -> None:
        self._results.append(Result(workload=workload, system=system, durability=durability, figures=tuple(figures)))

    def _fail(self, name: str, error: BaseException) -> None:
        self.failed = True
        self._missing.append(Missing(name, f"went wrong: {_said(error)}"))


async def run(workloads: Iterable[Workload], options: Options, *, say: Callable[[str], None], told: Told) -> Run:
    """Run the workloads; ``say`` gets what is going on, ``told`` the report each time that it has grown."""
    with working_directory(options.cache, "run-") as directory:
        bench = Bench(directory, options.cache, rounds=options.rounds, quick=options.quick)
        made = Run(bench, options, say=say)
        bench.disk()  # also where no workload gets as far
        for workload in workloads:
            await made.workload(workload)
            told(made.report)
    return made


def _said(error: BaseException) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return f"a call to the server ended with {error.code().name}: {error.details()}"
    return str(error) or type(error).__name__


async def _once(opened: PeerRun, work: SharedWork) -> list[Sample]:
    return samples(work, await opened.run(work))


def _peer(name: str) -> Peer:
    return cast("Peer", import_module(f"benchmarks.peers.{name}").PEER)
