"""Counts what is going on, so that somebody can wait until nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class WorkCount:
    """How many pieces of work are under way."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @property
    def is_none(self) -> bool:
        """Whether nothing is under way."""
        return self._count == 0

    def begin(self) -> None:
        """Something begins."""
        if not self._count:
            self._none.clear()
        self._count += 1

    def end(self) -> None:
        """Something that began has ended."""
        self._count -= 1
        if not self._count:
            self._none.set()

    async def wait_none(self) -> None:
        """Wait until nothing is under way."""
        await self._none.wait()

    @contextmanager
    def piece(self) -> Iterator[None]:
        """Count one piece of work for as long as the context is open."""
        self.begin()
        try:
            yield
        finally:
            self.end()
