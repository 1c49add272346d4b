"""Activities that are WebAssembly components."""

from __future__ import annotations

from collections.abc import Callable

from obelisk.errors import ObeliskError
from obelisk.interfaces.components import (
    ActivityCall,
    ActivityRun,
    Component,
    Crashed,
    LogLevel,
    LogLine,
    Outcome,
    Returned,
)
from obelisk.wasm.engine import Running, WasmEngine
from obelisk.wasm.guest import Guest, Poll
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.traps import crashed

LOG_INTERFACE = "obelisk:log/log@1.0.0"


class WasmActivity:
    """An activity component: a fresh instance for each run."""

    def __init__(self, component: Component, linked: LinkedComponent, engine: WasmEngine) -> None:
        self.component = component
        self._linked = linked
        self._engine = engine

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[LogLine], None]
    ) -> ActivityRun | None:
        """Start a run; most end before this returns."""
        try:
            running = self._engine.new_guest(self._linked, self._linked.export(call.ffqn), call.params)
        except ObeliskError as error:
            done(Crashed(f"activity cannot start: {error}"))
            return None
        run = _Run(running, done, log)
        poll = self._engine.run(running, run.back)
        if poll is None:
            return run
        run.back(poll)
        return None


class _Run:
    def __init__(self, running: Running, done: Callable[[Outcome], None], log: Callable[[LogLine], None]) -> None:
        self._running = running
        self._done = done
        self._log = log

    def cancel(self) -> None:
        self._running.release()

    def back(self, poll: Poll) -> None:
        guest = self._running.guest
        for line in log_lines(guest):
            self._log(line)
        outcome = outcome_of(guest, poll)
        self._running.release()
        self._done(outcome)


def outcome_of(guest: Guest, poll: Poll) -> Outcome:
    """Return how a guest's run ended."""
    if poll is not Poll.ENDED:
        return Crashed("activity waits for a host function that never answers", retry=False)
    return Returned(guest.result) if guest.error is None else crashed(guest.error, who="activity")


def log_lines(guest: Guest) -> list[LogLine]:
    """Take the lines that a guest logged since the last call."""
    records, lost = guest.take_records()
    lines = [LogLine(LogLevel(function.function.name), arguments[0]) for function, arguments in records]
    if lost:
        lines.append(LogLine(LogLevel.WARN, f"{lost} more lines were logged without a pause; they are lost"))
    return lines


def is_recorded(interface: str) -> bool:
    """Tell whether calls of an interface are only recorded, so that the guest need not park for them."""
    return interface == LOG_INTERFACE
