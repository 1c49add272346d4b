"""Waiting: what is ready now, and who is to be woken when it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

Unsubscribe = Callable[[], None]


class Pollable(Protocol):
    """Something that becomes ready."""

    def is_ready(self) -> bool:
        """Tell whether it is ready now."""

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """Have ``wake`` called on the loop when it may have become ready, perhaps more than once, perhaps for nothing.

        Returns what ends that; it may be called at any time and more than once.
        """


class Signal:
    """Wakes those that wait for a change."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """Call ``wake`` at each ``fire`` until the returned function is called."""
        self._waiting.append(wake)
        return lambda: _discard(self._waiting, wake)

    def fire(self) -> None:
        """Wake all."""
        for wake in tuple(self._waiting):
            wake()


class TaskPollable:
    """Ready once a condition holds; ``wait`` makes the coroutine that ends when it may."""

    def __init__(self, is_ready: Callable[[], bool], wait: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._is_ready = is_ready
        self._wait = wait

    def is_ready(self) -> bool:
        """Tell whether the condition holds."""
        return self._is_ready()

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """Wait in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._wait())
        task.add_done_callback(lambda _: wake())
        return lambda: _cancel(task)


class TimePollable(TaskPollable):
    """Ready once a clock has reached ``instant``. All in one call of ``wait_any`` are of one clock."""

    def __init__(
        self, instant: int, is_ready: Callable[[], bool], wait: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        super().__init__(is_ready, wait)
        self.instant = instant


async def wait_any(pollables: Sequence[Pollable]) -> None:
    """Return once at least one of ``pollables`` is ready."""
    loop = asyncio.get_running_loop()
    while not any(pollable.is_ready() for pollable in pollables):
        woken = loop.create_future()
        ends = [each.subscribe(lambda: _resolve(woken)) for each in _first(pollables)]  # noqa: B023 - ended below
        try:
            await woken
        finally:
            for end in ends:
                end()


def _first(pollables: Sequence[Pollable]) -> list[Pollable]:
    """Return those that may be ready first: of times the next one, for each takes a task and a guest may hold thousands."""
    times = [pollable for pollable in pollables if isinstance(pollable, TimePollable)]
    others = [pollable for pollable in pollables if not isinstance(pollable, TimePollable)]
    return [*others, *([min(times, key=lambda time: time.instant)] if times else [])]


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


def _discard(waiting: list[Callable[[], None]], wake: Callable[[], None]) -> None:
    if wake in waiting:
        waiting.remove(wake)
