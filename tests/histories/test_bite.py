"""A history bites: whatever is changed in a copy of one, its replay fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    Persist,
    PersistKind,
    RequestOutcome,
    Schedule,
    ScheduleAt,
    Stub,
    TimeSpan,
    TryOutcome,
    error_outcome,
    is_history_event,
)
from obelisk.errors import NondeterminismError
from obelisk.ids import JoinSetId
from obelisk.names import Ffqn
from tests.histories.history import History, names, read
from tests.histories.replaying import NotInLogError, Replayed, replayed
from tests.wasm.bench import Bench

WORKFLOWS = [name for name in names() if read(name).is_workflow]
ELSEWHERE = JoinSetId("g:99")
OTHER = Ffqn("testing:other/other.other")
LATER = ScheduleAt(in_=TimeSpan(12345))
CONFLICT = error_outcome("conflict")


# --- changes ------------------------------------------------------------------------------------------------------------


def without_each(events: Sequence[LogEvent]) -> Iterator[list[LogEvent]]:
    """Leave out one history event after the other."""
    for index, event in enumerate(events):
        if is_history_event(event.event):
            yield [*events[:index], *events[index + 1 :]]


def in_another_order(events: Sequence[LogEvent]) -> Iterator[list[LogEvent]]:
    """Swap one history event after the other with the next one that differs."""
    places = [index for index, event in enumerate(events) if is_history_event(event.event)]
    for one, other in pairwise(places):
        if events[one].event != events[other].event:
            swapped = list(events)
            swapped[one] = replace(events[one], event=events[other].event)
            swapped[other] = replace(events[other], event=events[one].event)
            yield swapped


def with_each_changed(
    events: Sequence[LogEvent], changes: Callable[[AnyHistoryEvent], Iterator[AnyHistoryEvent]]
) -> Iterator[list[LogEvent]]:
    """Change one history event after the other in each way."""
    for index, logged in enumerate(events):
        if is_history_event(logged.event):
            for event in changes(logged.event):  # type: ignore[arg-type]
                yield [*events[:index], replace(logged, event=event), *events[index + 1 :]]


def with_another_decision(event: AnyHistoryEvent) -> Iterator[AnyHistoryEvent]:
    """Change each thing that the workflow decided."""
    match event:
        case JoinSetRequest(request=ChildExecutionRequest() as child):
            yield replace(event, join_set_id=ELSEWHERE)
            yield replace(event, request=replace(child, params=[child.params]))
            yield replace(event, request=replace(child, target_ffqn=OTHER))
            yield replace(event, request=replace(child, child_execution_id=child.child_execution_id + "1"))
        case JoinSetRequest(request=DelayRequest() as delay):
            yield replace(event, join_set_id=ELSEWHERE)
            yield replace(event, request=replace(delay, schedule_at=LATER))
            yield replace(event, request=replace(delay, delay_id=delay.delay_id + "1"))
        case JoinNext():
            yield replace(event, join_set_id=ELSEWHERE)
            yield replace(event, requested_ffqn=OTHER)
            yield replace(event, closing=not event.closing)
        case JoinNextTooMany():
            yield replace(event, join_set_id=ELSEWHERE)
            yield replace(event, requested_ffqn=OTHER)
        case JoinNextTry():
            yield replace(event, join_set_id=ELSEWHERE)
        case JoinSetCreate():
            yield replace(event, join_set_id=ELSEWHERE)
        case Persist():
            yield replace(event, value=[*event.value[:-1], event.value[-1] ^ 1 if event.value else 1])
            yield replace(event, kind=PersistKind())
        case Schedule():
            yield replace(event, schedule_at=LATER)
            yield replace(event, execution_id=event.execution_id[:-1] + "0")
        case Stub():
            yield replace(event, retval_hash="01" + "0" * 64)
            yield replace(event, target_execution_id=event.target_execution_id + "1")


def with_another_outcome(event: AnyHistoryEvent) -> Iterator[AnyHistoryEvent]:
    """Change what the engine found out."""
    if isinstance(event, JoinNextTry):
        yield from (replace(event, outcome=outcome) for outcome in TryOutcome if outcome is not event.outcome)
    if isinstance(event, Schedule | Stub):
        yield replace(event, result=CONFLICT if event.result.err is UNSET else RequestOutcome(ok=None))


# --- bites ---------------------------------------------------------------------------------------------------------------


async def replay(bench: Bench, history: History, events: Sequence[LogEvent]) -> Replayed | str:
    """Replay a copy; return how it failed when it did."""
    try:
        return await replayed(bench, history.component, history.execution_id, events, history.log()[1])
    except (NondeterminismError, NotInLogError) as error:
        return str(error)


async def is_found_out(
    bench: Bench, name: str, copies: Callable[[Sequence[LogEvent]], Iterator[list[LogEvent]]]
) -> int:
    """Replay changed copies of a history, none of which may do as well; return how many there were."""
    history = read(name)
    events, _ = history.log()
    whole = await replay(bench, history, events)
    assert isinstance(whole, Replayed)
    count = 0
    for copy in copies(events):
        count += 1
        assert await replay(bench, history, copy) != whole
    return count


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_a_dropped_event_is_found_out(bench: Bench, name: str):
    await is_found_out(bench, name, without_each)


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_another_order_is_found_out(bench: Bench, name: str):
    await is_found_out(bench, name, in_another_order)


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_another_decision_is_found_out(bench: Bench, name: str):
    await is_found_out(bench, name, lambda events: with_each_changed(events, with_another_decision))


@pytest.mark.parametrize("name", ["join-next-try", "stub-json", "schedule-json"])
async def test_another_outcome_is_found_out_by_a_workflow_that_tells_it(bench: Bench, name: str):
    assert await is_found_out(bench, name, lambda events: with_each_changed(events, with_another_outcome)) > 3


async def test_a_history_that_holds_more_than_the_workflow_asks_for_is_found_out(bench: Bench):
    history = read("direct-call")
    events, _ = history.log()
    more: list[Any] = [*events[:-1], replace(events[-1], event=JoinSetCreate(ELSEWHERE))]
    assert "found unprocessed request" in str(await replay(bench, history, more))


async def test_responses_in_another_order_are_found_out(bench: Bench):
    history = read("submit-json")
    events, responses = history.log()
    whole = await replayed(bench, history.component, history.execution_id, events, responses)
    turned = await replayed(bench, history.component, history.execution_id, events, responses[::-1])
    assert turned.result != whole.result


async def test_other_params_of_the_workflow_are_found_out(bench: Bench):
    history = read("direct-call")
    events, _ = history.log()
    other = replace(events[0], event=replace(events[0].event, params=[11, 2]))
    assert '"params":[11]' in str(await replay(bench, history, [other, *events[1:]]))


def test_every_kind_of_history_event_is_changed():
    events = [one.event for name in WORKFLOWS for one in read(name).log()[0] if is_history_event(one.event)]
    assert {type(event) for event in events} == set(AnyHistoryEvent.__args__)
    assert all(any(with_another_decision(event)) for event in events)
