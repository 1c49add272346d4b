"""Spans that an engine hands to exporters: once each, by whoever committed the event that ended them."""

from __future__ import annotations

import pytest

from obelisk.core.events import Unlocked
from obelisk.core.spans import Span, SpanStatus
from obelisk.core.trace_context import execution_span, run_span, trace_of
from obelisk.core.tracing import EXECUTOR_GONE
from obelisk.ids import ExecutionId
from obelisk.runtime import stopping, tracing
from obelisk.testing.exporter import RecordingExporter, using
from tests import scripts
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW, Open, activity
from tests.runtime.scripting import FIBO_CALL, TABLES, TRAP, child, start
from tests.runtime.scripting import trace_of as payloads_of
from tests.scripts import RUN

FIBOA = "testing:fibo-workflow/workflow.fiboa"
NESTED = "testing:fibo-workflow-outer/workflow.fibo-nested"


def tree(spans: list[Span]) -> dict[str, str | None]:
    """Return the id of each span's parent by its own; each span occurs once."""
    found = {span.span_id: span.parent_id for span in spans}
    assert len(found) == len(spans)
    return found


def of(spans: list[Span], execution: ExecutionId) -> list[Span]:
    return [span for span in spans if span.attributes["obelisk.execution.id"] == execution]


async def test_every_execution_and_every_run_is_a_span(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(FIBO, FIBO_WORKFLOW, exporters=[using(exporter)]) as harness:
        execution = await harness.submit(FIBOA, 5, 3)
        await harness.result(execution)
    parents = tree(exporter.spans)
    assert len(parents) == 2 * 4
    assert {span.trace_id for span in exporter.spans} == {trace_of(execution, {}).trace_id}
    above = [parent for parent in parents.values() if parent not in parents]
    assert above == [None]
    assert list(parents.values()).count(execution_span(execution)) == 1 + 3


async def test_a_span_is_told_once_its_end_is_durable_and_children_before_parents(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(FIBO, FIBO_WORKFLOW, exporters=[using(exporter)]) as harness:
        execution = await harness.submit(FIBOA, 5, 1)
        await harness.result(execution)
    assert exporter.spans[-1].span_id == execution_span(execution)


async def test_replayed_work_makes_no_second_span(open_engine: Open):
    exporter = RecordingExporter()
    interrupted = FIBO_WORKFLOW + 'blocking_strategy = "interrupt"\n'
    async with open_engine(FIBO, interrupted, exporters=[using(exporter)]) as harness:
        await harness.result(await harness.submit(FIBOA, 5, 3))
    assert len(tree(exporter.spans)) == 2 * 4


async def test_retries_are_runs_and_events(open_engine: Open):
    exporter = RecordingExporter()
    spin = activity("spin", "tests/guests/spin.wat", "max_retries = 2")
    async with open_engine(spin, exporters=[using(exporter)]) as harness:
        execution = await harness.submit(TRAP)
        await harness.result(execution)
    *runs, whole = exporter.spans
    assert [run.status for run in runs] == [SpanStatus.ERROR] * 3
    assert [run.attributes["obelisk.run.attempt"] for run in runs] == [1, 2, 3]
    assert [event.name for event in whole.events] == ["retry", "retry"]
    assert tree(exporter.spans)[runs[0].span_id] == execution_span(execution)


async def test_a_scheduled_execution_is_linked_to_its_scheduler(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(TABLES, exporters=[using(exporter)]) as harness:
        execution = await harness.submit(RUN, [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10)])
        ((_, scheduled), _) = await payloads_of(harness, execution)
        await harness.result(ExecutionId(scheduled))
    *_, whole = of(exporter.spans, ExecutionId(scheduled))
    assert whole.parent_id is None
    assert whole.trace_id != trace_of(execution, {}).trace_id
    assert [(link.trace_id, link.span_id) for link in whole.links] == [
        (trace_of(execution, {}).trace_id, execution_span(execution))
    ]


async def test_who_ends_the_lock_of_a_killed_process_tells_of_its_run(reopen: Open, monkeypatch: pytest.MonkeyPatch):
    before, after = RecordingExporter(), RecordingExporter()
    with monkeypatch.context() as patched:
        patched.setattr(stopping, "unlock_all", nothing)
        async with reopen(TABLES, exporters=[using(before)]) as harness:
            delay = [scripts.create(), scripts.delay(0, scripts.after(seconds=60)), scripts.next_(0)]
            execution = await start(harness, *delay)
            holder = (await harness.engine.executions.get(execution)).held_by
    assert holder is not None
    async with reopen(TABLES, exporters=[using(after)]) as harness:
        await harness.result(execution)
        reasons = [event.reason for event in await harness.events(execution) if isinstance(event, Unlocked)]
    assert of(before.spans, execution) == []
    first, second, whole = of(after.spans, execution)
    assert first.span_id == run_span(execution, holder.run_id)
    assert (first.status is SpanStatus.ERROR) == (EXECUTOR_GONE in reasons)
    assert second.parent_id == whole.span_id == execution_span(execution)


async def nothing(*arguments: object, **more: object) -> None:
    """What a killed process does at its end."""


async def test_an_execution_is_read_again_when_it_is_not_followed_any_more(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tracing, "MAX_FOLLOWED", 1)
    exporter = RecordingExporter()
    async with open_engine(FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW, exporters=[using(exporter)]) as harness:
        await harness.result(await harness.submit(FIBOA, 5, 5))
    assert len(tree(exporter.spans)) == 2 * 6


async def test_a_session_and_what_it_calls_are_one_trace(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(TABLES, exporters=[using(exporter)]) as harness:
        execution = await harness.submit(RUN, [scripts.call(RUN, [scripts.call(FIBO_CALL, 10)])])
        await harness.result(execution)
    inner = child(execution, join_set="o:1-run")
    assert tree(exporter.spans)[execution_span(inner)] == execution_span(execution)


async def test_without_an_exporter_nothing_is_made(open_engine: Open, monkeypatch: pytest.MonkeyPatch):
    made: list[object] = []
    monkeypatch.setattr(tracing, "ExecutionTrace", made.append)
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        await harness.result(await harness.submit(FIBOA, 5, 2))
    assert made == []
