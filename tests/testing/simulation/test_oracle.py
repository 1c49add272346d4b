"""The oracle says what does not hold, of logs that no engine would write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.core.events import (
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    Created,
    DelayFinished,
    DelayRequest,
    ExecutionResult,
    FailureKind,
    Finished,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    TypedValue,
    failed,
)
from obelisk.core.state import counted_join_set, fold
from obelisk.ids import DeploymentId, ExecutionId, JoinSetId
from obelisk.interfaces.storage import ExecutionLog
from obelisk.names import Ffqn
from obelisk.testing.clock import START
from obelisk.testing.simulation.oracle import Oracle, ViolationError
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
