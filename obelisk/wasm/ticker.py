"""The ticker: a thread that advances the epoch while guests run, so that one which computes yields.

Theory of operation
    Whoever polls a guest says so before (``enter``) and after (``leave``). The ticker ticks every ``SLICE`` as long as some
    guest is being polled or was a slice ago, then sleeps for good; the poll that finds it asleep wakes it.

    A guest that is being polled counts until the poll is over, not only when it begins. Between ``enter`` and the guest's
    own code its thread may wait longer than a slice for a processor, and the guest's next yield is counted from there.

    Polls happen in several threads. The set of those under way changes atomically, and it is looked at after ``_asleep`` was
    set, while ``enter`` looks at ``_asleep`` after it has changed the set: one of the two sees the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

SLICE: Final = 0.01


class Ticker:
    """See the module's theory of operation."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._under_way: set[object] = set()
        self._ran = False
        self._asleep = False
        self._closed = False
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="obelisk-epoch", daemon=True)
        self._thread.start()

    def enter(self, guest: object) -> None:
        """Say that a guest is about to be polled."""
        self._under_way.add(guest)
        if self._asleep:
            self._awake.set()

    def leave(self, guest: object) -> None:
        """Say that the poll is over."""
        self._under_way.discard(guest)
        self._ran = True

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            if not (self._ran or self._under_way):
                self._sleep()
                continue
            self._ran = False
            time.sleep(SLICE)
            self._tick()

    def _sleep(self) -> None:
        self._asleep = True
        if not self._under_way and not self._closed:
            self._awake.wait()
        self._asleep = False
        self._awake.clear()
