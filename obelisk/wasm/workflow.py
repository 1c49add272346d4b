"""Workflows that are WebAssembly components: a guest on a fiber whose host calls are commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from obelisk.core.commands import CloseJoinSet, Command, Done, Reply
from obelisk.core.values import Unprojectable
from obelisk.errors import GuestExitError, GuestTrapError, ObeliskError
from obelisk.interfaces.components import (
    Asked,
    Busy,
    Component,
    Crashed,
    Logged,
    Step,
    WorkflowCall,
)
from obelisk.wasm.engine import Running, WasmEngine
from obelisk.wasm.guest import Guest, GuestLimits, HostCall, Poll
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.sandboxed_run import log_lines, wasi_handlers
from obelisk.wasm.traps import end_of, with_last_words
from obelisk.wasm.wasi.calls import Handler, Later
from obelisk.wasm.wasi.clocks import USE_SLEEP
from obelisk.wasm.wasi.resources import FIRST
from obelisk.wasm.wasi.setup import frozen_sandbox
from obelisk.wasm.workflow_host import gets_results, workflow_import
from obelisk.wasm.workflow_state import Answer, JoinSets, WorkflowImport

ANSWERS_AT_ONCE = 100
"""After so many answers that need no command, about a millisecond, the loop has its turn. A time would make what is
written in one batch depend on how busy the machine is."""


class WasmWorkflow:
    """A workflow component."""

    def __init__(
        self, component: Component, linked: LinkedComponent, engine: WasmEngine, *, limits: GuestLimits | None = None
    ) -> None:
        self.component = component
        self.linked = linked
        self.engine = engine
        self.limits = limits
        self.wasi = wasi_handlers(linked)
        self._imports: dict[ImportedFunction, WorkflowImport] = {
            function: workflow_import(function)
            for function in linked.imports
            if not function.recorded and function not in self.wasi
        }
        self._keeps_answers = any(gets_results(function) for function in linked.imports)

    @property
    def keeps_answers(self) -> bool:
        """Whether a guest may ask for a child's result again."""
        return self._keeps_answers

    def begin(self, call: WorkflowCall, wake: Callable[[], None], log: Callable[[Logged], None]) -> WasmWorkflowProgram:
        """Return a program that has not started."""
        return WasmWorkflowProgram(self, call, wake, log)

    def meaning(self, function: ImportedFunction) -> WorkflowImport:
        """Return what an import means."""
        return self._imports[function]


class WasmWorkflowProgram:
    """One workflow execution's guest.

    A join set that the guest dropped is closed before its next host call is answered, and before it returns: the drop
    itself cannot wait. So what the guest asked last is kept while its dropped join sets are closed one by one.
    """

    def __init__(
        self, workflow: WasmWorkflow, call: WorkflowCall, wake: Callable[[], None], log: Callable[[Logged], None]
    ) -> None:
        self._workflow = workflow
        self._call = call
        self._wake = wake
        self._log = log
        self._join_sets = JoinSets(keeps_answers=workflow.keeps_answers)
        self._to_close: deque[Command] = deque()
        self._running: Running | None = None
        self._poll = Poll.PARKED
        self._asked: tuple[WorkflowImport, Command] | None = None
        self._is_closing = False
        self._sandbox = frozen_sandbox(call.execution_id, call.created_at, log) if workflow.wasi else None

    def start(self) -> Step:
        """Begin."""
        workflow = self._workflow
        try:
            function = workflow.linked.export(self._call.ffqn)
            self._running = workflow.engine.new_guest(
                workflow.linked, function, self._call.params, limits=workflow.limits
            )
        except ObeliskError as error:
            return Crashed(f"workflow cannot start: {error}", retry=False)
        return self._go_on(self._running, Poll.YIELDED)

    def resume(self, reply: Reply) -> Step:
        """Answer what was asked last and go on."""
        running = self._running
        if running is None:
            return Crashed("workflow was closed", retry=False)
        if self._is_closing:
            self._is_closing = False
            if isinstance(reply, Done):
                self._join_sets.close(reply)
            return self._go_on(running, self._poll)
        if self._asked is None:
            return Crashed("workflow did not ask for anything", retry=False)
        meaning, command = self._asked
        value = meaning.reply(self._join_sets, command, reply)
        if isinstance(value, Unprojectable):
            return self._trap(value.reason)
        running.guest.answer(value)
        return self._go_on(running, Poll.YIELDED)

    def step(self) -> Step:
        """Go on after ``Busy``."""
        running = self._running
        return Crashed("workflow was closed", retry=False) if running is None else self._go_on(running, self._poll)

    def close(self) -> None:
        """Drop the guest."""
        if self._running is not None:
            self._running.release()
            self._running = None
        if self._sandbox is not None:
            self._sandbox.close()

    def _go_on(self, running: Running, poll: Poll) -> Step:
        """Return what a poll led to; go on where the guest can be answered at once."""
        for _ in range(ANSWERS_AT_ONCE):
            if poll is not Poll.YIELDED:
                step = self._polled(running.guest, poll)
                if step is not None:
                    return step
            polled = self._workflow.engine.run(running, self._back)
            if polled is None:
                return Busy()
            poll = polled
        self._workflow.engine.call_soon(self._back, poll)
        return Busy()

    def _back(self, poll: Poll) -> None:
        self._poll = poll
        self._wake()

    def _polled(self, guest: Guest, poll: Poll) -> Step | None:
        self._take_records(guest)
        self._poll = poll
        if self._to_close:
            self._is_closing = True
            return Asked(self._to_close.popleft())
        return self._ended(guest) if poll is Poll.ENDED else self._ask(guest)

    def _ask(self, guest: Guest) -> Step | None:
        call = guest.call
        if call is None:
            return self._trap("the guest parked without a host call")
        handler = self._workflow.wasi.get(call.function)
        if handler is not None:
            return self._answer_wasi(guest, handler, call)
        meaning = self._workflow.meaning(call.function)
        asked = meaning.ask(self._join_sets, call.arguments)
        if isinstance(asked, Answer):
            guest.answer(asked.value)
            return None
        self._asked = meaning, asked
        return Asked(asked)

    def _answer_wasi(self, guest: Guest, handler: Handler, call: HostCall) -> Step | None:
        """Answer at once. What would have to be waited for cannot be had in a replay."""
        try:
            answer = handler(self._sandbox, *call.arguments)
        except GuestExitError as error:
            return self._crash(f"workflow {error} instead of returning")
        except Exception as error:  # noqa: BLE001 - a host function that fails must end this workflow, not the engine
            return self._trap(str(error) if isinstance(error, GuestTrapError) else f"{type(error).__name__}: {error}")
        if isinstance(answer, Later):
            answer.work.close()
            name = f"{call.function.interface}.{call.function.function.name}"
            return self._trap(f"{name} would have to wait, which a workflow cannot do; {USE_SLEEP}")
        guest.answer(answer)
        return None

    def _ended(self, guest: Guest) -> Step:
        outcome = end_of(guest, who="workflow")
        return with_last_words(outcome, self._sandbox) if isinstance(outcome, Crashed) else outcome

    def _take_records(self, guest: Guest) -> None:
        for line in log_lines(guest):
            self._log(line)
        if guest.dropped:
            dropped, guest.dropped = guest.dropped, []
            sets = [number for number in dropped if number < FIRST]
            self._to_close.extend(CloseJoinSet(self._join_sets.ids[number]) for number in sets)
            if self._sandbox is not None:
                self._sandbox.drop([number for number in dropped if number >= FIRST])

    def _trap(self, reason: str) -> Step:
        return self._crash(f"workflow trap: {reason}")

    def _crash(self, reason: str) -> Step:
        crashed = with_last_words(Crashed(reason, retry=False), self._sandbox)
        self.close()
        return crashed
