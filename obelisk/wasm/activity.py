"""Activities that are WebAssembly components.

Each run is a fresh guest; how it goes on is told in ``sandboxed_run``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from obelisk.errors import ObeliskError
from obelisk.interfaces.components import ActivityCall, ActivityRun, Component, Crashed, Logged, Outcome
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits, Poll
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.sandboxed_run import SandboxedRun, wasi_handlers
from obelisk.wasm.wasi.setup import SandboxSetup
from obelisk.wit.hosts import LOG

WHO: Final = "activity"


class WasmActivity:
    """An activity component: a fresh instance for each run."""

    def __init__(
        self, component: Component, linked: LinkedComponent, engine: WasmEngine, *, setup: SandboxSetup | None,
        limits: GuestLimits | None = None,
    ) -> None:  # fmt: skip
        self.component = component
        self._linked = linked
        self._engine = engine
        self._setup = setup
        self._limits = limits
        self._handlers = wasi_handlers(linked)

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start a run; most of those without WASI end before this returns."""
        try:
            function = self._linked.export(call.ffqn)
            sandbox = None if self._setup is None else self._setup.open(call, log)
        except ObeliskError as error:
            done(Crashed(f"activity cannot start: {error}"))
            return None
        try:
            running = self._engine.new_guest(self._linked, function, call.params, limits=self._limits, brief=True)
        except ObeliskError as error:
            if sandbox is not None:
                sandbox.close()
            done(Crashed(f"activity cannot start: {error}"))
            return None
        if sandbox is not None and sandbox.access is not None:
            log = sandbox.access.log
        run = SandboxedRun(self._engine, running, done, log, sandbox=sandbox, handlers=self._handlers, who=WHO)
        run.back(Poll.YIELDED)
        return None if run.is_over else run


def is_recorded(interface: str) -> bool:
    """Tell whether calls of an interface are only recorded, so that the guest need not park for them."""
    return interface == LOG
