"""The triggers of an engine: opened last, stopped first.

Theory of operation
    Each trigger that the configuration uses is served by one task: it opens the trigger, lets it run, and closes it. The
    engine has started when every one has said so. One that fails before it said so fails the start; one that ends later is
    logged and opened again, after a pause that doubles each time until one ran for as long as the longest pause.

    Stopping is asked for by cancelling the tasks while everything else still runs, so that what is under way can end. After
    the time for that they are cancelled again; one that goes on all the same is left to itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from obelisk.clock import Clock
from obelisk.config.model import TriggerUse
from obelisk.errors import ObeliskError, PluginError
from obelisk.interfaces.executions import Components, Executions
from obelisk.interfaces.http_handlers import HttpHandlers
from obelisk.interfaces.provider import Host
from obelisk.interfaces.seeds import Seeds
from obelisk.interfaces.sessions import Sessions
from obelisk.interfaces.sources import Artifact
from obelisk.interfaces.triggers import Calls, TriggerHost
from obelisk.runtime.deploy import OpenHost
from obelisk.runtime.functions import Functions
from obelisk.runtime.http_handlers import EngineHttpHandlers

S = TypeVar("S")
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=1)
LAST_SECONDS = 1.0
"""How long a trigger that was cancelled again may take to return."""

_log = logging.getLogger("obelisk.triggers")


class EngineCheckHost:
    """See ``interfaces.triggers.TriggerCheckHost``. ``complete`` tells whether every component did open."""

    def __init__(self, opened: OpenHost, functions: Functions, *, complete: bool = True) -> None:
        self.calls: Calls = functions
        self.host: Host = opened.host
        self.base: Path = opened.base
        self._opened = opened
        self._handlers = EngineHttpHandlers([entry.component for entry in functions.entries], complete=complete)

    async def fetch(self, location: str) -> Artifact:
        """Fetch a component by the source for its scheme."""
        return await self._opened.fetch(location)

    def service(self, kind: type[S]) -> S:
        """Return what the engine shares under this type."""
        handlers: object = self._handlers
        if kind is HttpHandlers and isinstance(handlers, kind):
            return handlers
        return self._opened.service(kind)


class EngineTriggerHost(EngineCheckHost):
    """See ``interfaces.triggers.TriggerHost``."""

    def __init__(
        self, opened: OpenHost, functions: Functions, *,
        executions: Executions, components: Components, sessions: Sessions, seeds: Seeds,
    ) -> None:  # fmt: skip
        super().__init__(opened, functions)
        self.executions = executions
        self.components = components
        self.sessions = sessions
        self.seeds = seeds


async def check_triggers(uses: Iterable[TriggerUse], host: EngineCheckHost) -> None:
    """Let every trigger check its entries; raise one error that lists all problems."""
    problems = await trigger_problems(uses, host)
    if problems:
        raise type(problems[0])("\n".join(str(problem) for problem in problems))


async def trigger_problems(uses: Iterable[TriggerUse], host: EngineCheckHost) -> list[ObeliskError]:
    """Let every trigger check its entries; return what they raise."""
    problems: list[ObeliskError] = []
    for use in uses:
        if use.provider.check is None:
            continue
        try:
            await use.provider.check(use.entries, host)
        except ObeliskError as error:
            problems.append(error)
    return problems


class Triggers:
    """See the module's theory of operation."""

    def __init__(self, uses: Iterable[TriggerUse], clock: Clock) -> None:
        self._uses = tuple(uses)
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, host: TriggerHost) -> None:
        """Open all and return when each has started; raise what the first that fails raises."""
        loop = asyncio.get_running_loop()
        started: list[asyncio.Future[None]] = []
        for use in self._uses:
            done: asyncio.Future[None] = loop.create_future()
            started.append(done)
            self._tasks.append(loop.create_task(self._serve(use, host, done), name=use.provider.name))
        try:
            await asyncio.gather(*started)
        finally:
            for done in started:
                if not done.cancel() and not done.cancelled():
                    done.exception()  # the first one is told

    async def stop(self, grace: timedelta) -> None:
        """Ask all to stop; return when each has, or has had ``grace`` for it."""
        for seconds in (grace.total_seconds(), LAST_SECONDS):
            running = [task for task in self._tasks if not task.done()]
            if not running:
                return
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=seconds)
        for task in self._tasks:
            if not task.done():
                _log.error("the trigger `%s` does not end", task.get_name())

    async def _serve(self, use: TriggerUse, host: TriggerHost, started: asyncio.Future[None]) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._clock.now()
            error = await self._run(use, host, started)
            if not started.done():
                started.set_exception(
                    error or PluginError(f"the trigger `{use.provider.name}` ended before it had started")
                )
                return
            if self._clock.now() - began >= LONGEST_PAUSE:
                pause = FIRST_PAUSE
            _tell(use, error, pause)
            await self._clock.sleep_until(self._clock.now() + pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run(self, use: TriggerUse, host: TriggerHost, started: asyncio.Future[None]) -> Exception | None:
        """Open a trigger and let it run; return what ended it, ``None`` when it ended by itself."""
        try:
            async with use.provider.open(use.entries, host) as trigger:
                await trigger.run(lambda: None if started.done() else started.set_result(None))
        except Exception as error:  # noqa: BLE001 - whatever a trigger raises, the others go on
            return error
        return None


def _tell(use: TriggerUse, error: Exception | None, pause: timedelta) -> None:
    name, seconds = use.provider.name, pause.total_seconds()
    if error is None or isinstance(error, ObeliskError):
        reason = "it returned" if error is None else str(error)
        _log.error("the trigger `%s` ended: %s; it is opened again in %.0f s", name, reason, seconds)
    else:
        _log.error("the trigger `%s` ended unexpectedly; it is opened again in %.0f s", name, seconds, exc_info=error)
