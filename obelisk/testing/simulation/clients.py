"""Clients of the simulated servers: they try again until they are answered, and remember what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from obelisk.core.events import ComponentRole, ExecutionResult
from obelisk.core.joinsets import open_members
from obelisk.core.state import Lifecycle
from obelisk.errors import (
    DelayNotFoundError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    ExecutionStateError,
    StorageError,
)
from obelisk.ids import DELAY_PREFIX, DelayId, ExecutionId, delay_owner, new_execution_id
from obelisk.interfaces.executions import ReplayOutcome, SubmitOutcome
from obelisk.interfaces.storage import ExecutionLog
from obelisk.names import Ffqn
from obelisk.runtime.executions import EngineExecutions
from obelisk.testing.simulation.acknowledged import check_delay_ended, check_done
from obelisk.testing.simulation.draws import drawn
from obelisk.testing.simulation.oracle import ViolationError
from obelisk.testing.simulation.scenario import Act, ActKind, Submission

if TYPE_CHECKING:
    from obelisk.testing.simulation.world import World

T = TypeVar("T")
AGAIN_SECONDS = 0.7
ANY_OF = 8
NOTHING = "nothing"
LOOKS = 40
LOOK_SECONDS = 0.21
DECLINED = (ExecutionNotFoundError, ExecutionStateError, DelayNotFoundError)


class Clients:
    """All clients of a world. ``acknowledged`` holds what was submitted, ``results`` what they were told of its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.acknowledged: set[ExecutionId] = set()
        self.results: dict[ExecutionId, ExecutionResult] = {}

    def id_of(self, number: int) -> ExecutionId:
        """Return the id of the ``number``-th submission."""
        return new_execution_id(1, drawn(self._world.scenario.seed, "root", number).randbytes(10))

    async def submit(self, number: int, submission: Submission) -> None:
        """Submit at its time, until that is acknowledged, and wait for the result."""
        await asyncio.sleep(submission.at)
        execution_id = self.id_of(number)
        await self._until_answered(
            ("submit", number),
            lambda to: to.submit(Ffqn(submission.function), [submission.script], execution_id=execution_id),
        )
        self.acknowledged.add(execution_id)
        self._world.note(None, f"`{execution_id}` is acknowledged")
        finished = await self._until_answered(("wait", number), lambda to: to.wait(execution_id))
        self.results[execution_id] = finished.result
        self._world.note(None, f"`{execution_id}` has ended with {finished.result}")

    async def act(self, number: int, act: Act) -> None:
        """Ask for something, once there is something to ask about; what comes of it may not be known."""
        await asyncio.sleep(act.at)
        for _ in range(LOOKS):
            executions = self._world.servers[act.server].executions
            what = NOTHING if executions is None else await self._answer_to(executions, act)
            if what != NOTHING:
                self._world.note(act.server, f"{act.kind.value} {act.pick}: {what}")
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer_to(self, executions: EngineExecutions, act: Act) -> str:
        try:
            return await self._acted(executions, act)
        except DECLINED as error:
            return f"is declined: {error}"
        except StorageError as error:
            return f"fails: {error}"

    async def give_all(self) -> None:
        """Let everything go on that waits for a client; a fixed scenario's workflows give their stubs what they wait for."""
        for log in self._world.oracle.unfinished():
            executions = self._world.servers[0].executions
            if executions is None:
                return
            try:
                if log.state.lifecycle is Lifecycle.PAUSED:
                    await executions.unpause(log.execution_id)
                elif not self._world.scenario.is_fixed and _is_stub(log):
                    await executions.stub(log.execution_id, {"ok": "at last"})
            except (*DECLINED, ExecutionConflictError, StorageError) as error:
                self._world.note(0, f"giving fails: {error}")

    async def _acted(self, executions: EngineExecutions, act: Act) -> str:
        oracle = self._world.oracle
        if act.kind in (ActKind.SUBMIT_AGAIN, ActKind.SUBMIT_OTHERS):
            return await self._submitted_again(executions, act)
        if act.kind is ActKind.CANCEL_DELAY:
            delay = _picked([one for log in oracle.unfinished() for one in _delays(log)], act)
            return NOTHING if delay is None else await self._delay_cancelled(executions, delay)
        log = _picked(self._candidates(act), act)
        if log is None:
            return NOTHING
        if act.kind is ActKind.REPLAY:
            return await self._replayed(executions, log)
        if act.kind is ActKind.GIVE:
            return await self._given(executions, act)
        calls: dict[ActKind, Callable[[ExecutionId], Awaitable[Any]]] = {
            ActKind.CANCEL: executions.cancel, ActKind.PAUSE: executions.pause, ActKind.UNPAUSE: executions.unpause,
        }  # fmt: skip
        answer = await calls[act.kind](log.execution_id)
        check_done(act.kind, oracle.log(log.execution_id))
        return f"`{log.execution_id}` {answer}"

    async def _delay_cancelled(self, executions: EngineExecutions, delay: DelayId) -> str:
        answer = await executions.cancel_delay(delay)
        check_delay_ended(delay, self._world.oracle.log(delay_owner(delay)[0]))
        return str(answer)

    async def _given(self, executions: EngineExecutions, act: Act) -> str:
        stub = _picked([log for log in self._world.oracle.unfinished() if _is_stub(log)], act)
        if stub is None:
            return NOTHING
        try:
            await executions.stub(stub.execution_id, {"ok": "given"})
        except ExecutionConflictError:
            return "conflict"
        check_done(act.kind, self._world.oracle.log(stub.execution_id))
        return "done"

    def _candidates(self, act: Act) -> list[ExecutionLog]:
        """Return what an act may be about: mostly what is under way, now and then what has ended."""
        oracle = self._world.oracle
        if act.kind is ActKind.REPLAY or act.pick % ANY_OF == 0:
            return [oracle.log(one) for one in oracle.executions]
        is_paused = act.kind is ActKind.UNPAUSE
        return [log for log in oracle.unfinished() if (log.state.lifecycle is Lifecycle.PAUSED) is is_paused]

    async def _submitted_again(self, executions: EngineExecutions, act: Act) -> str:
        number = act.pick % len(self._world.scenario.submissions)
        submission, execution_id = self._world.scenario.submissions[number], self.id_of(number)
        was_acknowledged = execution_id in self.acknowledged
        others = act.kind is ActKind.SUBMIT_OTHERS
        if others and not was_acknowledged:
            return NOTHING
        script = ["stop"] if others else submission.script
        try:
            answer = await executions.submit(Ffqn(submission.function), [script], execution_id=execution_id)
        except ExecutionConflictError:
            if others and script != submission.script:
                return "conflict"
            raise
        if (others and script != submission.script) or (
            was_acknowledged and answer.outcome is not SubmitOutcome.EXISTS
        ):
            raise ViolationError(
                f"`{execution_id}` was submitted a second time, which was answered with {answer.outcome}"
            )
        self.acknowledged.add(execution_id)
        return str(answer.outcome.value)

    async def _replayed(self, executions: EngineExecutions, log: ExecutionLog) -> str:
        if log.state.component_id.component_type is not ComponentRole.WORKFLOW:
            return NOTHING
        report = await executions.replay(log.execution_id)
        if report.outcome is ReplayOutcome.FAILED:
            raise ViolationError(f"`{log.execution_id}` cannot be replayed: {report.error}")
        return str(report.outcome.value)

    async def replay_all(self) -> None:
        """Replay every workflow, each of which has ended."""
        for execution_id in self._world.oracle.executions:
            executions = self._world.servers[0].executions
            if executions is not None:
                await self._replayed(executions, self._world.oracle.log(execution_id))

    async def _until_answered(self, who: tuple[object, ...], call: Callable[[EngineExecutions], Awaitable[T]]) -> T:
        chance = drawn(self._world.scenario.seed, *who)
        while True:
            executions = chance.choice(self._world.servers).executions
            if executions is not None:
                try:
                    return await call(executions)
                except StorageError as error:
                    self._world.note(None, f"{who} fails: {error}")
            await asyncio.sleep(AGAIN_SECONDS * chance.random())


def _is_stub(log: ExecutionLog) -> bool:
    return log.state.component_id.component_type is ComponentRole.ACTIVITY_STUB


def _picked(among: Sequence[T], act: Act) -> T | None:
    return among[act.pick % len(among)] if among else None


def _delays(log: ExecutionLog) -> list[DelayId]:
    return [DelayId(one) for one in open_members(log.events, log.responses) if one.startswith(DELAY_PREFIX)]
