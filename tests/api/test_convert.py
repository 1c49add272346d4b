"""Everything that is stored survives the way over the wire."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from obelisk.api.convert.events import event_message, event_of
from obelisk.api.convert.responses import response_message, response_of
from obelisk.api.convert.results import result_message, result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.clock import EPOCH
from obelisk.core import events as e
from obelisk.errors import ClientError
from obelisk.ids import DelayId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn
from tests.api.calls import ID
from tests.api.fakes import COMPONENT, DEPLOYMENT, FIBOA, NOW

LATER = NOW + timedelta(microseconds=1)
CHILD = ExecutionId(f"{ID}.o:1-fibo_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
ONE_OFF, NAMED, GENERATED = JoinSetId("o:1-fibo"), JoinSetId("n:a/b-c"), JoinSetId("g:1")
VERSIONED = Ffqn("testing:fibo/fibo@1.2.3.fibo")
REQUEST = e.HttpTraceRequest(NOW, "http://localhost/x", "GET")
TRACE = e.HttpClientTrace(REQUEST, e.HttpTraceResponse(LATER, e.HttpTraceStatus(ok=0)))
BROKEN_TRACE = e.HttpClientTrace(REQUEST, e.HttpTraceResponse(LATER, e.HttpTraceStatus(err="refused")))
OPEN_TRACE = e.HttpClientTrace(REQUEST)
NOT_FOUND = e.error_outcome("function_not_found")
MISTYPED = e.error_outcome("type_check_error", "")

RESULTS = [
    e.ExecutionResult(ok=None),
    e.ExecutionResult(err=None),
    e.ExecutionResult(ok=e.TypedValue("u64", 2**64 - 1)),
    e.ExecutionResult(ok=e.TypedValue("option<u64>", None)),
    e.ExecutionResult(ok=e.TypedValue("s64", -(2**63))),
    e.ExecutionResult(ok=e.TypedValue("f64", 0.1)),
    e.ExecutionResult(err=e.TypedValue("record { id: string }", {"id": "\u00e9\U0001f600"})),
    e.failed(e.FailureKind.TIMED_OUT, "too slow"),
    e.failed(e.FailureKind.UNCATEGORIZED, "", "a\nbacktrace"),
    e.ExecutionResult(execution_failure=e.ExecutionFailure(e.FailureKind.CANCELLED)),
]
EVENTS = [
    e.Created(FIBOA, [10, 5], None, NOW, COMPONENT, DEPLOYMENT),
    e.Created(VERSIONED, [], (ID, NAMED), EPOCH, COMPONENT, DEPLOYMENT, {"a": "1", "": ""}, ID),
    e.Locked(COMPONENT, ExecutorId("Exr_1"), DEPLOYMENT, RunId("Run_1"), LATER, e.RetryConfig(None, e.TimeSpan(0))),
    e.Locked(
        COMPONENT, ExecutorId("Exr_1"), DEPLOYMENT, RunId("Run_1"), LATER, e.RetryConfig(0, e.TimeSpan(1, 999_999_999))
    ),
    e.Unlocked(LATER, "shutdown"),
    e.TemporarilyFailed(LATER, "trap"),
    e.TemporarilyFailed(LATER, "trap", "", [TRACE, BROKEN_TRACE, OPEN_TRACE]),
    e.TemporarilyTimedOut(LATER),
    e.TemporarilyTimedOut(LATER, [TRACE]),
    *(e.Finished(result) for result in RESULTS),
    e.Finished(RESULTS[0], [TRACE]),
    e.Paused(),
    e.Unpaused(),
    e.CancellationRequested(),
    e.ComponentUpgradeFinished("sha256:1", DEPLOYMENT, e.UpgradeOutcome(success={"reason": "auto"})),
    e.ComponentUpgradeFinished(
        "sha256:1", DEPLOYMENT, e.UpgradeOutcome(success={"reason": {"manual": {"force": False}}})
    ),
    e.ComponentUpgradeFinished("sha256:1", DEPLOYMENT, e.UpgradeOutcome(failed={"reason": ""})),
    e.Persist([0, 255, 1, 2, 3, 4, 5, 6], e.PersistKind(random_u64=e.RandomU64(0, 2**64 - 1))),
    e.Persist([97], e.PersistKind(random_string=e.RandomString(0, 1))),
    e.Persist([], e.PersistKind(execution_id=None)),
    e.JoinSetCreate(GENERATED),
    e.JoinSetCreate(NAMED),
    e.JoinSetRequest(ONE_OFF, e.ChildExecutionRequest(CHILD, VERSIONED, [{"a": None}])),
    e.JoinSetRequest(ONE_OFF, e.ChildExecutionRequest(CHILD, FIBOA, [], NOT_FOUND)),
    e.JoinSetRequest(ONE_OFF, e.ChildExecutionRequest(CHILD, FIBOA, [], MISTYPED)),
    e.JoinSetRequest(GENERATED, e.DelayRequest(DELAY, LATER, "now")),
    e.JoinSetRequest(GENERATED, e.DelayRequest(DELAY, LATER, e.ScheduleAt(at=EPOCH), paused=True)),
    e.JoinSetRequest(GENERATED, e.DelayRequest(DELAY, LATER, e.ScheduleAt(in_=e.TimeSpan(0)))),
    e.JoinNext(GENERATED, LATER),
    e.JoinNext(ONE_OFF, LATER, VERSIONED, closing=True),
    e.JoinNextTooMany(GENERATED),
    e.JoinNextTooMany(GENERATED, FIBOA),
    *(e.JoinNextTry(GENERATED, outcome) for outcome in e.TryOutcome),
    e.Schedule(ID, "now"),
    e.Schedule(ID, e.ScheduleAt(at=NOW), MISTYPED),
    e.Schedule(ID, e.ScheduleAt(in_=e.TimeSpan(3, 1)), NOT_FOUND),
    e.Stub(CHILD, "01ff"),
    e.Stub(CHILD, "01ff", e.error_outcome("conflict")),
    e.Stub(CHILD, "01ff", e.error_outcome("execution_not_found")),
    e.Stub(CHILD, "01ff", MISTYPED),
]


@pytest.mark.parametrize("event", EVENTS, ids=e.variant)
def test_an_event_is_stored_alike_before_and_after(event: e.Event) -> None:
    sent = event_message(e.LogEvent(7, NOW, event)).SerializeToString()
    received = event_of(pb.ExecutionEvent.FromString(sent))
    assert json.loads(e.encode_event(received.event)) == json.loads(e.encode_event(event))
    assert received == e.LogEvent(7, NOW, event)


def test_every_kind_of_event_is_among_the_examples() -> None:
    assert {type(event) for event in EVENTS} == {*e.LifecycleEvent.__args__, *e.AnyHistoryEvent.__args__}


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_is_equal_before_and_after(result: e.ExecutionResult) -> None:
    sent = result_message(result).SerializeToString()
    assert result_of(pb.SupportedFunctionResult.FromString(sent)) == result


@pytest.mark.parametrize(
    "response",
    [
        e.DelayFinished(GENERATED, DELAY),
        e.DelayFinished(GENERATED, DELAY, success=False),
        e.ChildExecutionFinished(ONE_OFF, CHILD, 0, RESULTS[2]),
    ],
)
def test_a_response_is_equal_before_and_after(response: e.Response) -> None:
    sent = response_message(e.LogResponse(3, NOW, response)).SerializeToString()
    assert response_of(pb.ResponseWithCursor.FromString(sent)) == e.LogResponse(3, NOW, response)


@pytest.mark.parametrize("read", [result_of, event_of, response_of])
def test_an_empty_message_is_refused(read: object) -> None:
    message = {
        result_of: pb.SupportedFunctionResult(),
        event_of: pb.ExecutionEvent(created_at=NOW),
        response_of: pb.ResponseWithCursor(
            event=pb.JoinSetResponseEvent(join_set_id=pb.JoinSetId(kind="JOIN_SET_KIND_NAMED"))
        ),
    }[read]
    with pytest.raises(ClientError, match="does not know"):
        read(message)


def test_a_number_that_stands_for_nothing_here_is_refused() -> None:
    failure = pb.SupportedFunctionResult.ExecutionFailure(kind=99)
    with pytest.raises(ClientError, match=r"`obelisk\.ExecutionFailureKind` 99"):
        result_of(pb.SupportedFunctionResult(execution_failure=failure))


def test_a_time_that_is_none_is_an_error_of_the_server() -> None:
    message = pb.ExecutionEvent(created_at={"seconds": 2**62})
    with pytest.raises(ClientError, match="the server sent a time that is none"):
        event_of(message)
