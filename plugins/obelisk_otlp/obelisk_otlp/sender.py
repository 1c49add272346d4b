"""A thread that sends one kind of signal.

Theory of operation
    The thread takes batches from its queue, makes requests of them, and tries each until the collector has it, says
    that it will never take it, or has not taken it for ``KEEP_SECONDS``. Meanwhile the queue fills, and what finds no
    room in it is dropped and counted by who fills it. Waits between tries double up to ``LONGEST_WAIT``, or are what
    the collector says.

    ``finish`` sets a deadline and wakes the thread: from then on it waits only shortly between tries, and after
    ``LAST_FAILURES`` failed ones gives up everything that is left, so a collector that is gone does not hold up the
    end. A try that hangs is not waited for: the process ends over it.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from obelisk_otlp.batches import Request, Requests
from obelisk_otlp.frame_queue import FrameQueue
from obelisk_otlp.ledger import Ledger
from obelisk_otlp.outcome import Accepted, Client, Failed
from obelisk_otlp.plan import Target
from obelisk_otlp.troubles import Troubles
from obelisk_otlp.wire import Frame

KEEP_SECONDS: Final = 300.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
LAST_WAIT: Final = 0.3
LAST_FAILURES: Final = 2
LEAST_TIMEOUT: Final = 0.05


class Sender(threading.Thread):
    """Sends one kind of signal until ``finish``. ``jitter`` is a factor of waits, so that many servers do not try as one."""

    def __init__(
        self, target: Target, client: Client, requests: Requests, *, ledger: Ledger, troubles: Troubles, jitter: float
    ) -> None:
        super().__init__(name=f"otlp-{target.kind.value}", daemon=True)
        self._target = target
        self._client = client
        self._requests = requests
        self._ledger = ledger
        self._troubles = troubles
        self._jitter = jitter
        self._queue = FrameQueue(target.batching)
        self._finishing = threading.Event()
        self._deadline = 0.0
        self._last_failures = 0

    def take(self, frame: Frame) -> None:
        """Queue a batch; without room for it, it is dropped."""
        self._ledger.came(frame.kind, frame.count)
        if not self._queue.put(frame):
            self._drop(frame.count)

    def finish(self, deadline: float) -> None:
        """Send what is left until a time of the monotonic clock, then end."""
        self._deadline = deadline
        self._finishing.set()
        self._queue.close()

    def give_up(self) -> None:
        """Count everything that is not settled as dropped."""
        count = self._ledger.left(self._target.kind)
        self._ledger.settle(self._target.kind, count, dropped=count)
        self._troubles.left(self._target, count)

    def run(self) -> None:
        """Send until the queue is closed and empty."""
        while (frames := self._queue.take()) is not None:
            records = self._requests.records(frames)
            self._ledger.settle(self._target.kind, sum(frame.count for frame in frames) - len(records))
            for request in self._requests.of(records):
                self._deliver(request)

    def _deliver(self, request: Request) -> None:
        if request.body is None:
            self._troubles.failed(self._target, Failed("it holds what no message of OTLP can"))
            self._drop(request.count)
            return
        started, wait = time.monotonic(), FIRST_WAIT
        while not self._is_hopeless():
            outcome = self._client.send(request.body, self._timeout())
            if isinstance(outcome, Accepted):
                self._ledger.settle(self._target.kind, request.count, dropped=outcome.rejected)
                self._troubles.answered(self._target, outcome)
                return
            self._troubles.failed(self._target, outcome)
            if not outcome.is_passing or time.monotonic() - started > KEEP_SECONDS:
                break
            self._pause(outcome.wait if outcome.wait is not None else wait * self._jitter)
            wait = min(wait * 2, LONGEST_WAIT)
        self._drop(request.count)

    def _is_hopeless(self) -> bool:
        return self._last_failures >= LAST_FAILURES

    def _pause(self, seconds: float) -> None:
        """Wait before the next try; at the end only shortly, and counted."""
        if not self._finishing.wait(min(seconds, KEEP_SECONDS)):
            return
        self._last_failures += 1
        if not self._is_hopeless():
            time.sleep(min(seconds, LAST_WAIT))

    def _timeout(self) -> float:
        if not self._finishing.is_set():
            return self._target.timeout
        return min(self._target.timeout, max(self._deadline - time.monotonic(), LEAST_TIMEOUT))

    def _drop(self, count: int) -> None:
        if count:
            self._ledger.settle(self._target.kind, count, dropped=count)
            self._troubles.dropped(self._target, count)
