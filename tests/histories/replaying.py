"""Drives a guest of today through the log of an execution, without an engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from obelisk.core.commands import Reply
from obelisk.core.effects import Question
from obelisk.core.events import AnyHistoryEvent, Created, ExecutionResult, LogEvent, LogResponse, failed
from obelisk.core.replay import Replay
from obelisk.core.values import ParamsShape, ReturnShape
from obelisk.ids import ExecutionId, JoinSetId
from obelisk.interfaces.components import Asked, Crashed, LogLine, Returned, Step, WorkflowCall
from obelisk.names import Ffqn, split_ffqn
from obelisk.wit.model import Function
from tests.wasm.bench import Bench, Program

LONG_AFTER = timedelta(days=1000)


class Replayed(Struct, frozen=True):
    """How far a replay came: how it ended, what it waits for, or what it asked for that is not in the log."""

    is_replaying: bool
    result: ExecutionResult | None = None
    waits_for: JoinSetId | None = None
    new: tuple[AnyHistoryEvent, ...] = ()
    question: Question | None = None
    logged: tuple[str, ...] = ()


class NotInLogError(Exception):
    """A replay needs what its log does not hold."""


class NoCatalog:
    """A deployment without functions: what is in the log needs none."""

    def check(self, ffqn: Ffqn, params: Any) -> list[Any]:
        """Refuse to be asked."""
        raise NotInLogError(f"a replay looked for `{ffqn}`")


async def replayed(
    bench: Bench,
    component: str,
    execution_id: ExecutionId,
    events: Sequence[LogEvent],
    responses: Sequence[LogResponse],
) -> Replayed:
    """Replay a log; raise ``NondeterminismError`` when it does not fit."""
    created = events[0].event
    assert isinstance(created, Created)
    function = exported(bench, component, created.ffqn)
    assert ParamsShape(function).check(created.params) == created.params
    lines: list[LogLine] = []
    call = WorkflowCall(execution_id, created.ffqn, created.params, events[0].created_at)
    driver = Driver(
        Replay(
            execution_id, events[0].created_at, run_expires_at=events[-1].created_at + LONG_AFTER, catalog=NoCatalog(),
            history=events, responses=responses,
        ),
        bench.begin(component, call, lines),
        ReturnShape(function.result),
    )  # fmt: skip
    try:
        return await driver.run(events[-1].created_at, lines)
    finally:
        driver.program.program.close()


class Driver:
    """One replay."""

    def __init__(self, replay: Replay, program: Program, shape: ReturnShape) -> None:
        self.replay = replay
        self.program = program
        self.shape = shape

    async def run(self, ended_at: datetime, lines: list[LogLine]) -> Replayed:
        """Go on until something new would happen."""
        step: Step = await self.program.start()
        while isinstance(step, Asked):
            reply = self.replay.apply(step.command, ended_at + LONG_AFTER)
            reply = self.replay.resume() if reply is None else reply
            if reply is None or self.replay.pending_events:
                return self._stopped(lines)
            step = await self.program.resume(reply)
        return self._stopped(lines, self._result(step), self.replay.finish())

    def _result(self, step: Step) -> ExecutionResult:
        if isinstance(step, Returned):
            return self.shape.result(step.value)
        assert isinstance(step, Crashed)
        return failed(step.kind, step.reason, step.detail)

    def _stopped(
        self, lines: list[LogLine], result: ExecutionResult | None = None, end: Reply | None = None
    ) -> Replayed:
        return Replayed(
            is_replaying=self.replay.is_replaying,
            result=None if end is None else result,
            waits_for=self.replay.waits_for,
            new=self.replay.take_effects().events,
            question=self.replay.question,
            logged=tuple(line.message for line in lines),
        )


def exported(bench: Bench, component: str, name: Ffqn) -> Function:
    """Return a function that a workflow exports."""
    interface, function = split_ffqn(name)
    exports = bench.workflow(component).component.exports
    return next(one for found in exports if found.name == interface for one in found.functions if one.name == function)
