"""A trigger of somebody else, which tests install: each ``[[calling]]`` calls a function once, in a session of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from obelisk import hookimpl
from obelisk.core.events import ComponentId, ComponentRole
from obelisk.errors import ConfigError, InputError
from obelisk.interfaces.components import LogLevel, LogLine
from obelisk.interfaces.sessions import SessionOpening
from obelisk.interfaces.triggers import TriggerCheckHost, TriggerEntry, TriggerHost, TriggerProvider, TriggerTable
from obelisk.names import Ffqn

FUNCTION = Ffqn("calling:calls/calls.call")


class CallingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls a function once.

    * ``name``: what the call is called.
    * ``ffqn``: the function.
    * ``params``: the text of a JSON array.
    """

    name: str
    ffqn: str
    params: str = "[]"


class Calling:
    """Calls every function, then waits for the end."""

    def __init__(self, entries: tuple[TriggerEntry, ...], host: TriggerHost) -> None:
        self._settings: list[Any] = [entry.settings for entry in entries]
        self._host = host

    async def run(self, started: Callable[[], None]) -> None:
        """See ``Trigger``."""
        started()
        async with asyncio.TaskGroup() as tasks:
            for settings in self._settings:
                tasks.create_task(self._call(settings))
            tasks.create_task(asyncio.Event().wait())

    async def _call(self, settings: CallingSettings) -> None:
        component = ComponentId(ComponentRole.WEBHOOK_ENDPOINT, settings.name, "sha256:" + "c" * 64)
        session = self._host.sessions.open(SessionOpening(component=component, ffqn=FUNCTION))
        self._host.host.log.info("%s calls in %s", settings.name, session.execution_id)
        session.log(LogLine(LogLevel.INFO, f"about to call {settings.ffqn}"))
        called = await session.call(Ffqn(settings.ffqn), json.loads(settings.params))
        await session.finish(called.result)


@asynccontextmanager
async def _open(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AsyncIterator[Calling]:
    yield Calling(entries, host)


async def _check(entries: tuple[TriggerEntry, ...], host: TriggerCheckHost) -> None:
    problems = []
    for entry in entries:
        settings: Any = entry.settings
        try:
            host.calls.check(Ffqn(settings.ffqn), json.loads(settings.params))
        except InputError as error:
            problems.append(f"`calling[{settings.name}]`: {error}")
    if problems:
        raise ConfigError("\n".join(problems))


@hookimpl
def obelisk_register_trigger() -> list[TriggerProvider]:
    """Offer ``[[calling]]``."""
    table = TriggerTable("calling", CallingSettings)
    return [TriggerProvider("calling", "Calls functions once.", (table,), _open, check=_check)]
