"""A small engine in memory, made of the same state machine as the real one, for tests of the API and its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from msgspec import Struct

from obelisk.builtin.memory_lines import MemoryLines
from obelisk.core.events import (
    CancellationRequested,
    ComponentId,
    ComponentRole,
    Created,
    Event,
    ExecutionResult,
    Finished,
    LogEvent,
    LogResponse,
    Paused,
    Response,
    TypedValue,
    Unpaused,
)
from obelisk.core.state import Lifecycle, State, fold
from obelisk.errors import (
    DelayNotFoundError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    ExecutionStateError,
    FunctionNotFoundError,
    IllegalTransitionError,
    InvalidValueError,
)
from obelisk.ids import DelayId, DeploymentId, ExecutionId, new_execution_id
from obelisk.interfaces.components import Component
from obelisk.interfaces.executions import (
    AT_ONCE,
    CancelOutcome,
    DelayOutcome,
    FinishedExecution,
    FunctionDetail,
    ReplayOutcome,
    ReplayReport,
    Submission,
    SubmitOutcome,
)
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.storage import ExecutionQuery, Held, LineQuery, LineRow, Order, StoredLine
from obelisk.names import Ffqn, ffqn
from obelisk.wit.extensions import FunctionExtension
from obelisk.wit.model import Function, Interface, Param, Primitive, ResultType, World

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
DEPLOYMENT = DeploymentId("Dep_01JDCB5E00000000000000000G")
DIGEST = "sha256:" + "a1" * 32
COMPONENT = ComponentId(ComponentRole.WORKFLOW, "fibo-workflow", DIGEST)
FIBOA = ffqn("testing:fibo-workflow/workflow", "fiboa")
FIBO_SUBMIT = ffqn("testing:fibo-workflow-obelisk-ext/workflow", "fiboa-submit")
ANSWER = ExecutionResult(ok=TypedValue("u64", 55))
CANCELLABLE = ffqn("testing:fibo-workflow/workflow", "fiboa-cancellable")
STUB = ffqn("testing:stub-activity/activity", "foo")
STUB_DIGEST = "sha256:" + "57" * 32
STUB_COMPONENT = ComponentId(ComponentRole.ACTIVITY_STUB, "stub-activity", STUB_DIGEST)
OLD_DIGEST = "sha256:" + "01" * 32
OLD_COMPONENT = ComponentId(ComponentRole.WORKFLOW, "fibo-workflow", OLD_DIGEST)


class FixedClock:
    """Always the same time."""

    def now(self) -> datetime:
        """Return the time."""
        return NOW

    async def sleep_until(self, when: datetime) -> None:
        """Not needed here."""
        raise AssertionError("nothing sleeps")

    async def sleep(self, pause: timedelta) -> None:
        """Not needed here."""
        raise AssertionError("nothing sleeps")


class DelayState(Enum):
    """What became of a delay."""

    OPEN = "open"
    PAUSED = "paused"
    FINISHED = "finished"


class Upgrade(Struct, frozen=True):
    """An upgrade that was asked for."""

    execution_id: ExecutionId
    expected: str
    new: str
    skip_determinism_check: bool


class FakeExecutions:
    """Executions that do what the test tells them."""

    def __init__(self) -> None:
        self.logs_of: dict[ExecutionId, list[LogEvent]] = {}
        self.responses_of: dict[ExecutionId, list[LogResponse]] = {}
        self.states: dict[ExecutionId, State] = {}
        self.queries: list[ExecutionQuery] = []
        self.watchers = 0
        self.unwatched = asyncio.Event()
        self.on_submit: Any = None
        self.failure: Exception | None = None
        self.delays: dict[DelayId, DelayState] = {}
        self.report = ReplayReport(ReplayOutcome.BLOCKED)
        self.upgrades: list[Upgrade] = []
        self.lines = MemoryLines()
        self._changed = asyncio.Condition()

    # what the API calls

    def generate_id(self) -> ExecutionId:
        return new_execution_id(1_795_000_000_000, bytes(9) + bytes([len(self.logs_of)]))

    async def submit(
        self,
        ffqn: Ffqn,
        params: list[Any],
        *,
        execution_id: ExecutionId | None = None,
        metadata: Mapping[str, str] | None = None,
        paused: bool = False,
    ) -> Submission:
        self._fail_if_told()
        if ffqn != FIBOA:
            raise FunctionNotFoundError(f"function `{ffqn}` is not found, the nearest is `{FIBOA}`")
        if len(params) != 2:
            raise InvalidValueError(f"parameter cardinality mismatch, expected: 2, specified: {len(params)}")
        execution_id = execution_id or self.generate_id()
        if execution_id in self.logs_of:
            self._check_same(execution_id, params)
            return Submission(execution_id, SubmitOutcome.EXISTS)
        await self.append(execution_id, created(params, metadata=metadata))
        if paused:
            await self.append(execution_id, Paused())
        if self.on_submit is not None:
            await self.on_submit(execution_id)
        return Submission(execution_id, SubmitOutcome.CREATED)

    async def get(self, execution_id: ExecutionId) -> State:
        self._fail_if_told()
        if execution_id not in self.states:
            raise ExecutionNotFoundError(f"execution `{execution_id}` is not found")
        return self.states[execution_id]

    async def finished(self, execution_id: ExecutionId, *, seen: State | None = None) -> FinishedExecution | None:
        state = await self.get(execution_id)
        last = self.logs_of[execution_id][-1].event
        if not isinstance(last, Finished):
            return None
        return FinishedExecution(state.created_at, state.scheduled_at, state.due_at, last.retval)

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        async for _ in self.watch(execution_id):
            pass
        finished = await self.finished(execution_id)
        assert finished is not None
        return finished

    async def watch(self, execution_id: ExecutionId, *, pace: timedelta = AT_ONCE) -> AsyncGenerator[State]:
        seen = await self.get(execution_id)
        self.watchers += 1
        try:
            yield seen
            while not seen.is_finished:
                seen = await self._newer(execution_id, seen)
                yield seen
        finally:
            self.watchers -= 1
            self.unwatched.set()

    async def list(self, query: ExecutionQuery) -> list[Held]:
        self._fail_if_told()
        self.queries.append(query)
        found = [Held(execution_id, state) for execution_id, state in self.states.items()]
        wanted = sorted((held for held in found if _is_wanted(held, query)), key=_place)
        if query.order is Order.NEWER:
            return wanted[: query.limit][::-1]
        return wanted[::-1][: query.limit]

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        await self.get(execution_id)
        return self.logs_of[execution_id][from_version : from_version + limit]

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        return self.responses_of.get(execution_id, [])[after_cursor : after_cursor + limit]

    async def cancel(self, execution_id: ExecutionId) -> CancelOutcome:
        state = await self.get(execution_id)
        if state.is_finished:
            return CancelOutcome.ALREADY_FINISHED
        if state.lifecycle is Lifecycle.CANCELLING:
            return CancelOutcome.ALREADY_CANCELLING
        if state.component_id.component_type is ComponentRole.WORKFLOW and not state.ffqn.endswith("-cancellable"):
            raise ExecutionStateError(f"`{state.ffqn}` cannot be cancelled: its name does not end with `-cancellable`")
        await self.append(execution_id, CancellationRequested())
        return CancelOutcome.REQUESTED

    async def cancel_delay(self, delay_id: DelayId) -> DelayOutcome:
        outcome = self._delay(delay_id)
        self.delays[delay_id] = DelayState.FINISHED
        return outcome

    async def pause(self, execution_id: ExecutionId) -> None:
        if (await self.get(execution_id)).lifecycle is not Lifecycle.PAUSED:
            await self._append_if_allowed(execution_id, Paused())

    async def unpause(self, execution_id: ExecutionId) -> None:
        await self._append_if_allowed(execution_id, Unpaused())

    async def pause_delay(self, delay_id: DelayId) -> DelayOutcome:
        outcome = self._delay(delay_id)
        if outcome is DelayOutcome.DONE:
            self.delays[delay_id] = DelayState.PAUSED
        return outcome

    async def unpause_delay(self, delay_id: DelayId) -> DelayOutcome:
        outcome = self._delay(delay_id)
        if outcome is DelayOutcome.DONE:
            self.delays[delay_id] = DelayState.OPEN
        return outcome

    async def stub(self, execution_id: ExecutionId, value: Any) -> None:
        state = await self.get(execution_id)
        if state.component_id.component_type is not ComponentRole.ACTIVITY_STUB:
            raise ExecutionStateError(f"`{execution_id}` is no stub")
        if not isinstance(value, dict):
            raise InvalidValueError("expected a result")
        result = ExecutionResult(ok=TypedValue("string", value["ok"]))
        if not state.is_finished:
            await self.finish(execution_id, result)
        elif self.logs_of[execution_id][-1].event != Finished(result):
            raise ExecutionConflictError(f"`{execution_id}` has another result")

    async def delete(self, execution_id: ExecutionId) -> int:
        state = await self.get(execution_id)
        if not state.is_finished:
            raise ExecutionStateError(f"`{execution_id}` has not finished")
        del self.states[execution_id], self.logs_of[execution_id]
        return 3

    async def replay(self, execution_id: ExecutionId) -> ReplayReport:
        await self._workflow(execution_id)
        return self.report

    async def upgrade(
        self, execution_id: ExecutionId, *, expected: str, new: str, skip_determinism_check: bool = False
    ) -> None:
        state = await self._workflow(execution_id)
        if state.component_id.component_digest != expected:
            raise ExecutionStateError(f"`{execution_id}` has the digest {state.component_id.component_digest}")
        if self.report.outcome is ReplayOutcome.FAILED and not skip_determinism_check:
            raise ExecutionStateError(f"`{execution_id}` cannot be upgraded: {self.report.error}")
        self.upgrades.append(Upgrade(execution_id, expected, new, skip_determinism_check))

    async def logs(self, query: LineQuery) -> list[LineRow]:
        await self.get(query.execution_id)
        return self.lines.page(query)

    async def _workflow(self, execution_id: ExecutionId) -> State:
        state = await self.get(execution_id)
        if state.component_id.component_type is not ComponentRole.WORKFLOW:
            raise ExecutionStateError(f"`{execution_id}` is no workflow")
        return state

    def _delay(self, delay_id: DelayId) -> DelayOutcome:
        if delay_id not in self.delays:
            raise DelayNotFoundError(f"delay `{delay_id}` is not found")
        return DelayOutcome.ALREADY_FINISHED if self.delays[delay_id] is DelayState.FINISHED else DelayOutcome.DONE

    async def _append_if_allowed(self, execution_id: ExecutionId, event: Event) -> None:
        await self.get(execution_id)
        try:
            await self.append(execution_id, event)
        except IllegalTransitionError as error:
            raise ExecutionStateError(str(error)) from error

    async def _newer(self, execution_id: ExecutionId, seen: State) -> State:
        async with self._changed:
            await self._changed.wait_for(lambda: self.states[execution_id] is not seen)
        return self.states[execution_id]

    # what the test calls

    async def append(self, execution_id: ExecutionId, event: Event, *, after: timedelta = timedelta(0)) -> None:
        """Append an event, ``after`` the execution's creation."""
        at = NOW + after
        log = self.logs_of.setdefault(execution_id, [])
        self.states[execution_id], _ = fold(self.states.get(execution_id), None, event, at=at)
        log.append(LogEvent(len(log), at, event))
        async with self._changed:
            self._changed.notify_all()

    def respond(self, execution_id: ExecutionId, response: Response, *, after: timedelta = timedelta(0)) -> None:
        """Append a response, ``after`` the execution's creation."""
        self.states[execution_id], _ = fold(self.states[execution_id], None, response, at=NOW + after)
        responses = self.responses_of.setdefault(execution_id, [])
        responses.append(LogResponse(len(responses) + 1, NOW + after, response))

    def log(self, *lines: StoredLine) -> None:
        """Store lines."""
        self.lines.append(lines)

    async def finish(self, execution_id: ExecutionId, result: ExecutionResult = ANSWER) -> None:
        """End an execution, a second and a half after its creation."""
        await self.append(execution_id, Finished(result), after=timedelta(seconds=1.5))

    def _check_same(self, execution_id: ExecutionId, params: list[Any]) -> None:
        first = self.logs_of[execution_id][0].event
        assert isinstance(first, Created)
        if first.params != params:
            raise ExecutionConflictError(f"execution `{execution_id}` exists with other parameters")

    def _fail_if_told(self) -> None:
        if self.failure is not None:
            raise self.failure


def created(
    params: list[Any],
    *,
    ffqn: Ffqn = FIBOA,
    component: ComponentId = COMPONENT,
    scheduled_at: datetime = NOW,
    metadata: Mapping[str, str] | None = None,
) -> Created:
    """Return the first event of an execution."""
    return Created(ffqn, params, None, scheduled_at, component, DEPLOYMENT, dict(metadata or {}))


def _is_wanted(held: Held, query: ExecutionQuery) -> bool:
    is_other = query.component_digest not in (None, held.state.component_id.component_digest)
    is_other = is_other or not held.execution_id.startswith(query.execution_id_prefix or "")
    if query.order is Order.NEWER and query.cursor_id is not None:
        is_other = is_other or _place(held) <= (query.cursor_created_at, query.cursor_id)
    return not (is_other or (query.hide_finished and held.state.is_finished))


def _place(held: Held) -> tuple[datetime | None, str]:
    return held.state.created_at, held.execution_id


_FIBOA_FUNCTION = Function(
    "fiboa",
    (Param("n", Primitive.U8), Param("iterations", Primitive.U32)),
    ResultType(Primitive.U64, None),
)
_STUB_FUNCTION = Function("foo", (Param("arg", Primitive.STRING),), ResultType(Primitive.STRING, None))
_FIBO_FUNCTION = Function("fibo", (Param("n", Primitive.U8),), ResultType(Primitive.U64, None))


class FakeComponents:
    """One workflow component, and what a test adds."""

    deployment_id = DEPLOYMENT

    def __init__(self) -> None:
        exports = (Interface("testing:fibo-workflow/workflow", (_FIBOA_FUNCTION,)),)
        imports = (Interface("testing:fibo/fibo", (_FIBO_FUNCTION,)),)
        self.component = Component(
            id=COMPONENT,
            world=World(imports=imports, exports=exports),
            exports=exports,
            provides=(),
            settings=ComponentSettings(name=COMPONENT.name),
        )
        self.added: list[Component] = []

    def add_stub(self, component: ComponentId = STUB_COMPONENT) -> None:
        """Deploy a stub component too."""
        exports = (Interface("testing:stub-activity/activity", (_STUB_FUNCTION,)),)
        settings = ComponentSettings(name=component.name)
        self.added.append(Component(component, World(imports=(), exports=exports), exports, (), settings))

    def list(self) -> tuple[Component, ...]:
        return (self.component, *self.added)

    def exports(self, component: Component, *, extensions: bool) -> tuple[FunctionDetail, ...]:
        if component is not self.component:
            return (FunctionDetail(STUB, _STUB_FUNCTION, None, submittable=True),)
        plain = FunctionDetail(FIBOA, _FIBOA_FUNCTION, None, submittable=True)
        submit = FunctionDetail(FIBO_SUBMIT, _FIBOA_FUNCTION, FunctionExtension.SUBMIT, submittable=False)
        return (plain, submit) if extensions else (plain,)

    def imports(self, component: Component) -> tuple[FunctionDetail, ...]:
        if component is not self.component:
            return ()
        return (FunctionDetail(ffqn("testing:fibo/fibo", "fibo"), _FIBO_FUNCTION, None, submittable=False),)

    def wit(self, component: Component) -> str:
        return "package any:any;\n"
