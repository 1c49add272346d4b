"""The WASM engine of a process: guests, their time slices, and the threads for those that compute.

Theory of operation
    All guests start on the event loop's thread. ``run`` polls a guest there; most park or end within microseconds. A
    ticker thread advances the engine's epoch every ``SLICE``; a guest that is computing then yields. One yield says
    nothing, the tick may have come just as it went on; a guest that then computes for more than half a slice of this
    thread's own time is CPU-bound: it is handed to a worker thread, which goes on polling it. In there the interpreter
    lock is free while guest code runs, so several such guests and the loop run side by side. When the guest parks or ends
    the worker hands it back by one ``call_soon_threadsafe``. When more guests compute than there are workers, each has a
    turn of ``TURN`` and then goes to the end of the queue.

    A slice ends while guest code runs, not while wasmtime copies what the guest passes to the host, which takes a tenth of
    a second for a list of a megabyte. So a guest that parked only after ``HEAVY``, and again after so much of its thread's
    own time, goes on with a worker at once, until it parks sooner again. Once may be what other threads took.

    A guest that is with a worker belongs to it: ``release`` then only asks the worker to stop at the next yield, and the
    guest is closed when it comes back.

    The ticker (``ticker``) sleeps while nothing runs.

    Guests that are soon over have places of their own (``pool``).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wasmtime.component import Component as CompiledComponent

from obelisk.wasm.binding import pointer_of
from obelisk.wasm.guest import Guest, GuestLimits, Poll
from obelisk.wasm.host_calls import HostCalls
from obelisk.wasm.linked import ExportedFunction, LinkedComponent
from obelisk.wasm.pool import open_pool
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wasm.ticker import SLICE, Ticker
from obelisk.wit.model import World

TURN = 10 * SLICE
AT_ONCE = SLICE / 20
"""A yield after so few seconds tells of a tick that came as the guest went on, not of one that computes."""

HEAVY = 2 * SLICE
"""A poll of so many seconds that ended without a yield may have passed much."""


class Running:
    """A guest that is with the engine; ``release`` it exactly once."""

    __slots__ = ("_is_heavy", "_on_back", "_seems_heavy", "_stop", "_with_worker", "guest")

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self._with_worker = False
        self._seems_heavy = False
        self._is_heavy = False
        self._stop = False
        self._on_back: Callable[[Poll], None] | None = None

    def release(self) -> None:
        """Drop the guest, at once or as soon as its worker lets go of it. Idempotent."""
        self._stop = True
        self._on_back = None
        if not self._with_worker:
            self.guest.close()


class WasmEngine:
    """See the module's theory of operation. Made and used on one event loop; ``close`` it there."""

    def __init__(self, settings: EngineSettings, *, limits: GuestLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.limits = limits
        self.engine = new_engine(settings)
        self.host_calls = HostCalls()
        self.pool = open_pool(settings, limits)
        self._loop = loop
        self._pointer = pointer_of(self.engine)
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="obelisk-guest")
        self._waiting_for_worker = 0
        self._closing = False
        self._ticker = Ticker(self._tick)

    @property
    def saturated(self) -> bool:
        """Whether more guests compute than there are threads for."""
        return self._waiting_for_worker > self._workers._max_workers

    @property
    def is_computing(self) -> bool:
        """Whether any guest is with a worker."""
        return self._waiting_for_worker > 0

    def link(
        self, compiled: CompiledComponent, world: World, *,
        recorded: Callable[[str], bool], pooled: CompiledComponent | None = None,
    ) -> LinkedComponent:  # fmt: skip
        """Return a component that can be instantiated. ``pooled`` is the same one in the engine of ``pool``."""
        linked = LinkedComponent(self._pointer, compiled, world, host_calls=self.host_calls, recorded=recorded)
        if pooled is not None and self.pool is not None:
            linked.pooled = LinkedComponent(
                self.pool.pointer, pooled, world,
                host_calls=self.host_calls, recorded=recorded, like=linked, places=self.pool.places,
            )  # fmt: skip
        return linked

    def new_guest(
        self,
        linked: LinkedComponent,
        function: ExportedFunction,
        params: list[Any],
        *,
        limits: GuestLimits | None = None,
        brief: bool = False,
    ) -> Running:
        """Return a guest that has not run yet; one that is ``brief`` is expected to end soon."""
        limits = limits or self.limits
        pooled = linked.pooled
        if brief and pooled is not None and self.pool is not None and self.pool.has_place(limits):
            linked, function = pooled, pooled.export(function.name)
        return Running(Guest(linked, function, params, limits=limits, host_calls=self.host_calls))

    def run(self, running: Running, on_back: Callable[[Poll], None]) -> Poll | None:
        """Poll a guest until it parks or ends, and say which; or return ``None`` when it went to a worker.

        ``on_back`` is then called on the loop, once, unless the guest is released before.
        """
        if running._is_heavy:
            self._hand_over(running, on_back)
            return None
        own = time.thread_time() if running._seems_heavy else None
        began = time.perf_counter()
        poll = self._poll(running.guest)
        if poll is Poll.YIELDED and time.perf_counter() - began < AT_ONCE:
            poll = self._poll(running.guest)  # it had not computed; and a thread's time can take long to read
        if poll is not Poll.YIELDED:
            running._is_heavy = own is not None and time.thread_time() - own > HEAVY
            running._seems_heavy = time.perf_counter() - began > HEAVY
            return poll
        until = time.thread_time() + SLICE / 2  # what other threads took does not count
        while poll is Poll.YIELDED and time.thread_time() < until:
            poll = self._poll(running.guest)
        if poll is not Poll.YIELDED:
            return poll
        self._hand_over(running, on_back)
        return None

    def call_soon(self, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action`` in the next iteration of the loop."""
        self._loop.call_soon(action, *arguments)

    def call_later(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action`` once ``seconds`` have passed."""
        self._loop.call_later(seconds, action, *arguments)

    def move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use another loop from now on. No guest may be with the engine."""
        self._loop = loop

    def close(self) -> None:
        """Stop the ticker and the workers. Guests have to be released before."""
        self._closing = True
        self._workers.shutdown(wait=True, cancel_futures=False)
        self._ticker.close()

    def _tick(self) -> None:
        self.engine.increment_epoch()
        if self.pool is not None:
            self.pool.engine.increment_epoch()

    def _poll(self, guest: Guest) -> Poll:
        self._ticker.enter(guest)
        try:
            return guest.poll()
        finally:
            self._ticker.leave(guest)

    def _hand_over(self, running: Running, on_back: Callable[[Poll], None]) -> None:
        running._with_worker = True
        running._on_back = on_back
        self._waiting_for_worker += 1
        self._workers.submit(self._work, running)

    def _work(self, running: Running) -> None:
        poll = Poll.YIELDED
        began = time.perf_counter()
        until = began + TURN
        while poll is Poll.YIELDED and not running._stop and not self._closing:
            if self.saturated and time.perf_counter() >= until and self._queue(running):
                return
            poll = self._poll(running.guest)
        running._is_heavy = running._is_heavy and time.perf_counter() - began > HEAVY
        self._hand_back(running, poll)

    def _queue(self, running: Running) -> bool:
        """Put a guest at the end of the queue of those that compute; return whether that was still possible."""
        try:
            self._workers.submit(self._work, running)
        except RuntimeError:  # the engine is being closed
            return False
        return True

    def _hand_back(self, running: Running, poll: Poll) -> None:
        if self._closing or self._loop.is_closed():
            running.guest.close()
            return
        self._loop.call_soon_threadsafe(self._take_back, running, poll)

    def _take_back(self, running: Running, poll: Poll) -> None:
        self._waiting_for_worker -= 1
        running._with_worker = False
        on_back, running._on_back = running._on_back, None
        if running._stop or on_back is None:
            running.guest.close()
        else:
            on_back(poll)
