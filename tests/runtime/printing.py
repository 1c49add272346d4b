"""``[[activity_printing]]``: an activity of a test that writes what it is told.

``testing:printing/printing.print(lines: list<string>) -> result`` takes ``"stdout TEXT"`` and ``"stderr TEXT"`` (each letter
a byte), ``"LEVEL TEXT"``, ``"pass SECONDS"`` of the test's clock, and ``"repeat COUNT WHAT"``, which waits for the loop
after each line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from obelisk import hookimpl
from obelisk.core.events import ComponentId, ComponentRole
from obelisk.interfaces.components import (
    ActivityCall,
    AsyncActivity,
    Component,
    ComponentHost,
    ComponentKindProvider,
    Logged,
    LogLevel,
    LogLine,
    Outcome,
    Returned,
    StreamLine,
    StreamType,
)
from obelisk.interfaces.settings import ActivitySettings
from obelisk.testing.clock import ManualClock
from obelisk.wit.model import Function, Interface, ListType, Param, Primitive, ResultType, World

PRINT = "testing:printing/printing.print"
_STREAMS = {stream.value: stream for stream in StreamType}


class PrintingSettings(ActivitySettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity that writes what it is told."""


class PrintingActivity(AsyncActivity):
    def __init__(self, component: Component, clock: ManualClock) -> None:
        super().__init__(component)
        self._clock = clock

    async def run(self, call: ActivityCall, log: Callable[[Logged], None]) -> Outcome:
        for line in call.params[0]:
            await self._do(line, log)
        return Returned({"ok": None})

    async def _do(self, line: str, log: Callable[[Logged], None]) -> None:
        word, _, rest = line.partition(" ")
        if word == "pass":
            self._clock.advance(timedelta(seconds=float(rest)))
        elif word == "repeat":
            count, _, what = rest.partition(" ")
            for _ in range(int(count)):
                await self._do(what, log)
                await asyncio.sleep(0)
        elif word in _STREAMS:
            log(StreamLine(_STREAMS[word], rest.encode("latin-1")))
        else:
            log(LogLine(LogLevel(word), rest))


@asynccontextmanager
async def _open(settings: PrintingSettings, host: ComponentHost) -> AsyncIterator[PrintingActivity]:
    function = Function("print", (Param("lines", ListType(Primitive.STRING)),), ResultType(None, None))
    exports = (Interface("testing:printing/printing", (function,)),)
    id = ComponentId(ComponentRole.ACTIVITY, settings.name, "sha256:" + "9" * 64)
    clock = host.host.clock
    assert isinstance(clock, ManualClock)
    yield PrintingActivity(Component(id, World(exports=exports), exports, (), settings), clock)


@hookimpl
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[activity_printing]]``."""
    return [
        ComponentKindProvider(
            "printing", "activity_printing", ComponentRole.ACTIVITY, "writes lines", PrintingSettings, _open
        )
    ]
