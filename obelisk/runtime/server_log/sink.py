"""A bounded queue of lines before a thread that writes them.

Theory of operation
    ``put`` never waits and never raises, on whatever thread it is called: a line for which there is no room is counted, and
    that is all. The output may hang for ever (nobody reads a pipe, a disk does not answer), so one daemon thread writes, and
    everybody else who waits does so with a deadline. The lock guards the queue and is never held while something is
    written. Lines count against ``QUEUED_BYTES`` until they are written.

    Several lines are written by one call, of at most ``CHUNK_BYTES``: a pipe takes that much at once, so that lines of
    others who write to it do not end up in the middle of these.

    What is missing is said where it is missing, by a line of its own: of dropped lines behind what was queued when they
    came, of lines that could not be written before the first one that can. The first failure goes to the other outputs by
    the logger ``obelisk.log``, at most every ``TELL_SECONDS``.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

QUEUED_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = select.PIPE_BUF
LINE_COST = 128
"""What a line takes in memory besides its text, in bytes."""

TELL_SECONDS = 10.0
LOG_TARGET = "obelisk.log"
_log = logging.getLogger(LOG_TARGET)


class Output(Protocol):
    """What lines are written to; used by one thread. ``name`` says what it is, in messages about it."""

    name: str

    def write(self, data: bytes) -> None:
        """Write whole lines, however long that takes. Raises ``OSError``."""

    def close(self) -> None:
        """Give back what it holds."""


class Sink:
    """See the module's theory of operation. ``warning`` makes a line of a text."""

    def __init__(self, output: Output, warning: Callable[[str], str], *, limit: int = QUEUED_BYTES) -> None:
        self._output = output
        self._warning = warning
        self._limit = limit
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._lost = 0
        self._told_at: float | None = None
        self._is_closed = False
        self._is_busy = False
        self._changed = threading.Condition(threading.Lock())
        self._thread = threading.Thread(target=self._run, name="obelisk-log", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Queue a line with its end, or count it when there is no room."""
        line = text.encode(errors="backslashreplace")
        cost = len(line) + LINE_COST
        with self._changed:
            if self._is_closed:
                return
            if self._bytes + cost > self._limit:
                self._dropped += 1
                return
            self._lines.append(line)
            self._bytes += cost
            if not self._is_busy:
                self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until nothing is queued, at most so long; return whether that came to pass."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._lines or self._is_busy or self._dropped), seconds)

    def close(self, seconds: float) -> None:
        """Write what is queued, unless that takes longer, and take nothing more. Idempotent."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            for chunk in _chunks(batch):
                self._write(chunk)
                with self._changed:
                    self._bytes -= sum(len(line) + LINE_COST for line in chunk)
        self._output.close()

    def _next(self) -> list[bytes] | None:
        """Wait for lines and return them; ``None`` once there will be no more."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._dropped or self._is_closed)
            if not self._lines and not self._dropped:
                return None
            self._is_busy = True
            batch, self._lines = [*self._lines], deque()
            dropped, self._dropped = self._dropped, 0
            if dropped:
                batch.append(self._missing(dropped, "they came faster than they could be written"))
                self._bytes += len(batch[-1]) + LINE_COST
            return batch

    def _write(self, chunk: list[bytes]) -> None:
        lost = [self._missing(self._lost, "they could not be written")] if self._lost else []
        try:
            self._output.write(b"".join((*lost, *chunk)))
        except Exception as error:  # noqa: BLE001 - whatever is wrong there, the log goes on
            self._lost += len(chunk)
            self._tell(error)
            return
        self._lost = 0

    def _tell(self, error: Exception) -> None:
        now = time.monotonic()
        if self._told_at is None or now - self._told_at > TELL_SECONDS:
            self._told_at = now
            cause = error.strerror if isinstance(error, OSError) and error.strerror else error
            _log.error("lines are lost, %s does not take them: %s", self._output.name, cause)

    def _missing(self, count: int, why: str) -> bytes:
        lines = "line is" if count == 1 else "lines are"
        return self._warning(f"{count} {lines} missing here: {why}").encode(errors="backslashreplace")


def _chunks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        if chunk and size + len(line) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line)
    if chunk:
        yield chunk
