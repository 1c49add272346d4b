"""The reference of signals lists what spans and log records say, and nothing else."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from obelisk.core.events import (
    NO_TIME,
    CancellationRequested,
    ComponentId,
    ComponentRole,
    ComponentUpgradeFinished,
    Created,
    Event,
    ExecutionResult,
    FailureKind,
    Finished,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    Locked,
    Paused,
    RetryConfig,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
    failed,
)
from obelisk.core.spans import Span, SpanKind
from obelisk.core.tracing import ExecutionTrace
from obelisk.ids import DeploymentId, ExecutionId, ExecutorId, RunId
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.signals import LogRecord
from obelisk.interfaces.storage import StoredLine
from obelisk.names import Ffqn
from obelisk.runtime.exports import Exports
from obelisk.testing.exporter import RecordingExporter, using

START = datetime(2026, 1, 1, tzinfo=UTC)
TOP = ExecutionId("E_01JQZ0000000000000000000A1")
DIGEST = "sha256:" + "0" * 64
DEPLOYMENT = DeploymentId("Dep_1")


def component(role: ComponentRole = ComponentRole.ACTIVITY) -> ComponentId:
    return ComponentId(role, "fibo", DIGEST)


def locked(number: int) -> Locked:
    run = RunId(f"Run_{number}")
    return Locked(component(), ExecutorId("Exr_1"), DEPLOYMENT, run, START, RetryConfig(None, NO_TIME))


def requests() -> list[HttpClientTrace]:
    answer = HttpTraceResponse(START, HttpTraceStatus(ok=500))
    return [HttpClientTrace(HttpTraceRequest(START, "http://host:8080/x", "GET"), answer)]


def life() -> Iterable[Event]:
    """Everything that can happen to an execution, but for its beginning and its end."""
    backoff = START + timedelta(seconds=1)
    yield from (locked(1), TemporarilyFailed(backoff, "activity trap: unreachable", "frame 1", requests()))
    yield from (locked(2), TemporarilyTimedOut(backoff))
    yield from (locked(3), Unlocked(backoff, "server is stopping"))
    yield from (Paused(), Unpaused(), CancellationRequested())
    yield ComponentUpgradeFinished(DIGEST, DEPLOYMENT, UpgradeOutcome(success={}))
    yield locked(4)


def spans() -> list[Span]:
    """Return the spans of executions that had every beginning and every end."""
    later = START + timedelta(hours=1)
    beginnings = (
        Created(Ffqn("a:b/c.d"), [], None, later, component(), DEPLOYMENT, {}, TOP),
        Created(Ffqn("a:b/c.d"), ["GET", "/x"], None, START, component(ComponentRole.WEBHOOK_ENDPOINT), DEPLOYMENT),
    )
    ends = (
        ExecutionResult(ok=None),
        ExecutionResult(err=TypedValue("string", "no")),
        *(failed(kind, "why", "frame 1") for kind in FailureKind),
    )
    found = []
    for created in beginnings:
        for end in ends:
            trace = ExecutionTrace(TOP)
            for event in (created, *life(), Finished(end)):
                found += trace.feed(event, START)
    return found


def kind_of(span: Span) -> str:
    if span.kind is SpanKind.CLIENT:
        return "request"
    return "run" if span.name == "run" else "execution"


def rows(page: str, title: str) -> dict[str, set[str]]:
    """Return the first column of the table below a title, for each word of the second."""
    table = page.split(title, 1)[1].split("| --- |", 1)[1].split("\n\n", 1)[0]
    found: dict[str, set[str]] = defaultdict(set)
    for name, kinds in re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE):
        for kind in kinds.strip().split(", "):
            found[kind].add(name)
    return dict(found)


def names(items: Iterable[tuple[str, Mapping[str, object]]]) -> dict[str, set[str]]:
    """Return the names of attributes for each kind."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind, attributes in items:
        found[kind] |= set(attributes)
    return dict(found)


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs/reference/signals.md").read_text()


def test_attributes_of_spans_are_those_of_the_table(page: str):
    assert names((kind_of(span), span.attributes) for span in spans()) == rows(page, "was killed is missing.")


def test_events_of_spans_are_those_of_the_table(page: str):
    made: dict[str, set[str]] = defaultdict(set)
    for span in spans():
        made[kind_of(span)] |= {event.name for event in span.events}
    assert {kind: found for kind, found in made.items() if found} == rows(page, "Events of spans")


def test_attributes_of_events_are_those_of_the_table(page: str):
    made: dict[str, set[str]] = defaultdict(set)
    for span in spans():
        for event in span.events:
            made[event.name] |= set(event.attributes)
    table = page.split("Events of spans", 1)[1].split("\n\n## ", 1)[0]
    listed = {
        name: set(re.findall(r"`([a-z]+\.[a-z_.]+)`", attributes))
        for name, attributes in re.findall(r"^\| `(\w+)` \| [^|]+ \|(.*)\|$", table, re.MULTILINE)
    }
    assert dict(made) == listed


def test_error_types_are_those_that_are_told(page: str):
    told = page.split("The status is *error*", 1)[1].split("Events of spans", 1)[0]
    kinds = {span.attributes["error.type"] for span in spans() if "error.type" in span.attributes} - {"500"}
    assert {kind for kind in kinds if f"`{kind}`" not in told} == set()


class Recorded(Exports):
    """Keeps what it would hand to exporters."""

    def __init__(self) -> None:
        super().__init__([using(RecordingExporter())])
        self.records: list[LogRecord] = []

    def log(self, record: LogRecord) -> None:
        self.records.append(record)


async def test_attributes_of_log_records_are_those_of_the_table(page: str):
    exports = Recorded()
    host: Any = None
    await exports.open(host)
    try:
        for line in (LogLine(LogLevel.INFO, "a"), StreamLine(StreamType.STDOUT, b"b")):
            exports.line("fibo", StoredLine(TOP, RunId("Run_1"), START, line), {})
        logging.getLogger("obelisk.server").error("no", exc_info=OSError("why"))
        await asyncio.sleep(0)
    finally:
        await exports.close(1.0)
    said = (("component" if record.target == "app" else "server", record.attributes) for record in exports.records)
    assert names(said) == rows(page, "## Log records")
