"""The oracle says what does not hold, of logs that no engine would write."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.core.events import (
    CancellationRequested,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    FailureKind,
    Finished,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Paused,
    RetryConfig,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    TypedValue,
    Unlocked,
    Unpaused,
    failed,
)
from obelisk.core.state import counted_join_set, fold
from obelisk.ids import DeploymentId, ExecutionId, JoinSetId
from obelisk.interfaces.storage import Batch, Entry, ExecutionLog, Write
from obelisk.names import Ffqn
from obelisk.testing.clock import START
from obelisk.testing.simulation.acknowledged import check_delay_ended, check_done
from obelisk.testing.simulation.holding import Holding
from obelisk.testing.simulation.oracle import Oracle, ViolationError
from obelisk.testing.simulation.scenario import ActKind
from obelisk.testing.storage_samples import NOW, locked, made, waits
from obelisk.testing.storage_samples import created as samples_created
from tests.runtime.scripting import child, delay

ROOT = ExecutionId("E_0000000001CDS62WV85NT6AWVM")
CHILD, DELAY, SET = child(ROOT), delay(ROOT), JoinSetId("g:1")
OK = ExecutionResult(ok=TypedValue("u64", 7))
ASKS = JoinSetRequest(SET, ChildExecutionRequest(CHILD, Ffqn("a:b/c.d"), []))
SLEEPS = JoinSetRequest(SET, DelayRequest(DELAY, START + timedelta(seconds=5), "now"))
ANSWER = ChildExecutionFinished(SET, CHILD, 1, OK)


def created(role: ComponentRole, parent: Any = None) -> Created:
    component = ComponentId(role, "name", "sha256:00")
    return Created(Ffqn("a:b/c.d"), [], parent, START, component, DeploymentId("Dep_01KDVDNA00W7QVZX3529S8YG7R"))


def log(execution_id: ExecutionId, *entries: Any, role: ComponentRole = ComponentRole.WORKFLOW) -> ExecutionLog:
    """Return the log of an execution that has these entries after the first one."""
    parent = (ROOT, SET) if execution_id == CHILD else None
    state, counts, events, responses = None, {}, [], []
    for entry in (created(role, parent), *entries):
        join_set = counted_join_set(entry)
        state, after = fold(state, counts.get(join_set), entry, at=START)
        counts[join_set] = after
        if isinstance(entry, ChildExecutionFinished | DelayFinished):
            responses.append(LogResponse(len(responses) + 1, START, entry))
        else:
            events.append(LogEvent(len(events), START, entry))
    assert state is not None
    return ExecutionLog(execution_id, state, tuple(events), tuple(responses))


def child_log(*entries: Any) -> ExecutionLog:
    return log(CHILD, *entries, role=ComponentRole.ACTIVITY)


PARENT = log(ROOT, JoinSetCreate(SET), ASKS)


def seen(*batches: list[ExecutionLog], reported: ExecutionResult | None = OK) -> Oracle:
    oracle = Oracle()
    if reported is not None:
        oracle.reports(CHILD, reported)
    for batch in batches:
        oracle.applied(batch)
    return oracle


def test_what_an_engine_writes_holds():
    ended = child_log(Finished(OK))
    oracle = seen(
        [PARENT, child_log()],
        [ended, log(ROOT, JoinSetCreate(SET), ASKS, ANSWER)],
        [log(ROOT, JoinSetCreate(SET), ASKS, ANSWER, Finished(OK))],
    )
    assert oracle.unfinished() == []
    assert oracle.executions == [ROOT, CHILD]


@pytest.mark.parametrize(
    ("told", "batches"),
    [
        ("its parent did not ask for it", [[log(ROOT, JoinSetCreate(SET)), child_log()]]),
        ("was changed or removed", [[PARENT], [log(ROOT, JoinSetCreate(SET))]]),
        ("and left open", [[PARENT], [log(ROOT, JoinSetCreate(SET), ASKS, Finished(OK))]]),
        ("which has not ended", [[PARENT, child_log()], [log(ROOT, JoinSetCreate(SET), ASKS, ANSWER)]]),
        (
            "another result",
            [
                [PARENT, child_log()],
                [child_log(Finished(OK)), log(ROOT, JoinSetCreate(SET), ASKS, replace(ANSWER, finished_version=2))],
            ],
        ),
        (
            "more than one response",
            [[PARENT, child_log(Finished(OK)), log(ROOT, JoinSetCreate(SET), ASKS, ANSWER, ANSWER)]],
        ),
        ("was changed, moved or removed", [
            [log(ROOT, JoinSetCreate(SET), SLEEPS, DelayFinished(SET, DELAY, success=False))],
            [log(ROOT, JoinSetCreate(SET), SLEEPS)],
        ]),
        ("before 2026-01-01 00:00:05", [[log(ROOT, JoinSetCreate(SET), SLEEPS, DelayFinished(SET, DELAY))]]),
        ("which it did not ask for", [[log(ROOT, JoinSetCreate(SET), DelayFinished(SET, DELAY))]]),
        ("failed as nondeterministic", [[log(ROOT, Finished(failed(FailureKind.NONDETERMINISM_DETECTED, "no")))]]),
        ("have gaps", [[replace(PARENT, events=PARENT.events[::2])]]),
        ("begins with", [[replace(PARENT, events=PARENT.events[1:])]]),
        ("does not end where its state says", [[replace(PARENT, state=log(ROOT, Finished(OK)).state)]]),
    ],
)  # fmt: skip
def test_what_no_engine_may_write_is_told(told: str, batches: list[list[ExecutionLog]]):
    with pytest.raises(ViolationError, match=told):
        seen(*batches)


def test_a_result_that_no_run_reported_is_told():
    with pytest.raises(ViolationError, match="no run of it reported"):
        seen([PARENT, child_log(Finished(OK))], reported=ExecutionResult(err=None))


def test_a_delay_may_end_early_when_a_clock_is_set_back():
    Oracle(clocks_go_back=True).applied([log(ROOT, JoinSetCreate(SET), SLEEPS, DelayFinished(SET, DELAY))])


RETRIED = replace(locked(until=60), retry_config=RetryConfig(1, TimeSpan(0, 0)))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def history(*happened: tuple[float, Event]) -> list[LogEvent]:
    first = (0, samples_created())
    return [LogEvent(version, after(when), event) for version, (when, event) in enumerate((first, *happened))]


@pytest.mark.parametrize(
    ("told", "happened"),
    [
        ("before it is due", [(0, Unlocked(after(5), "later")), (4, locked())]),
        ("before the lock of", [(0, locked(until=60)), (59, locked(run_number=2, until=99))]),
        ("after Paused", [(0, Paused()), (1, locked())]),
        ("after CancellationRequested", [(0, CancellationRequested()), (1, locked())]),
        ("no run held it", [(0, TemporarilyTimedOut(after(1)))]),
        ("for the 2. time", [
            (0, RETRIED), (1, TemporarilyTimedOut(after(1))), (1, RETRIED), (2, TemporarilyFailed(after(2), "no")),
        ]),
    ],
)  # fmt: skip
def test_who_may_not_hold_an_execution_is_told(told: str, happened: list[tuple[float, Event]]):
    (breach,) = Holding().breaches(history(*happened))
    assert told in breach


@pytest.mark.parametrize("then", [
    [(59, locked(until=99))],
    [(60, locked(run_number=2, until=99))],
    [(1, Unlocked(after(2), "tick")), (2, locked(run_number=2, until=99))],
    [(1, TemporarilyFailed(after(2), "no")), (2, locked(run_number=2, until=99))],
    [(1, Unlocked(after(1), "pause")), (1, Paused()), (2, Unpaused()), (2, locked(run_number=2, until=99))],
    [(1, made()), (1, waits(until=9)), (9, locked(run_number=2, until=99))],
])  # fmt: skip
def test_who_may_hold_an_execution_is_not_told_of(then: list[tuple[float, Event]]):
    assert list(Holding().breaches(history((0, locked(until=60)), *then))) == []


@pytest.mark.parametrize(("version", "cursor"), [(2, 0), (4, 0), (3, 1), (0, None)])
def test_a_write_that_was_made_for_another_state_of_a_log_is_told(version: int, cursor: int | None):
    oracle = seen([PARENT])
    oracle.takes_effect(Batch((Write(ROOT, (), 3, 0), Write(ROOT, (), None, None))))
    with pytest.raises(ViolationError, match="had the version 3 and the cursor 0"):
        oracle.takes_effect(Batch((Write(ROOT, (), version, cursor),)))


def test_later_writes_of_a_batch_are_made_for_what_the_earlier_ones_lead_to():
    oracle = seen([PARENT])
    first = Write(ROOT, (Entry(START, SLEEPS), Entry(START, ANSWER)), 3, 0)
    oracle.takes_effect(Batch((first, Write(ROOT, (Entry(START, SLEEPS),), 4, 1), Write(ROOT, (), 5, 1))))
    with pytest.raises(ViolationError, match="had the version 4 and the cursor 1"):
        oracle.takes_effect(Batch((first, Write(ROOT, (), 3, 1))))


def test_a_batch_that_builds_on_one_that_was_not_written_is_told():
    loop = asyncio.new_event_loop()
    base = loop.create_future()
    base.cancel()
    loop.close()
    with pytest.raises(ViolationError, match="builds on one that was not written"):
        seen([PARENT]).takes_effect(Batch((Write(ROOT, (), 3, 0),), (base,)))


def shown(*happened: Event) -> ExecutionLog:
    state = PARENT.state
    return ExecutionLog(ROOT, state, tuple(history(*((0, event) for event in happened))), ())


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (ActKind.CANCEL, CancellationRequested()),
        (ActKind.PAUSE, Paused()),
        (ActKind.UNPAUSE, Unpaused()),
        (ActKind.GIVE, Finished(OK)),
    ],
)
def test_what_was_acknowledged_and_is_not_in_the_log_is_told(kind: ActKind, event: Event):
    check_done(kind, shown(event))
    with pytest.raises(ViolationError, match="its log does not show it"):
        check_done(kind, shown(locked()))


def test_the_end_of_a_delay_that_was_acknowledged_and_did_not_come_is_told():
    check_delay_ended(DELAY, log(ROOT, JoinSetCreate(SET), SLEEPS, DelayFinished(SET, DELAY, success=False)))
    with pytest.raises(ViolationError, match="does not show it"):
        check_delay_ended(DELAY, log(ROOT, JoinSetCreate(SET), SLEEPS))
