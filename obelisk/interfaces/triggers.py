"""What starts executions from outside: schedules, HTTP routes, queues.

A trigger is opened once with every entry of the tables that it claims, runs until the engine cancels it, and starts
executions through the host that it was handed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from obelisk.interfaces.executions import Components, Executions
from obelisk.interfaces.provider import Host


class TriggerTable(Struct, frozen=True):
    """A TOML table that a trigger claims; ``array`` tells ``[[name]]`` from ``[name]``."""

    name: str
    settings: type[Struct]
    array: bool = True


class TriggerEntry(Struct, frozen=True):
    """One entry of a claimed table as the configuration holds it; ``settings`` is of the table's Struct."""

    table: str
    settings: Struct


class TriggerHost(Protocol):
    """What the engine hands to a trigger."""

    host: Host
    executions: Executions
    components: Components


class Trigger(Protocol):
    """Turns what happens outside into submissions."""

    async def run(self, started: Callable[[], None]) -> None:
        """Run until cancelled; call ``started`` once, when nothing that happens from then on is missed.

        Raises ``ServerError`` when it cannot listen; the start of the server then fails.
        """


class TriggerProvider(Struct, frozen=True):
    """Offers a trigger. It is opened when the configuration has an entry in one of ``tables``."""

    name: str
    summary: str
    tables: tuple[TriggerTable, ...]
    open: Callable[[tuple[TriggerEntry, ...], TriggerHost], AbstractAsyncContextManager[Trigger]]
