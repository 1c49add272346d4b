"""``GetTrace`` over a real connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest
from msgspec.structs import replace

from obelisk.api import trace_calls, trace_log
from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.pb.obelisk_admin_pb2_grpc import OperationsStub
from obelisk.core.events import (
    CancellationRequested,
    ComponentRole,
    DelayFinished,
    Event,
    ExecutionResult,
    FailureKind,
    Finished,
    JoinSetCreate,
    LogEvent,
    LogResponse,
    Paused,
    TypedValue,
    Unlocked,
    failed,
)
from obelisk.core.trace_context import (
    PARENT_KEY,
    child_metadata,
    delay_span,
    execution_span,
    request_span,
    run_span,
    trace_of,
)
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.api.calls import ID, OTHER_ID, drained, refused
from tests.api.fakes import COMPONENT, NOW, FakeExecutions
from tests.api.tracing import (
    CHILD,
    DELAY,
    FIBO,
    GRANDCHILD,
    JOIN_SET,
    NEXT_RUN,
    OPEN_DELAY,
    RUN,
    START,
    Story,
    at,
    child_of,
    locked,
    requested,
    top_level,
)

Span = admin.TraceSpan


@pytest.fixture
def operations(channel: grpc.aio.Channel) -> OperationsStub:
    return OperationsStub(channel)


@pytest.fixture
def story(engine: FakeExecutions) -> Story:
    return Story(engine)


async def trace(operations: Any, execution_id: str = ID, **wanted: int) -> tuple[list[Span], int]:
    """Return the spans of an execution and how many executions were left out."""
    *found, last = await drained(operations.GetTrace(admin.GetTraceRequest(execution_id=execution_id, **wanted)))
    return [each.span for each in found], last.left_out


def shown(spans: list[Span]) -> list[tuple[str, str, str]]:
    """Return kinds, names and statuses."""
    return [(Span.Kind.Name(s.kind)[5:], s.name, Span.Status.Name(s.status)[7:]) for s in spans]


async def test_a_trace_tells_of_all_that_happened_parents_first(operations: Any, story: Story) -> None:
    await story.tree()
    spans, left_out = await trace(operations)
    assert shown(spans) == [
        ("EXECUTION", "testing:fibo-workflow/workflow.fiboa", "RUNNING"),
        ("SCHEDULED", "testing:fibo-workflow/workflow.fiboa", "OK"),
        ("DELAY", DELAY, "OK"),
        ("DELAY", OPEN_DELAY, "PENDING"),
        ("RUN", "run", "RUNNING"),
        ("EXECUTION", FIBO, "OK"),
        ("HTTP_REQUEST", "GET https://api.example.com/v1", "ERROR"),
        ("RUN", "run", "FAILED"),
        ("HTTP_REQUEST", "GET https://api.example.com/v1", "OK"),
        ("RUN", "run", "OK"),
        ("EXECUTION", FIBO, "PENDING"),
    ]
    assert left_out == 0


async def test_ids_are_those_of_exported_spans(operations: Any, story: Story) -> None:
    await story.tree()
    spans, _ = await trace(operations)
    parents = {span.span_id: span.parent_span_id for span in spans}
    first, second = run_span(CHILD, RUN), run_span(CHILD, NEXT_RUN)
    assert parents == {
        execution_span(ID): "",
        run_span(ID, RUN): execution_span(ID),
        delay_span(DELAY): execution_span(ID),
        delay_span(OPEN_DELAY): execution_span(ID),
        execution_span(OTHER_ID): execution_span(ID),
        execution_span(CHILD): execution_span(ID),
        first: execution_span(CHILD),
        second: execution_span(CHILD),
        request_span(CHILD, RUN, index=0): first,
        request_span(CHILD, NEXT_RUN, index=0): second,
        execution_span(GRANDCHILD): execution_span(CHILD),
    }
    traces = {span.trace_id for span in spans if span.kind != Span.KIND_SCHEDULED}
    assert traces == {trace_of(ID, {}).trace_id}


async def test_times_say_when_it_ran_and_what_goes_on(operations: Any, story: Story) -> None:
    await story.tree()
    spans, _ = await trace(operations)
    open_ = {span.span_id for span in spans if not span.HasField("ended_at")}
    assert open_ == {execution_span(ID), run_span(ID, RUN), delay_span(OPEN_DELAY), execution_span(GRANDCHILD)}
    by_id = {span.span_id: span for span in spans}
    request = by_id[request_span(CHILD, RUN, index=0)]
    assert (request.started_at.ToDatetime(tzinfo=START.tzinfo), request.ended_at.ToDatetime(tzinfo=START.tzinfo)) == (
        at(3),
        at(3.25),
    )
    slept = by_id[delay_span(DELAY)]
    assert slept.ended_at.ToDatetime(tzinfo=START.tzinfo) - slept.started_at.ToDatetime(
        tzinfo=START.tzinfo
    ) == timedelta(seconds=2)


async def test_a_run_says_why_it_failed_and_the_execution_that_it_was_tried_again(
    operations: Any, story: Story
) -> None:
    await story.tree()
    spans, _ = await trace(operations, CHILD)
    execution, _, run, *_ = spans
    assert (run.run_id, run.status_message, run.attributes["obelisk.run.attempt"]) == (
        RUN,
        "activity trap: unreachable",
        "1",
    )
    assert [(event.name, event.text) for event in execution.events] == [("retry", "activity trap: unreachable")]


async def test_a_part_of_a_tree_can_be_looked_at(operations: Any, story: Story) -> None:
    await story.tree()
    spans, _ = await trace(operations, CHILD)
    assert [s.execution_id for s in spans if s.kind == Span.KIND_EXECUTION] == [CHILD, GRANDCHILD]


@pytest.mark.parametrize(
    ("wanted", "found", "left_out"),
    [
        ({"max_depth": 0}, [ID], 2),
        ({"max_depth": 1}, [ID, CHILD], 1),
        ({"max_executions": 1}, [ID], 2),
        ({"max_executions": 3}, [ID, CHILD, GRANDCHILD], 0),
    ],
)
async def test_what_is_left_out_is_counted(
    operations: Any, story: Story, wanted: dict[str, int], found: list[str], left_out: int
) -> None:
    await story.tree()
    spans, count = await trace(operations, **wanted)
    assert [s.execution_id for s in spans if s.kind == Span.KIND_EXECUTION] == found
    assert count == left_out


@pytest.mark.parametrize("kept", [0, 1, 200])
async def test_details_are_told_up_to_a_number_and_the_rest_is_counted(
    operations: Any, story: Story, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(trace_log, "KEPT", kept)
    await story.tree()
    spans, _ = await trace(operations, max_details=2, max_executions=1)
    assert shown(spans)[1:] == [("SCHEDULED", "testing:fibo-workflow/workflow.fiboa", "OK"), ("DELAY", DELAY, "OK")]
    assert spans[0].left_out == 2


async def test_a_log_of_many_pages_is_told_whole(operations: Any, story: Story, engine: FakeExecutions) -> None:
    await story.tell(ID, (0, top_level()), (0, locked()))
    log, responses = engine.logs_of[ID], engine.responses_of.setdefault(ID, [])
    delays = [DelayId(f"Delay_{ID[2:]}.g:1_{index}") for index in range(1, 351)]
    log += [LogEvent(2 + index, at(1), requested(delay)) for index, delay in enumerate(delays)]
    responses += [
        LogResponse(index, at(2), DelayFinished(JOIN_SET, delay, index != 3))
        for index, delay in enumerate(delays[:349], 1)
    ]
    engine.states[ID] = replace(engine.states[ID], next_version=len(log), cursor=len(responses))
    spans, _ = await trace(operations)
    told = [(span.name, span.status) for span in spans if span.kind == Span.KIND_DELAY]
    assert [name for name, _ in told] == delays
    assert [status for _, status in told] == [
        Span.STATUS_OK, Span.STATUS_OK, Span.STATUS_CANCELLED, *[Span.STATUS_OK] * 346, Span.STATUS_PENDING,
    ]  # fmt: skip


async def test_a_response_whose_clock_is_behind_is_found(operations: Any, story: Story, engine: FakeExecutions) -> None:
    await story.tell(ID, (0, top_level()), (0, locked()), (1, requested(OPEN_DELAY)))
    engine.respond(ID, DelayFinished(JOIN_SET, DELAY), after=at(1) - NOW)
    log = engine.logs_of[ID]
    log += [LogEvent(3 + index, at(1), JoinSetCreate(JoinSetId(f"g:{index}"))) for index in range(100)]
    log.append(LogEvent(103, at(5), requested(DELAY)))
    engine.states[ID] = replace(engine.states[ID], next_version=len(log))
    spans, _ = await trace(operations)
    assert [(s.name, s.status) for s in spans if s.kind == Span.KIND_DELAY] == [
        (DELAY, Span.STATUS_OK),
        (OPEN_DELAY, Span.STATUS_PENDING),
    ]


async def test_many_children_come_page_by_page(
    operations: Any, story: Story, engine: FakeExecutions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_calls, "PAGE", 3)
    await story.tell(ID, (0, top_level()))
    children = [ExecutionId(f"{ID}.g:1_{index}") for index in range(1, 10)]
    for child in reversed(children):
        await story.tell(child, (1, child_of(ID)))
    spans, _ = await trace(operations)
    assert [span.execution_id for span in spans] == [ID, *children]
    assert [query.limit for query in engine.queries] == [3, 3, 3, 3]


async def test_what_begins_during_the_call_is_no_part_of_it(operations: Any, story: Story) -> None:
    await story.tell(ID, (0, top_level()))
    await story.tell(CHILD, (10.5, child_of(ID)))
    spans, left_out = await trace(operations)
    assert ([span.execution_id for span in spans], left_out) == ([ID], 0)


@pytest.mark.parametrize(
    ("events", "status", "message"),
    [
        ((), "PENDING", ""),
        ((Unlocked(NOW + timedelta(hours=1), "later"),), "SCHEDULED", "due at 2026-11-23 13:00:00Z"),
        ((Paused(),), "PAUSED", ""),
        ((CancellationRequested(),), "CANCELLING", ""),
        ((Finished(failed(FailureKind.CANCELLED, "wanted")),), "FAILED", "wanted"),
        ((Finished(ExecutionResult(err=TypedValue("string", "no"))),), "ERROR", 'returned the error "no"'),
    ],
)
async def test_the_status_is_what_the_execution_does(
    operations: Any, story: Story, events: tuple[Event, ...], status: str, message: str
) -> None:
    first = [(0, locked())] if isinstance(next(iter(events), None), Unlocked) else []
    await story.tell(ID, (0, top_level()), *first, *((1, event) for event in events))
    (span, *_), _ = await trace(operations)
    assert (Span.Status.Name(span.status), span.status_message) == (f"STATUS_{status}", message)


async def test_a_delay_that_nobody_answered_ended_with_its_execution(operations: Any, story: Story) -> None:
    result = Finished(failed(FailureKind.CANCELLED, "wanted"))
    await story.tell(ID, (0, top_level()), (0, locked()), (1, requested(DELAY)), (2, result))
    spans, _ = await trace(operations)
    (delay,) = [span for span in spans if span.kind == Span.KIND_DELAY]
    assert (delay.status, delay.ended_at.ToDatetime(tzinfo=START.tzinfo)) == (Span.STATUS_CANCELLED, at(2))


@pytest.mark.parametrize("role", [ComponentRole.WEBHOOK_ENDPOINT, ComponentRole.CRON, ComponentRole.ACTIVITY_STUB])
async def test_executions_of_every_kind_are_told_of(operations: Any, story: Story, role: ComponentRole) -> None:
    component = replace(COMPONENT, component_type=role)
    await story.tell(ID, (0, replace(top_level(), component_id=component)))
    (span,), _ = await trace(operations)
    assert span.attributes["obelisk.component.type"] == role.value


async def test_a_trace_from_outside_is_that_of_the_children_too(operations: Any, story: Story) -> None:
    metadata = {PARENT_KEY: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    await story.tell(ID, (0, replace(top_level(), metadata=metadata)))
    below = child_metadata(ID, trace_of(ID, metadata))
    await story.tell(CHILD, (1, replace(child_of(ID), metadata=below)))
    (execution, child), _ = await trace(operations)
    assert execution.parent_span_id == "b7ad6b7169203331"
    assert execution.trace_id == child.trace_id == "0af7651916cd43dd8448eb211c80319c"


async def test_a_scheduled_execution_that_is_gone_is_told_of_as_such(
    operations: Any, story: Story, engine: FakeExecutions
) -> None:
    await story.tree()
    del engine.states[OTHER_ID]
    spans, _ = await trace(operations)
    (link,) = [span for span in spans if span.kind == Span.KIND_SCHEDULED]
    assert (link.execution_id, link.name, link.status) == (OTHER_ID, "", Span.STATUS_UNSPECIFIED)
    assert link.status_message == "it is not stored any more"


async def test_a_child_that_is_deleted_meanwhile_is_left_out(
    operations: Any, story: Story, engine: FakeExecutions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.tree()
    read = engine.events

    async def deleting(execution_id: ExecutionId, **page: int) -> list[LogEvent]:
        if execution_id == ID:
            engine.states.pop(CHILD, None)
        return await read(execution_id, **page)

    monkeypatch.setattr(engine, "list", _listed(engine))
    monkeypatch.setattr(engine, "events", deleting)
    spans, _ = await trace(operations)
    assert [s.execution_id for s in spans if s.kind == Span.KIND_EXECUTION] == [ID, GRANDCHILD]


def _listed(engine: FakeExecutions) -> Any:
    """Return a list of what there is now, as a page that was read a moment ago."""
    states = dict(engine.states)
    read = engine.list

    async def stale(query: Any) -> Any:
        now, engine.states = engine.states, states
        try:
            return await read(query)
        finally:
            engine.states = now

    return stale


async def test_a_log_that_vanishes_while_it_is_read_ends_the_call(
    operations: Any, story: Story, engine: FakeExecutions
) -> None:
    await story.tell(ID, (0, top_level()))
    engine.logs_of[ID] = []
    code, details = await refused(trace(operations))
    assert (code, ID in details) == (grpc.StatusCode.NOT_FOUND, True)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (OTHER_ID, grpc.StatusCode.NOT_FOUND),
        (CHILD, grpc.StatusCode.NOT_FOUND),
        ("", grpc.StatusCode.INVALID_ARGUMENT),
        ("E_1", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_an_id_that_names_nothing_is_refused(
    operations: Any, story: Story, target: str, code: grpc.StatusCode
) -> None:
    await story.tell(ID, (0, top_level()))
    assert (await refused(trace(operations, target)))[0] is code
