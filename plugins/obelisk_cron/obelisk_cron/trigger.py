"""The trigger: one seed for each entry, which ticks when the entry is due.

Theory of operation
    At the start, seeds of entries that are not configured any more are ended, and those of new ones are planted, pending
    until the entry is first due. Then each entry waits for the time that its seed says, reads the seed again, and lets it
    tick, if no other server did meanwhile: a tick names the version of the seed that it was decided from.

    A tick that comes too late is missed: nothing is started, and the next one is due as the schedule says. Too late is more
    than half of the way to the following tick, or more than ``LATE``, whichever is less: a restart of the server at
    midnight does not lose what is due at midnight. What is due once is never too late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from obelisk.core.events import ComponentRole, ExecutionResult, FailureKind, ResultKind, failed
from obelisk.core.state import State
from obelisk.errors import ConfigError, ExecutionNotFoundError, InputError, ObeliskError
from obelisk.ids import ExecutionId
from obelisk.interfaces.seeds import Start
from obelisk.interfaces.storage import ExecutionQuery, Held
from obelisk.interfaces.triggers import TriggerCheckHost, TriggerEntry, TriggerHost
from obelisk.names import Ffqn
from obelisk_cron.entry import PREFIX, Entry, make_entry
from obelisk_cron.settings import CronSettings

LATE = timedelta(minutes=1)
RETRY_AFTER_ERROR = timedelta(seconds=1)
PAGE = 100
DONE = ExecutionResult(ok=None)
REMOVED = failed(FailureKind.CANCELLED, "the configuration does not have this schedule any more")


class CronTrigger:
    """See the module's theory of operation."""

    def __init__(self, entries: Iterable[Entry], host: TriggerHost) -> None:
        self._entries = tuple(entries)
        self._host = host
        self._clock = host.host.clock
        self._log = host.host.log

    async def run(self, started: Callable[[], None]) -> None:
        """Serve the entries until cancelled."""
        seeds = [await self._plant(entry) for entry in self._entries]
        await self._end_removed(frozenset(seeds))
        started()
        async with asyncio.TaskGroup() as tasks:
            for entry, seed in zip(self._entries, seeds, strict=True):
                tasks.create_task(self._serve(entry, seed))
            tasks.create_task(asyncio.Event().wait())  # without entries there is nothing to do, but that

    async def _plant(self, entry: Entry) -> ExecutionId:
        """Return the seed of an entry, after planting it when there was none."""
        for seed in entry.seeds():
            state = await self._find(seed)
            if state is None:
                now = self._clock.now()
                state = await self._host.seeds.plant(seed, entry.planting, due_at=entry.schedule.next(now) or now)
            if not state.is_finished or state.result_kind is ResultKind.OK:
                return seed
        raise AssertionError("there is always another generation")

    async def _find(self, seed: ExecutionId) -> State | None:
        try:
            return await self._host.executions.get(seed)
        except ExecutionNotFoundError:
            return None

    async def _end_removed(self, kept: frozenset[ExecutionId]) -> None:
        async for held in self._unfinished():
            seed, state = held.execution_id, held.state
            while seed not in kept and not state.is_finished:
                state = await self._host.seeds.end(seed, state, REMOVED)
                self._log.info("the schedule `%s` was removed, its seed `%s` has ended", state.component_id.name, seed)

    async def _unfinished(self) -> AsyncIterator[Held]:
        cursor: ExecutionId | None = None
        while True:
            query = ExecutionQuery(self._clock.now(), PAGE, cursor_id=cursor, hide_finished=True, ffqn_prefix=PREFIX)
            page = await self._host.executions.list(query)
            for held in page:
                if held.state.component_id.component_type is ComponentRole.CRON:
                    yield held
            if len(page) < PAGE:
                return
            cursor = page[-1].execution_id

    async def _serve(self, entry: Entry, seed: ExecutionId) -> None:
        while True:
            try:
                if await self._tick_when_due(entry, seed):
                    return
            except ObeliskError as error:
                self._log.error("the schedule `%s` cannot go on, trying again: %s", entry.name, error)
                await self._clock.sleep(RETRY_AFTER_ERROR)

    async def _tick_when_due(self, entry: Entry, seed: ExecutionId) -> bool:
        """Wait for the next tick and see to it; tell whether there are no more."""
        state = await self._host.executions.get(seed)
        if not state.is_finished:
            await self._clock.sleep_until(state.due_at)
            state = await self._host.executions.get(seed)  # another server may have been faster
        if state.is_finished:
            if state.result_kind is not ResultKind.OK:
                self._log.warning("the schedule `%s` rests: a server whose configuration lacks it ended it", entry.name)
            return True
        if state.due_at <= self._clock.now():
            await self._tick(entry, seed, state)
        return False

    async def _tick(self, entry: Entry, seed: ExecutionId, state: State) -> None:
        now = self._clock.now()
        start = Start(self._host.executions.generate_id(), entry.ffqn, entry.params)
        next_at = entry.schedule.next(now)
        if next_at is None:
            await self._host.seeds.end(seed, state, DONE, starts=(start,))
        elif now - state.due_at > _tolerated(entry, state.due_at):
            self._log.warning("the schedule `%s` missed what was due at %s", entry.name, state.due_at)
            await self._host.seeds.tick(seed, state, next_at=next_at)
        else:
            await self._host.seeds.tick(seed, state, starts=(start,), next_at=next_at)


def _tolerated(entry: Entry, due_at: datetime) -> timedelta:
    following = entry.schedule.next(due_at)
    return LATE if following is None else min(LATE, (following - due_at) / 2)


@asynccontextmanager
async def open_cron(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AsyncIterator[CronTrigger]:
    """Open the trigger for its entries."""
    yield CronTrigger(check_entries(entries, host), host)


def check_entries(entries: tuple[TriggerEntry, ...], host: TriggerCheckHost) -> list[Entry]:
    """Return the checked entries; raise one ``ConfigError`` for all that is wrong with them."""
    problems: list[str] = []
    checked: list[Entry] = []
    names: set[str] = set()
    for each in entries:
        settings = each.settings
        assert isinstance(settings, CronSettings)
        if settings.name in names:
            problems.append(f"`{each.path}.name`: two schedules are named `{settings.name}`; rename one of them")
        names.add(settings.name)
        try:
            checked.append(_checked(settings, host))
        except (InputError, ValueError) as error:
            problems.append(f"`{each.path}`: {error}")
    if problems:
        raise ConfigError("\n".join(problems))
    return checked


def _checked(settings: CronSettings, host: TriggerCheckHost) -> Entry:
    entry = make_entry(settings, host.calls.check(Ffqn(settings.ffqn), settings.param_list))
    if not entry.schedule.is_once and entry.schedule.next(host.host.clock.now()) is None:
        raise ValueError(f"`schedule`: `{settings.schedule}` is never due")
    return entry
