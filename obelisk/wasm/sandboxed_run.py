"""One run of a guest in a sandbox, from its start to its end. Shared by the kinds whose runs are not replayed.

Theory of operation
    One that imports nothing but logging runs to its end in ``start``. One that imports more has a sandbox: when it parks,
    its host call is answered on the loop, at once where that is possible; else the run waits in a task for what the call
    waits for, and the guest stays parked. A run ends once: by the guest's end, by a host call that makes it trap, or by
    ``cancel``; each way closes the guest, the task and the sandbox together.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from obelisk.core.events import HttpClientTrace
from obelisk.errors import GuestExitError, GuestTrapError
from obelisk.interfaces.components import Crashed, Logged, LogLevel, LogLine, Outcome
from obelisk.wasm.engine import Running, WasmEngine
from obelisk.wasm.guest import Guest, Poll
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.traps import end_of, with_last_words
from obelisk.wasm.wasi.calls import Handler, Later
from obelisk.wasm.wasi.functions import wasi_handler
from obelisk.wasm.wasi.sandbox import Sandbox

TURN_SECONDS: Final = 0.001
"""After so long with host calls of one guest the loop has its turn, and a longer one after a call that took longer."""
_log = logging.getLogger("obelisk.guest")


class SandboxedRun:
    """See the module's theory of operation. ``who`` is what messages call it, such as ``activity``.

    ``was_called`` is false when it ended before its function was called: there was no instance.
    """

    def __init__(
        self, engine: WasmEngine, running: Running, done: Callable[[Outcome], None], log: Callable[[Logged], None], *,
        sandbox: Sandbox | None, handlers: dict[ImportedFunction, Handler], who: str,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._running = running
        self._done = done
        self._log = log
        self._sandbox = sandbox
        self._handlers = handlers
        self._who = who
        self._waiting: asyncio.Task[Any] | None = None
        self.is_over = False
        self.was_called = True

    def cancel(self) -> None:
        """End the run; ``done`` is not called any more."""
        if self.is_over:
            return
        self.is_over = True
        if self._waiting is not None:
            self._waiting.cancel()
        self._running.release()
        if self._sandbox is not None:
            self._sandbox.close()

    def http_client_traces(self) -> tuple[HttpClientTrace, ...]:
        """Return the HTTP requests that the run has sent so far."""
        access = None if self._sandbox is None else self._sandbox.access
        return () if access is None else access.traces.list()

    def back(self, poll: Poll) -> None:
        """Go on after a poll, until the guest ends or something has to be waited for."""
        started = time.perf_counter()
        while not self.is_over:
            if poll is not Poll.YIELDED and not self._polled(poll):
                return
            polled = self._engine.run(self._running, self.back)
            if polled is None:
                return
            poll = polled
            spent = time.perf_counter() - started
            if poll is Poll.PARKED and spent > TURN_SECONDS:
                self._engine.call_later(spent - TURN_SECONDS, self.back, poll)
                return

    def _polled(self, poll: Poll) -> bool:
        """Take what the guest left, and answer its call; tell whether it goes on at once."""
        guest = self._running.guest
        for line in log_lines(guest):
            self._log(line)
        if self._sandbox is not None and guest.dropped:
            dropped, guest.dropped = guest.dropped, []
            self._sandbox.drop(dropped)
        if poll is Poll.ENDED:
            self.was_called = guest.is_called
            self._end(end_of(guest, who=self._who))
            return False
        return self._answer(guest)

    def _answer(self, guest: Guest) -> bool:
        call = guest.call
        handler = None if call is None else self._handlers.get(call.function)
        if call is None or handler is None or self._sandbox is None:
            self._end(Crashed(f"{self._who} waits for a host function that never answers", retry=False))
            return False
        try:
            answer = handler(self._sandbox, *call.arguments)
        except Exception as error:  # noqa: BLE001 - a host function that fails must end this run, not the engine
            self._fail(error)
            return False
        if isinstance(answer, Later):
            self._waiting = asyncio.get_running_loop().create_task(answer.work)
            self._waiting.add_done_callback(self._waited)
            return False
        guest.answer(answer)
        return True

    def _waited(self, task: asyncio.Task[Any]) -> None:
        self._waiting = None
        if self.is_over or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._fail(error)
            return
        self._running.guest.answer(task.result())
        self.back(Poll.YIELDED)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, GuestTrapError):
            self._end(Crashed(f"{self._who} trap: {error}"))
        elif isinstance(error, GuestExitError):
            self._end(Crashed(f"{self._who} {error} instead of returning"))
        else:
            _log.error("a host function failed\n%s", self._mask("".join(traceback.format_exception(error))))
            self._end(Crashed(f"{self._who} host function error: {type(error).__name__}: {error}"))

    def _end(self, outcome: Outcome) -> None:
        self.cancel()
        if isinstance(outcome, Crashed):
            outcome = self._masked(with_last_words(outcome, self._sandbox))
        traces = self.http_client_traces()
        self._done(replace(outcome, http_client_traces=traces) if traces else outcome)

    def _masked(self, outcome: Crashed) -> Crashed:
        """Hide secrets in what is said of the run. What it returned is its own, and is left as it is."""
        detail = None if outcome.detail is None else self._mask(outcome.detail)
        return replace(outcome, reason=self._mask(outcome.reason), detail=detail)

    def _mask(self, text: str) -> str:
        return text if self._sandbox is None else self._sandbox.mask(text)


def wasi_handlers(linked: LinkedComponent) -> dict[ImportedFunction, Handler]:
    """Return the handlers of a component's WASI imports."""
    found = ((function, wasi_handler(function.interface, function.function.name)) for function in linked.imports)
    return {function: handler for function, handler in found if handler is not None}


def log_lines(guest: Guest) -> list[LogLine]:
    """Take the lines that a guest logged since the last call."""
    records, lost = guest.take_records()
    lines = [LogLine(LogLevel(function.function.name), arguments[0]) for function, arguments in records]
    if lost:
        text = f"{lost} more lines were logged without a pause; they are lost"
        lines.append(LogLine(LogLevel.WARN, text, missing=lost))
    return lines
