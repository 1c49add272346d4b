"""The stored form of events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from obelisk.core.events import (
    CancellationRequested,
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
    FailureKind,
    Finished,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    Paused,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    Response,
    ResultKind,
    RetryConfig,
    Schedule,
    ScheduleAt,
    Stub,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    TryOutcome,
    TypedValue,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
    decode_event,
    encode_event,
    error_outcome,
    failed,
    is_history_event,
    variant,
)
from obelisk.errors import StorageError
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn

NOW = datetime(1970, 1, 1, tzinfo=UTC)
TIME = "1970-01-01T00:00:00Z"
REQUEST = HttpTraceRequest(NOW, "http://x", "GET")
REQUEST_JSON = {"sent_at": TIME, "uri": "http://x", "method": "GET"}
ID = ExecutionId("E_00000000000000000000000000")
CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId("Delay_00000000000000000000000000.g:1_1")
JOIN_SET = JoinSetId("g:1")
COMPONENT = ComponentId(ComponentRole.WORKFLOW, "w", "sha256:00")
COMPONENT_JSON = {"component_type": "workflow", "name": "w", "component_digest": "sha256:00"}
DEPLOYMENT = DeploymentId("Dep_0")
FFQN = Ffqn("testing:fibo/fibo.fibo")


def history(**event: Any) -> dict[str, Any]:
    return {"history_event": {"event": event}}


STORED: list[tuple[Event, Any]] = [
    (
        Created(FFQN, ["x"], None, NOW, COMPONENT, DEPLOYMENT),
        {
            "created": {
                "ffqn": FFQN,
                "params": ["x"],
                "parent": None,
                "scheduled_at": TIME,
                "component_id": COMPONENT_JSON,
                "deployment_id": DEPLOYMENT,
                "metadata": {},
                "scheduled_by": None,
            }
        },
    ),
    (
        Locked(COMPONENT, ExecutorId("Exr_0"), DEPLOYMENT, RunId("Run_0"), NOW, RetryConfig(None, TimeSpan(0))),
        {
            "locked": {
                "component_id": COMPONENT_JSON,
                "executor_id": "Exr_0",
                "deployment_id": DEPLOYMENT,
                "run_id": "Run_0",
                "lock_expires_at": TIME,
                "retry_config": {"max_retries": None, "retry_exp_backoff": {"secs": 0, "nanos": 0}},
            }
        },
    ),
    (Unlocked(NOW, "made progress"), {"unlocked": {"backoff_expires_at": TIME, "reason": "made progress"}}),
    (
        TemporarilyFailed(NOW, "trap", "at f"),
        {"temporarily_failed": {"backoff_expires_at": TIME, "reason": "trap", "detail": "at f"}},
    ),
    (TemporarilyTimedOut(NOW), {"temporarily_timed_out": {"backoff_expires_at": TIME}}),
    (Finished(ExecutionResult(ok=None)), {"finished": {"retval": {"ok": None}}}),
    (
        Finished(
            ExecutionResult(err=TypedValue("string", "no")),
            [
                HttpClientTrace(REQUEST, HttpTraceResponse(NOW, HttpTraceStatus(ok=200))),
                HttpClientTrace(REQUEST, HttpTraceResponse(NOW, HttpTraceStatus(err="refused"))),
                HttpClientTrace(REQUEST),
            ],
        ),
        {
            "finished": {
                "retval": {"err": {"type": "string", "value": "no"}},
                "http_client_traces": [
                    {"req": REQUEST_JSON, "resp": {"finished_at": TIME, "status": {"Ok": 200}}},
                    {"req": REQUEST_JSON, "resp": {"finished_at": TIME, "status": {"Err": "refused"}}},
                    {"req": REQUEST_JSON},
                ],
            }
        },
    ),
    (
        Finished(failed(FailureKind.TIMED_OUT, "late")),
        {"finished": {"retval": {"execution_failure": {"kind": "timed_out", "reason": "late"}}}},
    ),
    (Paused(), "paused"),
    (Unpaused(), "unpaused"),
    (CancellationRequested(), "cancellation_requested"),
    (
        ComponentUpgradeFinished("sha256:01", DEPLOYMENT, UpgradeOutcome(success={"reason": "auto"})),
        {
            "component_upgrade_finished": {
                "component_digest": "sha256:01",
                "deployment_id": DEPLOYMENT,
                "outcome": {"success": {"reason": "auto"}},
            }
        },
    ),
    (
        Persist([0, 1], PersistKind(random_u64=RandomU64(0, 9))),
        history(type="persist", value=[0, 1], kind={"random_u64": {"min": 0, "max_inclusive": 9}}),
    ),
    (
        Persist([65], PersistKind(random_string=RandomString(1, 2))),
        history(type="persist", value=[65], kind={"random_string": {"min_length": 1, "max_length_exclusive": 2}}),
    ),
    (
        Persist([69], PersistKind(execution_id=None)),
        history(type="persist", value=[69], kind={"execution_id": None}),
    ),
    (JoinSetCreate(JOIN_SET), history(type="join_set_create", join_set_id="g:1")),
    (
        JoinSetRequest(JOIN_SET, ChildExecutionRequest(CHILD, FFQN, ["p"])),
        history(
            type="join_set_request",
            join_set_id="g:1",
            request={
                "type": "child_execution_request",
                "child_execution_id": CHILD,
                "target_ffqn": FFQN,
                "params": ["p"],
                "result": {"Ok": None},
            },
        ),
    ),
    (
        JoinSetRequest(JOIN_SET, DelayRequest(DELAY, NOW, ScheduleAt(in_=TimeSpan(0, 10_000_000)))),
        history(
            type="join_set_request",
            join_set_id="g:1",
            request={
                "type": "delay_request",
                "delay_id": DELAY,
                "expires_at": TIME,
                "schedule_at": {"in": {"secs": 0, "nanos": 10_000_000}},
                "paused": False,
            },
        ),
    ),
    (
        JoinNext(JOIN_SET, NOW),
        history(type="join_next", join_set_id="g:1", run_expires_at=TIME, requested_ffqn=None, closing=False),
    ),
    (
        JoinNextTooMany(JOIN_SET, FFQN),
        history(type="join_next_too_many", join_set_id="g:1", requested_ffqn=FFQN),
    ),
    (
        JoinNextTry(JOIN_SET, TryOutcome.ALL_PROCESSED),
        history(type="join_next_try", join_set_id="g:1", outcome="all_processed"),
    ),
    (
        Schedule(ID, ScheduleAt(at=NOW), error_outcome("function_not_found")),
        history(type="schedule", execution_id=ID, schedule_at={"at": TIME}, result={"Err": "function_not_found"}),
    ),
    (
        Stub(CHILD, "01ab", error_outcome("type_check_error", "why")),
        history(
            type="stub", target_execution_id=CHILD, retval_hash="01ab", result={"Err": {"type_check_error": "why"}}
        ),
    ),
]


@pytest.mark.parametrize(("event", "stored"), STORED)
def test_an_event_has_the_stored_form_of_the_rust_implementation(event: Event, stored: Any) -> None:
    assert json.loads(encode_event(event)) == stored


@pytest.mark.parametrize(("event", "_stored"), STORED)
def test_a_stored_event_is_read_as_it_was_written(event: Event, _stored: Any) -> None:
    assert decode_event(encode_event(event)) == event
    assert decode_event(encode_event(event).decode()) == event


def test_every_event_has_a_case_here() -> None:
    unions: Any = Event
    assert {type(event) for event, _ in STORED} == set(unions.__args__)


@pytest.mark.parametrize(("event", "stored"), STORED)
def test_the_variant_is_the_outermost_name(event: Event, stored: Any) -> None:
    assert variant(event) == (stored if isinstance(stored, str) else next(iter(stored)))
    assert is_history_event(event) == (variant(event) == "history_event")


def test_fields_that_are_missing_have_their_defaults() -> None:
    created = decode_event(
        '{"created":{"ffqn":"a:b/c.f","params":[],"parent":["E_0","g:1"],"scheduled_at":"1970-01-01T00:00:00Z",'
        '"component_id":{"component_type":"activity","name":"a","component_digest":"sha256:0"},"deployment_id":"Dep_0"}}'
    )
    assert isinstance(created, Created)
    assert (created.parent, created.metadata, created.scheduled_by) == (("E_0", "g:1"), {}, None)


@pytest.mark.parametrize(
    "text", ["", "null", "{}", '"nothing"', '{"unlocked":{}}', '{"history_event":{"event":{"type":"x"}}}', "[1]"]
)
def test_text_that_is_not_an_event_is_a_storage_error(text: str) -> None:
    with pytest.raises(StorageError, match="a stored event"):
        decode_event(text)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (ExecutionResult(ok=None), ResultKind.OK),
        (ExecutionResult(err=None), ResultKind.ERROR),
        (ExecutionResult(err=TypedValue("u8", 1)), ResultKind.ERROR),
        (failed(FailureKind.CANCELLED, "asked"), ResultKind.EXECUTION_FAILURE),
    ],
)
def test_the_kind_of_a_result_is_the_field_that_is_set(result: ExecutionResult, kind: ResultKind) -> None:
    assert result.kind is kind


@pytest.mark.parametrize(
    "response",
    [
        DelayFinished(JOIN_SET, DELAY, success=False),
        ChildExecutionFinished(JOIN_SET, CHILD, 2, ExecutionResult(ok=TypedValue("u8", 1))),
    ],
)
def test_a_response_is_read_as_it_was_written(response: Response) -> None:
    decoder = msgspec.json.Decoder(Response)
    assert decoder.decode(msgspec.json.encode(response)) == response


def test_an_outcome_is_ok_or_an_error() -> None:
    outcome = error_outcome("conflict")
    assert (outcome.ok, outcome.err) == (UNSET, "conflict")
