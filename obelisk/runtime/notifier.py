"""Tells who waits for an execution about its new states."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from obelisk.core.state import State
from obelisk.ids import ExecutionId


class Subscription:
    """The newest state of one execution that a commit of this process led to."""

    __slots__ = ("_changed", "_is_lost", "is_closed", "state")

    def __init__(self) -> None:
        self.state: State | None = None
        self.is_closed = False
        self._is_lost = False
        self._changed = asyncio.Event()

    def put(self, state: State) -> None:
        """Take note of a state, unless a newer one is known: commits are not told in the order in which they took effect."""
        if self.state is not None and _age(state) <= _age(self.state):
            return
        self.state = state
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

    async def changed(self) -> State | None:
        """Wait for a state that was not returned yet, or the end; ``None`` when it has to be read."""
        await self._changed.wait()
        self._changed.clear()
        is_lost, self._is_lost = self._is_lost, False
        return None if is_lost else self.state


class Notifier:
    """Knows the subscriptions by execution; executions that nobody asks about cost one lookup."""

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
    def subscribe(self, execution_id: ExecutionId) -> Iterator[Subscription]:
        """Subscribe for as long as the context is open."""
        subscription = Subscription()
        if self._is_closed:
            subscription.close()
        self._subscriptions.setdefault(execution_id, {})[subscription] = None
        try:
            yield subscription
        finally:
            others = self._subscriptions[execution_id]
            del others[subscription]
            if not others:
                del self._subscriptions[execution_id]


def _age(state: State) -> tuple[int, int]:
    return state.next_version, state.cursor
