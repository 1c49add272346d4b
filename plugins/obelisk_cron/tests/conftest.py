"""Engines with schedules, in virtual time. Modules of tests cannot import each other, so all is fixtures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from obelisk.core.events import ComponentRole
from obelisk.interfaces.storage import ExecutionQuery, Held
from obelisk.names import Ffqn
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness, engine_harness

JOB = "shop:jobs/jobs.work"
STUB = f"""
[[activity_stub]]
ffqn = "{JOB}"
params = [{{ name = "a", type = "string" }}, {{ name = "b", type = "u32" }}]

[[activity_stub]]
ffqn = "shop:jobs/jobs.rest"
"""
Open = Callable[..., AbstractAsyncContextManager[EngineHarness]]


class Watcher:
    """Looks at what schedules did, and lets time pass."""

    job = JOB

    async def passes(self, harness: EngineHarness, *, until: datetime | None = None, **length: float) -> None:
        """Let the clock go to a time, or by a length of time, and stop wherever something is due on the way."""
        end = until or harness.clock.now() + timedelta(**length)
        await harness.settle()
        while (wake := harness.clock.next_wake) is not None and wake <= end:
            harness.clock.jump()
            await harness.settle()
        harness.clock.advance_to(end)
        await harness.settle()

    async def listed(self, harness: EngineHarness, **conditions: Any) -> list[Held]:
        """Return executions, oldest first."""
        query = ExecutionQuery(harness.clock.now(), limit=100_000, **conditions)
        return (await harness.engine.executions.list(query))[::-1]

    async def started(self, harness: EngineHarness) -> list[datetime]:
        """Return when executions of the job were started."""
        return [held.state.created_at for held in await self.listed(harness, ffqn=Ffqn(JOB))]

    async def seeds(self, harness: EngineHarness) -> list[Held]:
        """Return the seeds of all schedules that there were."""
        found = await self.listed(harness)
        return [held for held in found if held.state.component_id.component_type is ComponentRole.CRON]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def table() -> Callable[..., str]:
    """Write a `[[cron]]` table."""

    def write(schedule: str, *keys: str, name: str = "job", ffqn: str = JOB, params: str = '["x", 1]') -> str:
        lines = ["[[cron]]", f'name = "{name}"', f'ffqn = "{ffqn}"', f"params = {params}", f'schedule = "{schedule}"']
        return "\n".join([*lines, *keys, ""])

    return write


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_engine(storage: str, tmp_path: Path) -> Open:
    """Open an engine; on a SQLite file it finds what an earlier one left."""

    def open_one(
        *toml: str, start: datetime | None = None, clock: ManualClock | None = None, poll: str = "365d", seed: int = 0
    ) -> Any:
        kernel = f'storage.use = "{storage}"\ntimers_watcher.tick_sleep = "{poll}"\nserver.shutdown_timeout = "50ms"\n'
        clock = clock or (ManualClock() if start is None else ManualClock(start))
        return engine_harness(kernel + STUB + "".join(toml), base=tmp_path, directory=tmp_path, clock=clock, seed=seed)

    return open_one
