"""What goes through the pipes between the server and the process that sends.

To it: frames, of which the first is the plan and each other one a batch of one kind of signal. The number of its
records stands in the frame's head, so that who takes no frame knows how much was lost without reading it. From it:
frames with reports.
"""

from __future__ import annotations

from enum import Enum
from struct import Struct as Layout
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from obelisk.interfaces.signals import LogRecord, MetricsSnapshot, Span
from obelisk_otlp.plan import Kind, Plan

HEAD: Final = Layout(">IBI")
"""Length of what follows, kind, number of records."""
REPORT_HEAD: Final = Layout(">I")
_PLAN: Final = 0
_NUMBERS: Final = {Kind.TRACES: 1, Kind.LOGS: 2, Kind.METRICS: 3}
_KINDS: Final = {number: kind for kind, number in _NUMBERS.items()}
Records = list[Span] | list[LogRecord] | list[MetricsSnapshot]


class Frame(Struct, frozen=True):
    """A batch of one kind as it came: ``count`` records in ``payload``."""

    kind: Kind
    count: int
    payload: bytes


class Severity(Enum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"


class Notice(Struct, frozen=True, tag="notice"):
    """A line for the server's log."""

    severity: Severity
    text: str


class Settled(Struct, frozen=True, tag="settled"):
    """So many records of a kind need no more thought; ``dropped`` of them reached nobody."""

    kind: Kind
    count: int
    dropped: int = 0


Report = Notice | Settled


def plan_frame(plan: Plan) -> bytes:
    """Return the first frame."""
    payload = msgspec.msgpack.encode(plan)
    return HEAD.pack(len(payload), _PLAN, 0) + payload


def frame(kind: Kind, count: int, payload: bytes) -> bytes:
    """Return the frame of a batch."""
    return HEAD.pack(len(payload), _NUMBERS[kind], count) + payload


def report_frame(report: Report) -> bytes:
    """Return the frame of a report."""
    payload = msgspec.msgpack.encode(report)
    return REPORT_HEAD.pack(len(payload)) + payload


def read_plan(stream: BinaryIO) -> Plan | None:
    """Wait for the plan; ``None`` when the server ended before."""
    found = _read(stream)
    return None if found is None else msgspec.msgpack.decode(found[2], type=Plan)


def read_frame(stream: BinaryIO) -> Frame | None:
    """Wait for a batch; ``None`` at the end. What the server was writing when it was killed is no batch."""
    found = _read(stream)
    return None if found is None else Frame(_KINDS[found[0]], found[1], found[2])


def _read(stream: BinaryIO) -> tuple[int, int, bytes] | None:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, kind, count = HEAD.unpack(head)
    payload = stream.read(length)
    return None if len(payload) < length else (kind, count, payload)
