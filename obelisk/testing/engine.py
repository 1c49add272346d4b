"""A whole engine for tests: real components and a real storage on a clock that the test moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from obelisk.config.load import config_from_text
from obelisk.config.model import Chosen, TriggerUse
from obelisk.core.canonical import canonical
from obelisk.core.events import Event, ExecutionResult
from obelisk.ids import ExecutionId
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.storage import ExecutionLog
from obelisk.names import Ffqn
from obelisk.runtime.engine import Engine
from obelisk.testing.clock import ManualClock
from obelisk.testing.plugins import plugins_of

T = TypeVar("T")
ITERATIONS = 20
READ_SECONDS = 0.005
ALL = 1_000_000


class EngineHarness:
    """An engine with its clock. What it waits for passes at once: an idle engine's clock jumps to the next timer."""

    __test__ = False

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.engine = engine
        self.clock = clock

    async def submit(self, function: str, *params: Any, execution_id: ExecutionId | None = None) -> ExecutionId:
        """Start an execution of ``function`` and return its id."""
        submission = await self.engine.executions.submit(Ffqn(function), list(params), execution_id=execution_id)
        return submission.execution_id

    async def result(self, execution_id: ExecutionId) -> ExecutionResult:
        """Let time pass until an execution has ended, and return how."""
        return (await self.until(self.engine.executions.wait(execution_id))).result

    async def call(self, function: str, *params: Any) -> ExecutionResult:
        """Submit and wait."""
        return await self.result(await self.submit(function, *params))

    async def until(self, awaited: Awaitable[T]) -> T:
        """Let time pass until ``awaited`` is done."""
        task = asyncio.ensure_future(awaited)
        try:
            while not task.done():
                await self.settle()
                # A read of the storage may be under way in another thread.
                done, _ = await asyncio.wait((task,), timeout=READ_SECONDS)
                if not done and not self.clock.jump():
                    # Nothing sleeps now; somebody else may make something sleep.
                    await asyncio.wait((task,), timeout=READ_SECONDS)
            return await task
        finally:
            await _ended(task)

    async def settle(self) -> None:
        """Wait until the engine has nothing to do at the present time of its clock."""
        quiet = 0
        while quiet < ITERATIONS:
            await self.engine.quiet()
            await asyncio.sleep(0)
            quiet = quiet + 1 if self.engine.is_quiet else 0

    async def log(self, execution_id: ExecutionId) -> ExecutionLog:
        """Return the log of an execution."""
        executions = self.engine.executions
        events = await executions.events(execution_id, from_version=0, limit=ALL)
        responses = await executions.responses(execution_id, after_cursor=0, limit=ALL)
        return ExecutionLog(execution_id, await executions.get(execution_id), tuple(events), tuple(responses))

    async def events(self, execution_id: ExecutionId) -> list[Event]:
        """Return the events of an execution."""
        return [event.event for event in (await self.log(execution_id)).events]

    async def canonical(self, execution_id: ExecutionId) -> str:
        """Return the log of an execution without what differs between two equal runs."""
        log = await self.log(execution_id)
        return canonical(log.events, log.responses)


@asynccontextmanager
async def engine_harness(
    toml: str, *, base: Path, directory: Path, seed: int = 0, clock: ManualClock | None = None,
    environ: Mapping[str, str] | None = None, triggers: Sequence[TriggerUse] = (),
    exporters: Sequence[Chosen[Provider[Any, Exporter]]] = (),
) -> AsyncIterator[EngineHarness]:  # fmt: skip
    """Open an engine with the configuration ``toml``, whose relative locations start at ``base``.

    Data and caches are kept in ``directory``. Equal seeds give equal random ids. ``environ`` is the server's environment,
    left out an empty one. ``triggers`` and ``exporters`` run beside those of the configuration, without being installed.
    """
    variables = environment_in(directory, environ or {})
    plugins = plugins_of(toml, base=base, environ=variables)
    config = config_from_text(toml, plugins=plugins, base=base, environ=variables)
    config = replace(config, triggers=(*config.triggers, *triggers), exporters=(*config.exporters, *exporters))
    manual = clock or ManualClock()
    async with Engine(config, clock=manual, random=random.Random(seed).randbytes, environ=variables) as engine:
        yield EngineHarness(engine, manual)


async def _ended(task: asyncio.Future[Any]) -> None:
    """Cancel what nobody waits for any more, and let it end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def environment_in(directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` with data and caches in ``directory``."""
    directories = {"OBELISK_DATA_DIR": str(directory / "data"), "OBELISK_CACHE_DIR": str(directory / "cache")}
    return {**environ, **directories}
