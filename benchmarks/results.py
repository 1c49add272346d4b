"""What a run of the benchmarks found, as it is written to a file and shown in a table.

A figure is never a number alone: it keeps every sample, and beside each the speed of the disk at that time, since a disk
that others share is not the same from one minute to the next.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct


class Measure(Struct, frozen=True):
    """What is measured: its name and unit, which direction is better, and what is aimed at, ``None`` for nothing.

    ``durable`` tells whether it waits for the disk, and so is compared with it when it is a rate.
    """

    name: str
    unit: str
    higher_is_better: bool = True
    target: float | None = None
    durable: bool = True

    def of(self, value: float) -> Sample:
        """Return one value of this measure."""
        return Sample(self, value)


class Sample(Struct, frozen=True):
    """One value of a measure."""

    measure: Measure
    value: float


class Figure(Struct, frozen=True, kw_only=True):
    """A measure with the values of all rounds.

    ``low`` and ``high`` are the least and the greatest sample. ``bare`` has, for each sample, how many single-row commits
    per second the same disk made just before and after; it is empty where the two are not to be compared.
    """

    name: str
    unit: str
    higher_is_better: bool
    target: float | None
    samples: tuple[float, ...]
    bare: tuple[float, ...]
    median: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"`{self.name}` has no sample, expected at least one")
        if self.bare and (len(self.bare) != len(self.samples) or min(self.bare) <= 0):
            raise ValueError(
                f"`{self.name}` has {len(self.samples)} samples, expected as many rates of the disk, above 0"
            )

    @classmethod
    def of(cls, measure: Measure, samples: Sequence[float], bare: Sequence[float] = ()) -> Figure:
        """Return the figure of at least one sample; ``bare`` is empty or as long as ``samples``."""
        return cls(
            name=measure.name,
            unit=measure.unit,
            higher_is_better=measure.higher_is_better,
            target=measure.target,
            samples=tuple(samples),
            bare=tuple(bare),
            median=statistics.median(samples),
            low=min(samples),
            high=max(samples),
        )

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target, ``None`` without a target."""
        if self.target is None:
            return None
        return self.median >= self.target if self.higher_is_better else self.median <= self.target

    @property
    def of_target(self) -> float | None:
        """The median as a part of the target, ``None`` without a target."""
        return None if self.target is None else self.median / self.target

    @property
    def of_bare(self) -> float | None:
        """The median of samples as parts of the disk's commits per second."""
        if not self.bare:
            return None
        return statistics.median(sample / bare for sample, bare in zip(self.samples, self.bare, strict=True))


class Settings(Struct, frozen=True, kw_only=True):
    """Where, when and how a run was made; ``cores`` are those that it may use, ``load`` is the load average before it."""

    date: datetime
    cpu: str
    cores: int
    memory_bytes: int
    kernel: str
    filesystem: str
    python: str
    sqlite: str
    obelisk: str
    durability: str
    load: float
    rounds: int
    quick: bool


class Result(Struct, frozen=True, kw_only=True):
    """What one system made of one workload. ``system`` is ``obelisk`` or a peer; ``durability`` is that system's."""

    workload: str
    system: str
    durability: str
    figures: tuple[Figure, ...]


class Missing(Struct, frozen=True):
    """What was not measured, and why: ``name`` is a workload, or a peer."""

    name: str
    reason: str


class Report(Struct, frozen=True, kw_only=True):
    """A whole run."""

    settings: Settings
    results: tuple[Result, ...]
    missing: tuple[Missing, ...] = ()

    def write(self, path: Path) -> None:
        """Write the report to a file as JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report from a file; raises ``msgspec.ValidationError`` when it is none."""
        return msgspec.json.decode(path.read_bytes(), type=cls)
