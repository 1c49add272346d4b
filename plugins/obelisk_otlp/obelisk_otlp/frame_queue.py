"""Batches that wait for their turn, bounded by the number of their records and by their bytes."""

from __future__ import annotations

import threading
from collections import deque

from obelisk_otlp.plan import MAX_QUEUE_BYTES, Batching
from obelisk_otlp.wire import Frame


class FrameQueue:
    """Filled by the thread that reads the pipe, and emptied by the one that sends."""

    def __init__(self, batching: Batching, *, max_bytes: int = MAX_QUEUE_BYTES) -> None:
        self._batching = batching
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._count = 0
        self._bytes = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, frame: Frame) -> bool:
        """Add a batch, unless there is no room for it; return whether it was added."""
        with self._changed:
            if self._frames and (
                self._count + frame.count > self._batching.queue or self._bytes + len(frame.payload) > self._max_bytes
            ):
                return False
            self._frames.append(frame)
            self._count += frame.count
            self._bytes += len(frame.payload)
            self._changed.notify()
            return True

    def close(self) -> None:
        """Let ``take`` return what is left at once, then ``None``."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def take(self) -> list[Frame] | None:
        """Wait for batches and for enough of them to be a request, but not for long; ``None`` when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._is_closed)
            self._changed.wait_for(
                lambda: self._is_closed or self._count >= self._batching.batch, self._batching.linger
            )
            return self._some() or None

    def _some(self) -> list[Frame]:
        taken: list[Frame] = []
        count = 0
        while self._frames and (not taken or count + self._frames[0].count <= self._batching.batch):
            frame = self._frames.popleft()
            taken.append(frame)
            count += frame.count
            self._bytes -= len(frame.payload)
        self._count -= count
        return taken
