"""From batches as they came to bodies of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
from google.protobuf.message import EncodeError
from msgspec import Struct

from obelisk.interfaces.signals import LogRecord, MetricsSnapshot, Span
from obelisk_otlp.encoding import Encoder
from obelisk_otlp.plan import Kind
from obelisk_otlp.sampling import Sampling
from obelisk_otlp.wire import Frame

MAX_BODY: Final = 3 * 1024 * 1024
"""Below what receivers over gRPC take by default, 4 MiB."""


class Request(Struct, frozen=True):
    """A body, and how many records it holds. ``None`` instead of a body says that they cannot be sent at all."""

    body: bytes | None
    count: int


class Requests:
    """Makes requests of batches of one kind."""

    def __init__(self, kind: Kind, encoder: Encoder, sampling: Sampling, *, size: int) -> None:
        types = {Kind.TRACES: list[Span], Kind.LOGS: list[LogRecord], Kind.METRICS: list[MetricsSnapshot]}
        encoders: dict[Kind, Callable[[Any], bytes]] = {
            Kind.TRACES: encoder.traces,
            Kind.LOGS: encoder.logs,
            Kind.METRICS: encoder.metrics,
        }
        self._decoder: Any = msgspec.msgpack.Decoder(types[kind])
        self._encode = encoders[kind]
        self._sampling = sampling if kind is Kind.TRACES else None
        self._size = size

    def records(self, frames: Sequence[Frame]) -> list[Any]:
        """Return the records of batches that are to be sent."""
        found = [record for frame in frames for record in self._decoder.decode(frame.payload)]
        return found if self._sampling is None else self._sampling.chosen(found)

    def of(self, records: Sequence[Any]) -> Iterator[Request]:
        """Yield requests that are not too large."""
        for start in range(0, len(records), self._size):
            yield from self._parts(records[start : start + self._size])

    def _parts(self, records: Sequence[Any]) -> Iterator[Request]:
        """Encode; what is too large, or holds a record that no message can, is halved until only that record is left."""
        try:
            body = self._encode(records)
        except (ValueError, TypeError, EncodeError):
            body = None
        if (body is None or len(body) > MAX_BODY) and len(records) > 1:
            middle = len(records) // 2
            yield from self._parts(records[:middle])
            yield from self._parts(records[middle:])
        else:
            yield Request(body, len(records))
