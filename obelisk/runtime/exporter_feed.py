"""One exporter with what waits for it.

Theory of operation
    The exporter lives in a thread of its own, with an event loop of its own; whatever it does there, the engine goes on. The
    engine's loop puts signals (``put``) into one queue for each kind, and wakes the thread at most once in
    ``GATHER_SECONDS``. The thread takes batches from the queues and has them exported, one after the other. A queue is
    bounded by ``QUEUED_BYTES``; what finds no room is dropped and counted, and so is a batch that was refused ``TRIES``
    times. The thread is a daemon: it may never come back from the exporter. Should it end all the same, that is told at
    once, and what waits and comes from then on is counted as dropped.

    What the two threads share is the queues (appending and taking are atomic), counts that one of them writes and the other
    reads, and ``_awake``: it is cleared before the queues are looked at, so what is put later wakes the thread again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, Final

from obelisk.config.model import Chosen
from obelisk.errors import ObeliskError, PluginError
from obelisk.interfaces.exporters import LEAST_INTERVAL, Exporter, Interests, LossyExporter
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.signals import LogRecord, Signal, SignalKind, Span

QUEUED_BYTES: Final = 32 * 1024 * 1024
SPAN_COST: Final = 2048
EVENT_COST: Final = 1024
LOG_COST: Final = 768
METRICS_COST: Final = 512 * 1024
"""What a signal takes in memory, roughly, in bytes; a log record's text and a stack trace come on top."""

BATCH: Final = 512
TRIES: Final = 3
RETRY_SECONDS: Final = 0.5
GATHER_SECONDS: Final = 0.1
OPEN_SECONDS: Final = 10.0
TELL_SECONDS: Final = 10.0
_log = logging.getLogger("obelisk.exporters")


class _Queue:
    """What waits of one kind. ``put_bytes`` and ``dropped`` are written by the engine's loop, the rest by the thread.

    ``under_way`` is how many signals the exporter has been handed and has not settled.
    """

    __slots__ = ("dropped", "failed", "put_bytes", "signals", "taken_bytes", "under_way")

    def __init__(self) -> None:
        self.signals: deque[tuple[Signal, int]] = deque()
        self.put_bytes = 0
        self.taken_bytes = 0
        self.dropped = 0
        self.failed = 0
        self.under_way = 0


class ExporterFeed:
    """See the module's theory of operation.

    ``interests`` and the ``thread_id`` are known once ``open`` has returned ``True``.
    """

    def __init__(self, chosen: Chosen[Provider[Any, Exporter]], host: Host) -> None:
        self.name = chosen.provider.name
        self.interests = Interests(spans=False, logs=None, metrics_every=None)
        self.thread_id: int | None = None
        self._chosen = chosen
        self._host = host
        self._queues = {kind: _Queue() for kind in SignalKind}
        # An error is a result, too: nobody may be there to take an exception.
        self._opened: Future[Interests | BaseException] = Future()
        self._ended: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: asyncio.Event
        self._awake = False
        self._is_closing = False
        self._told_at: float | None = None
        self._told = 0
        self._is_failing = False

    # --- on the engine's loop -----------------------------------------------------------------------------------------

    async def open(self) -> bool:
        """Open the exporter; return whether it is open in time.

        Raises the ``ObeliskError`` that it raises, and ``PluginError`` when it raises anything else or wants what cannot be.
        """
        threading.Thread(target=self._run, name=f"obelisk-{self.name}", daemon=True).start()
        # A wait that is over must not cancel the future: the thread sets it all the same.
        await asyncio.wait([asyncio.wrap_future(self._opened)], timeout=OPEN_SECONDS)
        if not self._opened.done():
            _log.error("exporter `%s` did not open within %g s; the server goes on without it", self.name, OPEN_SECONDS)
            return False
        opened = self._opened.result()
        if isinstance(opened, BaseException):
            raise self._cannot_open(opened)
        self.interests = opened
        return True

    @property
    def dropped(self) -> dict[SignalKind, int]:
        """How many signals of each kind never left, from the start of the server on."""
        if self._ended.done():
            self._drop_all()
        return {kind: queue.dropped + queue.failed for kind, queue in self._queues.items()}

    @property
    def waiting(self) -> int:
        """How many signals wait."""
        return sum(len(queue.signals) for queue in self._queues.values())

    def put(self, kind: SignalKind, signal: Signal) -> None:
        """Queue a signal, or count it when there is no room."""
        queue, cost = self._queues[kind], _cost(signal)
        if self._ended.done():
            self._drop_all()
            queue.dropped += 1
            return
        if queue.put_bytes - queue.taken_bytes + cost > QUEUED_BYTES:
            queue.dropped += 1
            self._tell_dropped()
            return
        queue.put_bytes += cost
        queue.signals.append((signal, cost))
        if not self._awake:
            self._wake()

    async def close(self, timeout: float) -> None:
        """Deliver what waits and close the exporter, unless that takes longer than ``timeout`` seconds."""
        self._is_closing = True
        self._wake()
        await asyncio.wait([asyncio.wrap_future(self._ended)], timeout=timeout)
        if not self._ended.done():
            _log.warning(
                "exporter `%s` did not end within %g s; at least %d signals are lost", self.name, timeout, self.waiting
            )

    def _cannot_open(self, error: BaseException) -> ObeliskError:
        if isinstance(error, ObeliskError):
            return error
        found = PluginError(
            f"exporter `{self.name}` cannot be opened: {type(error).__name__}: {error}; correct the table "
            f"`[{self.name}]`, or start without it"
        )
        found.__cause__ = error
        return found

    def _drop_all(self) -> None:
        """Count what waits for an exporter that has ended."""
        for queue in self._queues.values():
            queue.dropped += len(queue.signals) + queue.under_way
            queue.under_way = 0
            queue.signals.clear()

    def _wake(self) -> None:
        self._awake = True
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._ready.set)
            except RuntimeError:
                pass  # the thread has ended, and has said why

    def _tell_dropped(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._told_at is not None and now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        dropped = sum(queue.dropped for queue in self._queues.values())
        _log.warning(
            "exporter `%s` does not keep up: %d signals are dropped, %d in all",
            self.name,
            dropped - self._told,
            dropped,
        )
        self._told = dropped

    # --- in the thread of the exporter --------------------------------------------------------------------------------

    def _run(self) -> None:
        self.thread_id = threading.get_ident()
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - somebody waits for it
            if self._opened.done():
                _log.error("exporter `%s` ended unexpectedly: %s: %s", self.name, type(error).__name__, error)
            else:
                self._opened.set_result(error)
        self.thread_id = None  # it may be another thread's later
        self._ended.set_result(None)

    async def _serve(self) -> None:
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        async with self._chosen.provider.open(self._chosen.settings, self._host) as exporter:
            interests = checked_interests(self.name, exporter.interests)
            if isinstance(exporter, LossyExporter):
                exporter.report_losses(self._lost)
            self._opened.set_result(interests)
            while not self._is_closing:
                await self._ready.wait()
                await self._gather()
                self._ready.clear()
                self._awake = False
                await self._export_all(exporter)
            await self._export_all(exporter)

    def _lost(self, kind: SignalKind, count: int) -> None:
        self._queues[kind].failed += count

    async def _gather(self) -> None:
        if not self._is_closing:
            await asyncio.sleep(GATHER_SECONDS)

    async def _export_all(self, exporter: Exporter) -> None:
        for queue in self._queues.values():
            while batch := self._take(queue):
                queue.under_way = len(batch)
                if not await self._delivered(exporter, batch):
                    queue.failed += len(batch)
                queue.under_way = 0

    def _take(self, queue: _Queue) -> list[Signal]:
        batch: list[Signal] = []
        while queue.signals and len(batch) < BATCH:
            signal, cost = queue.signals.popleft()
            queue.taken_bytes += cost
            batch.append(signal)
        return batch

    async def _delivered(self, exporter: Exporter, batch: list[Signal]) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                await exporter.export(batch)
            # Whatever is wrong there, the server goes on. Nobody cancels this task: a `CancelledError` is the exporter's.
            except (Exception, asyncio.CancelledError, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001
                self._tell_failed(error)
            else:
                self._tell_works()
                return True
            if self._is_closing:
                return False
            await asyncio.sleep(RETRY_SECONDS * attempt)
        return False

    def _tell_failed(self, error: BaseException) -> None:
        if not self._is_failing:
            _log.error("exporter `%s` fails, signals are lost: %s: %s", self.name, type(error).__name__, error)
        self._is_failing = True

    def _tell_works(self) -> None:
        if self._is_failing:
            failed = sum(queue.failed for queue in self._queues.values())
            _log.warning("exporter `%s` works again; %d signals are lost in all", self.name, failed)
        self._is_failing = False


def checked_interests(name: str, interests: object) -> Interests:
    """Return the interests of the exporter ``name``; raises ``PluginError`` for what they cannot be."""
    if not isinstance(interests, Interests):
        raise PluginError(f"exporter `{name}`: `interests`: expected `Interests`, found {interests!r:.80}")
    every = interests.metrics_every
    for field, value, fits, expected in (
        ("spans", interests.spans, isinstance(interests.spans, bool), "true or false"),
        ("logs", interests.logs, isinstance(interests.logs, LogFilter | None), "a `LogFilter` or nothing"),
        (
            "metrics_every",
            every,
            every is None or (isinstance(every, timedelta) and every >= LEAST_INTERVAL),
            f"a time of at least {LEAST_INTERVAL.total_seconds():g} s or nothing",
        ),
    ):
        if not fits:
            raise PluginError(f"exporter `{name}`: `interests.{field}`: expected {expected}, found {value!r:.80}")
    return interests


def _cost(signal: Signal) -> int:
    if isinstance(signal, Span):
        return SPAN_COST + sum(EVENT_COST + _text_length(event.attributes) for event in signal.events)
    if isinstance(signal, LogRecord):
        return LOG_COST + len(signal.message) + _text_length(signal.attributes)
    return METRICS_COST


def _text_length(attributes: dict[str, Any]) -> int:
    return sum(len(value) for value in attributes.values() if isinstance(value, str))
