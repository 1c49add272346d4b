"""Batches as bytes for the pipe. This is all that the server's process spends on a signal, so it has to be quick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from obelisk.interfaces.signals import LogRecord, MetricsSnapshot, Signal, Span
from obelisk_otlp.plan import Kind

_TYPES: Final[Mapping[Kind, type[Signal]]] = {Kind.TRACES: Span, Kind.LOGS: LogRecord, Kind.METRICS: MetricsSnapshot}
_LARGEST: Final = 2**63 - 1


def packed(batch: Sequence[Signal], kinds: Sequence[Kind]) -> Iterator[tuple[Kind, int, bytes]]:
    """Yield the records of each of some kinds: how many there are, and their bytes."""
    for kind in kinds:
        wanted = _TYPES[kind]
        records = [signal for signal in batch if type(signal) is wanted]
        if records:
            yield kind, len(records), _pack(records)


def _pack(records: list[Any]) -> bytes:
    try:
        return msgspec.msgpack.encode(records)
    except (
        ValueError,
        OverflowError,
    ):  # a text with half of a surrogate pair, a number too large: rare, so tried first
        return msgspec.msgpack.encode([_mended(record) for record in records])


def _mended(value: Any) -> Any:
    """Return a value without what no receiver could take."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -_LARGEST - 1 <= value <= _LARGEST:
        return str(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_mended(item) for item in value)
    if isinstance(value, Struct):
        return type(value)(**{name: _mended(getattr(value, name)) for name in value.__struct_fields__})
    return value
