"""Activities for tests without an engine: opened as the engine opens them, and run one by one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from obelisk.config.load import config_from_text
from obelisk.core.values import check_params
from obelisk.ids import new_execution_id, new_run_id
from obelisk.interfaces.components import ActivityCall, ActivityComponent, ActivityRun, Logged, Outcome
from obelisk.names import ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.deploy import check
from obelisk.runtime.engine import make_host, open_deployment
from obelisk.testing.clock import START, ManualClock
from obelisk.testing.engine import environment_in

MEMORY = 'storage.use = "memory"\n'
RUN_TIME = timedelta(hours=1)


class StartedRun:
    """A run that was started. ``outcomes`` holds how it ended, ``logged`` what it logged so far."""

    def __init__(self, activity: ActivityComponent, params: list[Any]) -> None:
        self.outcomes: list[Outcome] = []
        self.logged: list[Logged] = []
        self._ended = asyncio.Event()
        (interface,) = activity.component.exports
        (function,) = interface.functions
        call = ActivityCall(
            new_execution_id(1, bytes(10)), new_run_id(1, bytes(10)), ffqn(interface.name, function.name),
            check_params(function, params), START, START + RUN_TIME,
        )  # fmt: skip
        self.run: ActivityRun | None = activity.start(call, self._done, self.logged.append)

    async def outcome(self) -> Outcome:
        """Wait for its end, and return how it ended."""
        await self._ended.wait()
        (outcome,) = self.outcomes
        return outcome

    def cancel(self) -> None:
        """End the run as the engine does."""
        assert self.run is not None
        self.run.cancel()

    def _done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._ended.set()


class OpenedActivity:
    """The only component of a configuration: an activity with one function."""

    def __init__(self, activity: ActivityComponent) -> None:
        self.activity = activity

    @property
    def digest(self) -> str:
        """The digest of what is run."""
        return self.activity.component.id.component_digest

    def start(self, *params: Any) -> StartedRun:
        """Start a run."""
        return StartedRun(self.activity, list(params))

    async def run(self, *params: Any) -> Outcome:
        """Run to the end."""
        return await self.start(*params).outcome()


@asynccontextmanager
async def opened_activity(
    toml: str, *, base: Path, directory: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[OpenedActivity]:
    """Open the only component of a configuration, as ``server verify`` does.

    Relative locations start at ``base``, data and caches are kept in ``directory``, ``environ`` is the server's environment,
    left out an empty one.
    """
    variables = environment_in(directory, environ or {})
    config = config_from_text(MEMORY + toml, plugins=Plugins.load(environ={}), base=base, environ=variables)
    host = make_host(config, clock=ManualClock(), random=random.Random(0).randbytes, environ=variables)
    async with AsyncExitStack() as stack:
        entries = await open_deployment(config, host, stack, environ=variables)
        check(entries)
        (entry,) = entries
        yield OpenedActivity(entry.opened)  # type: ignore[arg-type]
