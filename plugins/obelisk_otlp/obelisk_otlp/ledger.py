"""Which records came, and which of them need no more thought."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from obelisk_otlp.plan import Kind
from obelisk_otlp.wire import Report, Settled


class Ledger:
    """Counts records of each kind, and reports what is settled, so that the server knows what is lost with this process."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report
        self._open: Counter[Kind] = Counter()
        self._lock = threading.Lock()

    def came(self, kind: Kind, count: int) -> None:
        """Records were taken over."""
        with self._lock:
            self._open[kind] += count

    def settle(self, kind: Kind, count: int, *, dropped: int = 0) -> None:
        """Records were delivered, left out by sampling, or dropped."""
        if count:
            with self._lock:
                self._open[kind] -= count
            self._report(Settled(kind, count, dropped))

    def left(self, kind: Kind) -> int:
        """Return how many records are not settled."""
        with self._lock:
            return self._open[kind]
