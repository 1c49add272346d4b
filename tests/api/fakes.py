"""A small engine in memory, made of the same state machine as the real one, for tests of the API and its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from obelisk.core.events import (
    ComponentId,
    ComponentRole,
    Created,
    Event,
    ExecutionResult,
    Finished,
    LogEvent,
    LogResponse,
    Response,
    TypedValue,
)
from obelisk.core.state import State, fold
from obelisk.errors import (
    ExecutionConflictError,
    ExecutionNotFoundError,
    FunctionNotFoundError,
    InvalidValueError,
)
from obelisk.ids import DeploymentId, ExecutionId, new_execution_id
from obelisk.interfaces.components import Component
from obelisk.interfaces.executions import FinishedExecution, FunctionDetail, Submission, SubmitOutcome
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.storage import ExecutionQuery, Held
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


class FixedClock:
    """Always the same time."""

    def now(self) -> datetime:
        """Return the time."""
        return NOW

    async def sleep_until(self, when: datetime) -> None:
        """Not needed here."""
        raise AssertionError("nothing sleeps")


class FakeExecutions:
    """Executions that do what the test tells them."""

    def __init__(self) -> None:
        self.logs: dict[ExecutionId, list[LogEvent]] = {}
        self.responses_of: dict[ExecutionId, list[LogResponse]] = {}
        self.states: dict[ExecutionId, State] = {}
        self.queries: list[ExecutionQuery] = []
        self.watchers = 0
        self.unwatched = asyncio.Event()
        self.on_submit: Any = None
        self.failure: Exception | None = None
        self._changed = asyncio.Condition()

    # what the API calls

    def generate_id(self) -> ExecutionId:
        return new_execution_id(1_795_000_000_000, bytes(9) + bytes([len(self.logs)]))

    async def submit(
        self,
        ffqn: Ffqn,
        params: list[Any],
        *,
        execution_id: ExecutionId | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Submission:
        self._fail_if_told()
        if ffqn != FIBOA:
            raise FunctionNotFoundError(f"function `{ffqn}` is not found, the nearest is `{FIBOA}`")
        if len(params) != 2:
            raise InvalidValueError(f"parameter cardinality mismatch, expected: 2, specified: {len(params)}")
        execution_id = execution_id or self.generate_id()
        if execution_id in self.logs:
            self._check_same(execution_id, params)
            return Submission(execution_id, SubmitOutcome.EXISTS)
        await self.append(execution_id, created(params))
        if self.on_submit is not None:
            await self.on_submit(execution_id)
        return Submission(execution_id, SubmitOutcome.CREATED)

    async def get(self, execution_id: ExecutionId) -> State:
        self._fail_if_told()
        if execution_id not in self.states:
            raise ExecutionNotFoundError(f"execution `{execution_id}` is not found")
        return self.states[execution_id]

    async def finished(self, execution_id: ExecutionId) -> FinishedExecution | None:
        state = await self.get(execution_id)
        last = self.logs[execution_id][-1].event
        if not isinstance(last, Finished):
            return None
        return FinishedExecution(state.created_at, state.scheduled_at, state.due_at, last.retval)

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        async for _ in self.watch(execution_id):
            pass
        finished = await self.finished(execution_id)
        assert finished is not None
        return finished

    async def watch(self, execution_id: ExecutionId) -> AsyncGenerator[State]:
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
        return [Held(execution_id, state) for execution_id, state in reversed(self.states.items())][: query.limit]

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        return self.logs[execution_id][from_version : from_version + limit]

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        return self.responses_of.get(execution_id, [])[after_cursor : after_cursor + limit]

    async def _newer(self, execution_id: ExecutionId, seen: State) -> State:
        async with self._changed:
            await self._changed.wait_for(lambda: self.states[execution_id] is not seen)
        return self.states[execution_id]

    # what the test calls

    async def append(self, execution_id: ExecutionId, event: Event, *, after: timedelta = timedelta(0)) -> None:
        """Append an event, ``after`` the execution's creation."""
        at = NOW + after
        log = self.logs.setdefault(execution_id, [])
        self.states[execution_id], _ = fold(self.states.get(execution_id), None, event, at=at)
        log.append(LogEvent(len(log), at, event))
        async with self._changed:
            self._changed.notify_all()

    def respond(self, execution_id: ExecutionId, response: Response) -> None:
        """Append a response."""
        self.states[execution_id], _ = fold(self.states[execution_id], None, response, at=NOW)
        responses = self.responses_of.setdefault(execution_id, [])
        responses.append(LogResponse(len(responses) + 1, NOW, response))

    async def finish(self, execution_id: ExecutionId, result: ExecutionResult = ANSWER) -> None:
        """End an execution, a second and a half after its creation."""
        await self.append(execution_id, Finished(result), after=timedelta(seconds=1.5))

    def _check_same(self, execution_id: ExecutionId, params: list[Any]) -> None:
        first = self.logs[execution_id][0].event
        assert isinstance(first, Created)
        if first.params != params:
            raise ExecutionConflictError(f"execution `{execution_id}` exists with other parameters")

    def _fail_if_told(self) -> None:
        if self.failure is not None:
            raise self.failure


def created(params: list[Any], *, scheduled_at: datetime = NOW) -> Created:
    """Return the first event of an execution."""
    return Created(FIBOA, params, None, scheduled_at, COMPONENT, DEPLOYMENT)


_FIBOA_FUNCTION = Function(
    "fiboa",
    (Param("n", Primitive.U8), Param("iterations", Primitive.U32)),
    ResultType(Primitive.U64, None),
)
_FIBO_FUNCTION = Function("fibo", (Param("n", Primitive.U8),), ResultType(Primitive.U64, None))


class FakeComponents:
    """One workflow component."""

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

    def list(self) -> tuple[Component, ...]:
        return (self.component,)

    def exports(self, component: Component, *, extensions: bool) -> tuple[FunctionDetail, ...]:
        plain = FunctionDetail(FIBOA, _FIBOA_FUNCTION, None, submittable=True)
        submit = FunctionDetail(FIBO_SUBMIT, _FIBOA_FUNCTION, FunctionExtension.SUBMIT, submittable=False)
        return (plain, submit) if extensions else (plain,)

    def imports(self, component: Component) -> tuple[FunctionDetail, ...]:
        return (FunctionDetail(ffqn("testing:fibo/fibo", "fibo"), _FIBO_FUNCTION, None, submittable=False),)

    def wit(self, component: Component) -> str:
        return "package any:any;\n"
