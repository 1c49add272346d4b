"""A trigger that lends what it was handed to a test, and what tests of sessions share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from obelisk.config.model import TriggerUse
from obelisk.core.events import ComponentId, ComponentRole, ExecutionResult, TypedValue
from obelisk.interfaces.sessions import Called, Session, SessionOpening
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.interfaces.triggers import TriggerEntry, TriggerHost, TriggerProvider
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests.runtime.scripting import TEXT

HANDLE = Ffqn("wasi:http/incoming-handler.handle")
COMPONENT = ComponentId(ComponentRole.WEBHOOK_ENDPOINT, "hook", "sha256:" + "1" * 64)
OPENING = SessionOpening(component=COMPONENT, ffqn=HANDLE)
DONE = ExecutionResult(ok=TypedValue("string", "done"))


async def _nothing() -> None:
    pass


class Lender:
    """A trigger; ``host`` is set while it runs. ``drain`` is what it does when it is told to stop."""

    def __init__(self, drain: Callable[[], Awaitable[None]] = _nothing) -> None:
        self.host: TriggerHost
        self.opened = 0
        self.is_open = False
        self.drain = drain
        self.fails: asyncio.Future[None]
        self.fails_at_start: Exception | None = None

    @property
    def use(self) -> TriggerUse:
        """The trigger as a configuration uses it."""
        return TriggerUse(TriggerProvider("lender", "Lends its host.", (), self._open), ())

    @asynccontextmanager
    async def _open(self, entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AsyncIterator[Lender]:
        self.host = host
        self.opened += 1
        self.is_open = True
        try:
            yield self
        finally:
            self.is_open = False

    async def run(self, started: Callable[[], None]) -> None:
        if self.fails_at_start is not None:
            raise self.fails_at_start
        started()
        self.fails = asyncio.Future()
        try:
            await asyncio.shield(self.fails)
        except asyncio.CancelledError:
            await self.drain()
            raise

    def session(self, **changes: Any) -> Session:
        """Open a session."""
        fields = {field: getattr(OPENING, field) for field in OPENING.__struct_fields__}
        return self.host.sessions.open(SessionOpening(**{**fields, **changes}))


async def answered(harness: EngineHarness, call: Awaitable[Called], *, text: str = "y") -> Called:
    """Give the stub that a call of ``TEXT`` waits for its result, and return what the call returns."""
    task = asyncio.ensure_future(call)
    await harness.settle()
    open_stubs = [
        held.execution_id for held in await listed(harness) if held.state.ffqn == TEXT and not held.state.is_finished
    ]
    for stub in open_stubs:
        await harness.engine.executions.stub(stub, {"ok": text})
    return await task


async def listed(harness: EngineHarness, **conditions: Any) -> list[Any]:
    """Return the executions of the storage, newest first."""
    return await harness.engine.executions.list(ExecutionQuery(harness.clock.now(), limit=1000, **conditions))
