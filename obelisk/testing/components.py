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
from obelisk.names import Ffqn, ffqn
from obelisk.runtime.deploy import check
from obelisk.runtime.engine import make_host, open_deployment
from obelisk.testing.clock import START, ManualClock
from obelisk.testing.engine import environment_in
from obelisk.testing.plugins import plugins_of
from obelisk.wit.model import Function

MEMORY = 'storage.use = "memory"\n'
RUN_TIME = timedelta(hours=1)


class StartedRun:
    """A run that was started.

    ``outcomes`` holds how it ended, ``logged`` what it logged so far, ``logged_by_its_end`` what of that came before its
    outcome. ``run`` is what the component returned, ``reported_at_once`` says whether the run had ended by then.
    """

    def __init__(self, activity: ActivityComponent, params: list[Any], *, function: str | None = None) -> None:
        self.outcomes: list[Outcome] = []
        self.logged: list[Logged] = []
        self.logged_by_its_end: list[Logged] = []
        self._ended = asyncio.Event()
        name, self.signature = _function(activity, function)
        call = ActivityCall(
            new_execution_id(1, bytes(10)), new_run_id(1, bytes(10)), name, check_params(self.signature, params), START,
            START + RUN_TIME,
        )  # fmt: skip
        self.run: ActivityRun | None = activity.start(call, self._done, self._log)
        self.reported_at_once = bool(self.outcomes)

    async def outcome(self) -> Outcome:
        """Wait for its end, and return how it ended."""
        await self._ended.wait()
        (outcome,) = self.outcomes
        return outcome

    def cancel(self) -> None:
        """End the run as the engine does."""
        assert self.run is not None
        self.run.cancel()

    def _log(self, line: Logged) -> None:
        self.logged.append(line)

    def _done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.logged_by_its_end = list(self.logged)
        self._ended.set()


class OpenedActivity:
    """The only component of a configuration: an activity."""

    def __init__(self, activity: ActivityComponent) -> None:
        self.activity = activity

    @property
    def digest(self) -> str:
        """The digest of what is run."""
        return self.activity.component.id.component_digest

    def start(self, *params: Any, function: str | None = None) -> StartedRun:
        """Start a run of a function, the only one when it is not named."""
        return StartedRun(self.activity, list(params), function=function)

    async def run(self, *params: Any, function: str | None = None) -> Outcome:
        """Run to the end."""
        return await self.start(*params, function=function).outcome()


def _function(activity: ActivityComponent, wanted: str | None) -> tuple[Ffqn, Function]:
    """Return a function that a component exports."""
    found = {
        ffqn(interface.name, function.name): function
        for interface in activity.component.exports
        for function in interface.functions
    }
    if wanted is not None:
        return Ffqn(wanted), found[Ffqn(wanted)]
    ((name, function),) = found.items()
    return name, function


@asynccontextmanager
async def opened_activity(
    toml: str, *, base: Path, directory: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[OpenedActivity]:
    """Open the only component of a configuration, as ``server verify`` does.

    Relative locations start at ``base``, data and caches are kept in ``directory``, ``environ`` is the server's environment,
    left out an empty one.
    """
    variables = environment_in(directory, environ or {})
    plugins = plugins_of(toml, base=base, environ=variables)
    config = config_from_text(MEMORY + toml, plugins=plugins, base=base, environ=variables)
    host = make_host(config, clock=ManualClock(), random=random.Random(0).randbytes, environ=variables)
    async with AsyncExitStack() as stack:
        entries = await open_deployment(config, host, stack, environ=variables)
        check(entries)
        (entry,) = entries
        yield OpenedActivity(entry.opened)  # type: ignore[arg-type]
