"""When two logs are the same log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.core.canonical import canonical
from obelisk.core.events import (
    NO_TIME,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    ComponentUpgradeFinished,
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    Finished,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    JoinNext,
    JoinSetRequest,
    Locked,
    LogEvent,
    LogResponse,
    Paused,
    Persist,
    PersistKind,
    Response,
    RetryConfig,
    Schedule,
    ScheduleAt,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    TypedValue,
    Unlocked,
    UpgradeOutcome,
)
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
EARLY_ID = ExecutionId("E_0000000000ABCDEFGHJKMNPQRS")
LATE_ID = ExecutionId("E_01ARZ3NDEKABCDEFGHJKMNPQRS")
COMPONENT = ComponentId(ComponentRole.WORKFLOW, "w", "sha256:" + "0" * 64)
JOIN_SET = JoinSetId("g:1")
CREATED = Created(Ffqn("a:b/c.f"), [1], None, NOW, COMPONENT, DeploymentId("Dep_1"))
LOCKED = Locked(
    COMPONENT, ExecutorId("Exr_1"), DeploymentId("Dep_1"), RunId("Run_1"), LATER, RetryConfig(None, NO_TIME)
)
DONE = Finished(ExecutionResult(ok=None))


def log(*events: Event, at: datetime = NOW) -> list[LogEvent]:
    return [LogEvent(version, at, event) for version, event in enumerate(events)]


def responses(*found: Response, at: datetime = NOW) -> list[LogResponse]:
    return [LogResponse(cursor, at, response) for cursor, response in enumerate(found, start=1)]


def test_a_log_is_lines_of_json_numbered_from_zero_and_from_one() -> None:
    text = canonical(log(CREATED, DONE), responses(DelayFinished(JOIN_SET, DelayId("Delay_x.g:1_1"))))
    first, second, third = map(json.loads, text.splitlines())
    assert (first["version"], second["version"], third["cursor"]) == (0, 1, 1)
    assert second["event"] == {"finished": {"retval": {"ok": None}}}
    assert third["response"]["type"] == "delay_finished"


def test_locks_and_lost_runs_are_dropped_and_the_rest_is_numbered_anew() -> None:
    crashed = log(CREATED, LOCKED, TemporarilyTimedOut(LATER), LOCKED, Unlocked(LATER, "why"), LOCKED, DONE)
    assert canonical(crashed, []) == canonical(log(CREATED, DONE), [])


def test_failures_stay() -> None:
    assert canonical(log(CREATED, TemporarilyFailed(NOW, "trap"), DONE), []) != canonical(log(CREATED, DONE), [])


def test_the_time_of_an_entry_does_not_matter() -> None:
    finished = ChildExecutionFinished(JOIN_SET, EARLY_ID, 3, ExecutionResult(ok=None))
    assert canonical(log(CREATED), responses(finished)) == canonical(
        log(CREATED, at=LATER), responses(finished, at=LATER)
    )


def persisted(execution_id: ExecutionId) -> Persist:
    return Persist(list(execution_id.encode()), PersistKind(execution_id=None))


def requested(expires_at: datetime, asked: datetime) -> JoinSetRequest:
    return JoinSetRequest(JOIN_SET, DelayRequest(DelayId("Delay_x.g:1_1"), expires_at, ScheduleAt(at=asked)))


def upgraded(deployment: str) -> ComponentUpgradeFinished:
    return ComponentUpgradeFinished("sha256:1", DeploymentId(deployment), UpgradeOutcome(success={}))


def traced(at: datetime) -> Finished:
    answer = HttpTraceResponse(at, HttpTraceStatus(ok=200))
    return Finished(ExecutionResult(ok=None), [HttpClientTrace(HttpTraceRequest(at, "http://x", "GET"), answer)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CREATED, replace(CREATED, scheduled_at=LATER, deployment_id=DeploymentId("Dep_2"))),
        (JoinNext(JOIN_SET, NOW), JoinNext(JOIN_SET, LATER)),
        (requested(NOW, NOW), requested(LATER, LATER)),
        (TemporarilyFailed(NOW, "trap"), TemporarilyFailed(LATER, "trap")),
        (Schedule(EARLY_ID, "now"), Schedule(LATE_ID, "now")),
        (persisted(EARLY_ID), persisted(LATE_ID)),
        (upgraded("Dep_1"), upgraded("Dep_2")),
        (traced(NOW), traced(LATER)),
    ],
)
def test_times_runs_and_deployments_are_masked(one: Event, other: Event) -> None:
    assert canonical(log(one), []) == canonical(log(other), [])


def test_the_time_part_of_a_parent_or_a_child_is_masked() -> None:
    def of(execution_id: str) -> str:
        child = ExecutionId(f"{execution_id}.g:1_1")
        request = JoinSetRequest(JOIN_SET, ChildExecutionRequest(child, Ffqn("a:b/c.f"), []))
        created = replace(CREATED, parent=(ExecutionId(execution_id), JOIN_SET))
        response = ChildExecutionFinished(JOIN_SET, child, 1, ExecutionResult(ok=None))
        return canonical(log(created, request), responses(response))

    assert of(EARLY_ID) == of(LATE_ID)


def test_how_often_a_child_was_locked_does_not_matter() -> None:
    once = ChildExecutionFinished(JOIN_SET, EARLY_ID, 2, ExecutionResult(ok=None))
    assert canonical([], responses(once)) == canonical([], responses(replace(once, finished_version=7)))


def test_the_order_of_keys_does_not_matter() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert canonical(log(replace(CREATED, params=[one])), []) == canonical(log(replace(CREATED, params=[other])), [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CREATED, replace(CREATED, params=[2])),
        (CREATED, replace(CREATED, params=[{"run_id": "x"}])),
        (DONE, Finished(ExecutionResult(ok=TypedValue("u8", 1)))),
        (Paused(), DONE),
        (Schedule(EARLY_ID, "now"), Schedule(EARLY_ID, ScheduleAt(in_=TimeSpan(1)))),
        (Schedule(EARLY_ID, "now"), Schedule(ExecutionId("E_0000000000ZZZZZZZZZZZZZZZZ"), "now")),
        (Schedule(EARLY_ID, ScheduleAt(in_=TimeSpan(1))), Schedule(EARLY_ID, ScheduleAt(in_=TimeSpan(2)))),
        (JoinNext(JOIN_SET, NOW), JoinNext(JoinSetId("g:2"), NOW)),
        (persisted(EARLY_ID), persisted(ExecutionId("E_0000000000ZZZZZZZZZZZZZZZZ"))),
    ],
)
def test_what_an_execution_did_matters(one: Event, other: Event) -> None:
    assert canonical(log(one), []) != canonical(log(other), [])


def test_parameters_that_look_like_masked_fields_stay() -> None:
    def of(params: list[Any]) -> str:
        return canonical(log(replace(CREATED, params=params)), [])

    assert of([{"run_id": "a"}]) != of([{"run_id": "b"}])


def test_the_order_of_responses_matters() -> None:
    one = DelayFinished(JOIN_SET, DelayId("Delay_x.g:1_1"))
    other = DelayFinished(JOIN_SET, DelayId("Delay_x.g:1_2"))
    assert canonical([], responses(one, other)) != canonical([], responses(other, one))
