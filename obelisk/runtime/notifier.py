"""Tells who waits for an execution about its new states.

Theory of operation
    A commit tells each state to those who subscribed to its execution, and costs the others one lookup. Telling is not
    free: somebody wakes up, and often sends a message. So a subscription says how often it wants to be told, at most every
    ``pace`` seconds, or only of the end. A state that came too early is told when the pace allows, unless a newer one came
    meanwhile. The end is told at once.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager

from obelisk.core.state import State
from obelisk.ids import ExecutionId


class Subscription:
    """The newest state of one execution that a commit of this process led to."""

    __slots__ = ("_changed", "_is_lost", "_only_end", "_pace", "_tell_later", "_told_at", "is_closed", "state")

    def __init__(self, *, pace: float = 0.0, only_end: bool = False) -> None:
        self.state: State | None = None
        self.is_closed = False
        self._is_lost = False
        self._changed = asyncio.Event()
        self._pace = pace
        self._only_end = only_end
        self._told_at = -math.inf
        self._tell_later: asyncio.TimerHandle | None = None

    def put(self, state: State) -> None:
        """Take note of a state, unless a newer one is known: commits are not told in the order in which they took effect."""
        if state.is_finished:
            self.state = state
            self._changed.set()
        elif not self._only_end and (self.state is None or _age(state) > _age(self.state)):
            self.state = state
            self._tell()

    def _tell(self) -> None:
        if self._tell_later is not None:
            return
        if not self._pace:
            self._changed.set()
            return
        loop = asyncio.get_running_loop()
        early = self._told_at + self._pace - loop.time()
        if early > 0:
            self._tell_later = loop.call_later(early, self._tell_now)
        else:
            self._changed.set()

    def _tell_now(self) -> None:
        self._tell_later = None
        self._changed.set()

    def lose(self) -> None:
        """Say that there may be a newer state, which is not known, whatever is told until it is read."""
        self.state = None
        self._is_lost = True
        self._changed.set()

    def close(self) -> None:
        """Say that nothing follows."""
        self.is_closed = True
        self._changed.set()

    def leave(self) -> None:
        """Nobody waits any more."""
        if self._tell_later is not None:
            self._tell_later.cancel()

    async def changed(self) -> State | None:
        """Wait for a state that was not returned yet, or the end; ``None`` when it has to be read."""
        await self._changed.wait()
        self._changed.clear()
        if self._pace:
            self._told_at = asyncio.get_running_loop().time()
        is_lost, self._is_lost = self._is_lost, False
        return None if is_lost else self.state


class Notifier:
    """Knows the subscriptions by execution. See the module's theory of operation."""

    def __init__(self) -> None:
        self._subscriptions: dict[ExecutionId, dict[Subscription, None]] = {}
        self._is_closed = False

    def changed(self, execution_id: ExecutionId, state: State) -> None:
        """Pass on a durable state."""
        for subscription in self._subscriptions.get(execution_id, ()):
            subscription.put(state)

    def lost_track(self) -> None:
        """Have everybody read the state: what was committed is not known."""
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.lose()

    def close(self) -> None:
        """End all subscriptions: the engine stops."""
        self._is_closed = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.close()

    @contextmanager
    def subscribe(
        self, execution_id: ExecutionId, *, pace: float = 0.0, only_end: bool = False
    ) -> Iterator[Subscription]:
        """Subscribe for as long as the context is open, to a state every ``pace`` seconds or to the end only."""
        subscription = Subscription(pace=pace, only_end=only_end)
        if self._is_closed:
            subscription.close()
        self._subscriptions.setdefault(execution_id, {})[subscription] = None
        try:
            yield subscription
        finally:
            subscription.leave()
            others = self._subscriptions[execution_id]
            del others[subscription]
            if not others:
                del self._subscriptions[execution_id]


def _age(state: State) -> tuple[int, int]:
    return state.next_version, state.cursor
