"""What starts executions from outside: schedules, HTTP routes, queues.

A trigger is opened with every entry of the tables that it claims, when everything else of the engine runs, and starts
executions through the host that it was handed. It is the first that the engine stops.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from msgspec import Struct

from obelisk.interfaces.components import ComponentHost
from obelisk.interfaces.executions import Components, Executions
from obelisk.interfaces.seeds import Seeds
from obelisk.interfaces.sessions import Sessions
from obelisk.names import Ffqn
from obelisk.wit.model import Function


class TriggerTable(Struct, frozen=True):
    """A TOML table that a trigger claims; ``array`` tells ``[[name]]`` from ``[name]``."""

    name: str
    settings: type[Struct]
    array: bool = True


class TriggerEntry(Struct, frozen=True):
    """One entry of a claimed table as the configuration holds it; ``settings`` is of the table's Struct.

    ``path`` is what messages call it, such as ``cron[nightly]``. A problem that begins with it in backquotes is told with
    the line of the entry.
    """

    table: str
    settings: Struct
    path: str = ""


class Calls(Protocol):
    """The functions that can be started."""

    def signature(self, name: Ffqn) -> Function:
        """Return the params and the result of a function. Raises ``FunctionNotFoundError``, naming the nearest ones."""

    def check(self, name: Ffqn, params: Any) -> list[Any]:
        """Return the params of a call in their normal form.

        Raises ``FunctionNotFoundError`` (naming the nearest functions) and ``InvalidValueError`` (naming the parameter).
        """


class TriggerCheckHost(ComponentHost, Protocol):
    """What the engine hands to the check of a trigger's entries: nothing is running yet.

    With ``fetch`` and ``service`` of a ``ComponentHost`` a trigger opens components of its own.
    """

    calls: Calls


class TriggerHost(TriggerCheckHost, Protocol):
    """What the engine hands to a trigger.

    ``executions`` submits and watches what others run; ``sessions`` and ``seeds`` are for executions that the trigger runs
    itself.
    """

    executions: Executions
    components: Components
    sessions: Sessions
    seeds: Seeds


class Trigger(Protocol):
    """Turns what happens outside into submissions."""

    async def run(self, started: Callable[[], None]) -> None:
        """Run until cancelled; call ``started`` once, when nothing that happens from then on is missed.

        Raises ``ServerError`` when it cannot listen, ``ConfigError`` when its entries cannot be; the start of the server
        then fails. One that ends after ``started`` without being cancelled is logged, closed, and opened again later.

        When the engine stops it cancels this while everything else still runs: take nothing new, let what is under way end,
        then return. After ``[server] shutdown_timeout`` it is cancelled again, and has to return at once.
        """


class TriggerProvider(Struct, frozen=True):
    """Offers a trigger. It is opened when the configuration has an entry in one of ``tables``.

    ``open`` is given the entries in the order of the configuration, table by table. ``always`` opens it without entries too:
    for a trigger that has to tidy up after entries that were removed. ``check``, if it is not ``None``, is what ``server
    verify`` calls, and the start of a server before it opens its storage: it raises ``ConfigError`` with what is wrong with
    the entries, one problem per line.
    """

    name: str
    summary: str
    tables: tuple[TriggerTable, ...]
    open: Callable[[tuple[TriggerEntry, ...], TriggerHost], AbstractAsyncContextManager[Trigger]]
    always: bool = False
    check: Callable[[tuple[TriggerEntry, ...], TriggerCheckHost], Awaitable[None]] | None = None
