"""The event loop that a server runs on."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from enum import Enum
from importlib.util import find_spec


class EventLoop(Enum):
    """Who implements the loop. uvloop is a package of its own, which not every platform has."""

    ASYNCIO = "asyncio"
    UVLOOP = "uvloop"

    def check(self) -> None:
        """Raise ``ValueError`` when it is not installed."""
        if self is EventLoop.UVLOOP and find_spec("uvloop") is None:
            raise ValueError(
                "`event_loop`: found `uvloop`, which is not installed; `pip install obelisk[uvloop]`, or leave the key out"
            )

    @property
    def factory(self) -> Callable[[], AbstractEventLoop] | None:
        """What makes a loop, ``None`` for asyncio's own choice."""
        if self is EventLoop.ASYNCIO:
            return None
        import uvloop

        return uvloop.new_event_loop
