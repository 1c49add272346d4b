"""What the tests of replay share: a log that grows, and a workflow's side of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from obelisk.core.commands import Command, JoinSetMade, Reply, Submitted
from obelisk.core.effects import NewExecution
from obelisk.core.events import (
    OK_OUTCOME,
    AnyHistoryEvent,
    ChildExecutionFinished,
    DelayFinished,
    Event,
    ExecutionResult,
    LogEvent,
    LogResponse,
    Response,
    TypedValue,
    decode_event,
    encode_event,
)
from obelisk.core.replay import Replay
from obelisk.errors import FunctionNotFoundError, InvalidValueError
from obelisk.ids import DelayId, ExecutionId, JoinSetId, delay_owner, parent_of
from obelisk.names import Ffqn

ID = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM8D")
START = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LOCK = START + timedelta(seconds=10)
FIBO = Ffqn("testing:fibo/fibo.fibo")
OTHER = Ffqn("testing:other/other@1.2.3.do-it")


def ok(value: object = 1) -> ExecutionResult:
    """Return the result of a child that returned ``value``."""
    return ExecutionResult(ok=TypedValue("u64", value))


def finished(child: ExecutionId, result: ExecutionResult | None = None) -> ChildExecutionFinished:
    """Return the response of a child."""
    parent = parent_of(child)
    assert parent is not None
    return ChildExecutionFinished(parent[1], child, 3, result or ok())


def passed(delay: DelayId, *, success: bool = True) -> DelayFinished:
    """Return the response of a delay."""
    return DelayFinished(delay_owner(delay)[1], delay, success)


def logged(events: Iterable[Event], first: int = 2) -> list[LogEvent]:
    """Return events in their places, each as it is read from a storage."""
    return [LogEvent(first + index, START, decode_event(encode_event(event))) for index, event in enumerate(events)]


def responded(responses: Iterable[Response]) -> list[LogResponse]:
    """Return responses in their places."""
    return [LogResponse(cursor, START, response) for cursor, response in enumerate(responses, start=1)]


class Functions:
    """A catalog with two functions that take one number each."""

    def check(self, ffqn: Ffqn, params: object) -> list[object]:
        if ffqn not in (FIBO, OTHER):
            raise FunctionNotFoundError(f"function not found: `{ffqn}`")
        if not isinstance(params, list) or not all(isinstance(param, int) for param in params):
            raise InvalidValueError("numbers expected")
        return params


def new_replay(events: Iterable[Event] = (), responses: Iterable[Response] = ()) -> Replay:
    """Return a replay of the events from version 2 on."""
    history, came = logged(events), responded(responses)
    return Replay(ID, START, run_expires_at=LOCK, catalog=Functions(), history=history, responses=came)


class Workflow:
    """A workflow that gives commands to a replay and keeps what follows."""

    def __init__(self, events: Iterable[Event] = (), responses: Iterable[Response] = ()) -> None:
        self.replay = new_replay(events, responses)
        self.events: list[AnyHistoryEvent] = []
        self.executions: list[NewExecution] = []

    def ask(self, command: Command, now: datetime = START) -> Reply | None:
        """Give a command and return the reply, ``None`` when it waits; what it asks the engine is answered with yes."""
        reply = self.replay.apply(command, now)
        if self.replay.question is not None:
            reply = self.replay.settle(OK_OUTCOME, create=True)
        self._take()
        return reply

    def answer(self, *responses: Response) -> Reply | None:
        """Let responses arrive and return the reply to the command that waits."""
        for response in responses:
            self.replay.arrive(response)
        reply = self.replay.resume()
        self._take()
        return reply

    def finish(self) -> Reply | None:
        """End."""
        reply = self.replay.finish()
        self._take()
        return reply

    def made(self, command: Command) -> JoinSetId:
        """Give a command that makes a join set."""
        reply = self.ask(command)
        assert isinstance(reply, JoinSetMade), reply
        return reply.join_set

    def submitted(self, command: Command, now: datetime = START) -> ExecutionId:
        """Give a command that creates an execution."""
        reply = self.ask(command, now)
        assert isinstance(reply, Submitted), reply
        return reply.execution_id

    def _take(self) -> None:
        effects = self.replay.take_effects()
        self.events += effects.events
        self.executions += effects.executions
