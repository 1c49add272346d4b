"""What the sending process is told before the first signal: where each kind of signal goes, and how."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from obelisk.interfaces.signals import AttributeValue
from obelisk_otlp.settings import Protocol, Sampler

MAX_QUEUE_BYTES: Final = 32 * 1024 * 1024
"""What may wait for one kind of signal, in bytes; it is a quarter of a minute of spans at full speed."""


class Kind(Enum):
    """A kind of signal."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


_RECORDS: Final = {
    Kind.TRACES: ("span", "spans"),
    Kind.LOGS: ("log record", "log records"),
    Kind.METRICS: ("snapshot of metrics", "snapshots of metrics"),
}


def counted(counts: Mapping[Kind, int]) -> str:
    """Return numbers of records for people, empty when there are none."""
    found = {kind: counts[kind] for kind in Kind if counts.get(kind, 0) > 0}
    return ", ".join(f"{count} {_RECORDS[kind][count > 1]}" for kind, count in found.items())


class Batching(Struct, frozen=True, kw_only=True):
    """How signals of a kind are gathered: how many may wait, how many are one request, how long to wait for more (s)."""

    queue: int = 200_000
    batch: int = 2048
    linger: float = 0.2


class Target(Struct, frozen=True, kw_only=True):
    """Where one kind of signal goes.

    ``address`` is ``host:port`` for gRPC and the whole URL for HTTP, ``shown`` is for people, ``timeout`` is in
    seconds. Files are paths of PEM.
    """

    kind: Kind
    protocol: Protocol
    address: str
    shown: str
    is_secure: bool
    headers: tuple[tuple[str, str], ...] = ()
    is_compressed: bool = False
    timeout: float = 10.0
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    batching: Batching = Batching()


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that the sending process knows. ``flush_seconds`` is how long its end may take.

    ``jitter`` is a factor of the waits between tries.
    """

    targets: tuple[Target, ...]
    resource: dict[str, AttributeValue]
    version: str
    sampler: Sampler
    sample_ratio: float
    flush_seconds: float
    jitter: float = 1.0

    def has(self, kind: Kind) -> bool:
        """Tell whether signals of a kind are sent."""
        return any(target.kind is kind for target in self.targets)

    @property
    def places(self) -> str:
        """Where signals go, for people."""
        return " and ".join(dict.fromkeys(target.shown for target in self.targets))
