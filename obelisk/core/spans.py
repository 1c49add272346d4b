"""Spans: what is known of a piece of work once it has ended, as records that name no vendor.

The words are those of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/trace/api/). ``core.tracing`` makes spans of
an execution's log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct

AttributeValue = str | int | float | bool
Attributes = Mapping[str, AttributeValue]


class SpanKind(Enum):
    """Which side of a call a span is."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"


class SpanStatus(Enum):
    """How a piece of work ended."""

    UNSET = "unset"
    OK = "ok"
    ERROR = "error"


class SpanEvent(Struct, frozen=True):
    """Something that happened at one point of a span."""

    name: str
    at: datetime
    attributes: dict[str, AttributeValue] = {}


class SpanLink(Struct, frozen=True):
    """A span of another trace, or another span of this one, that had to do with it. Ids are as in ``Span``."""

    trace_id: str
    span_id: str
    attributes: dict[str, AttributeValue] = {}


class Span(Struct, frozen=True, kw_only=True, tag="span"):
    """A piece of work that has ended.

    ``trace_id`` is 32 hexadecimal digits, ``span_id`` and ``parent_id`` are 16. ``flags`` and ``trace_state`` are those of
    the W3C trace context that it is part of; the lowest bit of ``flags`` says that whoever began the trace records it.
    ``is_parent_remote`` says that the parent is outside of Obelisk, ``is_trace_remote`` that the trace began there.
    ``status_message`` is empty unless the status is ``ERROR``. ``dropped_events`` counts those that are left out of
    ``events`` because there were too many.
    """

    name: str
    trace_id: str
    span_id: str
    started_at: datetime
    ended_at: datetime
    parent_id: str | None = None
    is_parent_remote: bool = False
    is_trace_remote: bool = False
    flags: int = 1
    trace_state: str = ""
    kind: SpanKind = SpanKind.INTERNAL
    status: SpanStatus = SpanStatus.UNSET
    status_message: str = ""
    attributes: dict[str, AttributeValue] = {}
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    dropped_events: int = 0
