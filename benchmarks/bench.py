"""What a workload is handed: servers, the disk's own speed, and rounds that put the two side by side."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from msgspec.structs import replace

from benchmarks.client import Client, connected
from benchmarks.disk import commits_per_second
from benchmarks.results import Figure, Measure, Sample
from benchmarks.server import Server, serving

BARE_SECONDS = 0.5
QUICK_BARE_SECONDS = 0.1
Once = Callable[[], Awaitable[Sequence[Sample]]]


class Bench:
    """A run of the benchmarks.

    ``directory`` is empty at first, on the disk that is measured, and is deleted at the end; ``cache`` is kept from run to
    run. ``bare`` has the disk's commits per second each time that they were measured.
    """

    def __init__(self, directory: Path, cache: Path, *, rounds: int, quick: bool) -> None:
        self.directory = directory
        self.cache = cache
        self.rounds = rounds
        self.quick = quick
        self.bare: list[float] = []
        self._names = itertools.count(1)

    def size(self, full: int, quick: int) -> int:
        """Return how large a work is in this run."""
        return quick if self.quick else full

    def place(self) -> Path:
        """Return a new directory."""
        place = self.directory / str(next(self._names))
        place.mkdir()
        return place

    @contextmanager
    def server(self, config: str, *, place: Path | None = None, compiled: Path | None = None) -> Iterator[Server]:
        """Run a server with this configuration and a new database, or with that in ``place``.

        Components are compiled once for all servers, or again into ``compiled``.
        """
        place = place or self.place()
        path = place / "obelisk.toml"
        path.write_text(config)
        with serving(path, place, compiled or self.directory / "compiled") as server:
            yield server

    @asynccontextmanager
    async def client(self, config: str, *, place: Path | None = None) -> AsyncIterator[Client]:
        """Run a server, and connect to it."""
        with self.server(config, place=place) as server:
            async with connected(server.address) as client:
                yield client

    async def measured(self, once: Once, *, targets: Mapping[Measure, float] | None = None) -> list[Figure]:
        """Do something once for each round, with the disk's own speed before and after; return what all rounds said."""
        found: dict[Measure, list[tuple[float, float]]] = {}
        before = self.disk()
        for _ in range(self.rounds):
            samples = await once()
            after = self.disk()
            for sample in samples:
                found.setdefault(sample.measure, []).append((sample.value, (before + after) / 2))
            before = after
        aims = targets or {}
        return [_figure(measure, pairs, aims.get(measure, measure.target)) for measure, pairs in found.items()]

    def disk(self) -> float:
        """Return how many single rows per second the disk commits right now."""
        seconds = QUICK_BARE_SECONDS if self.quick else BARE_SECONDS
        self.bare.append(commits_per_second(self.directory / "bare.sqlite", seconds=seconds))
        return self.bare[-1]


def _figure(measure: Measure, pairs: Sequence[tuple[float, float]], target: float | None) -> Figure:
    values, bare = zip(*pairs, strict=True)
    is_compared = measure.durable and measure.unit.endswith("/s")
    return Figure.of(replace(measure, target=target), values, bare if is_compared else ())
