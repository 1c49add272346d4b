"""What the tests of running guests share: an engine, the guests of the tests, and ways to drive them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from wasmtime.component import Component as CompiledComponent

from obelisk.core.commands import Command, Reply
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import (
    ActivityCall,
    Asked,
    Busy,
    LogLine,
    Outcome,
    Step,
    WorkflowCall,
)
from obelisk.interfaces.settings import ActivitySettings, WorkflowSettings
from obelisk.names import Ffqn
from obelisk.wasm.activity import WasmActivity, is_recorded
from obelisk.wasm.artifact import binary_of
from obelisk.wasm.compile import CodeCache, CompileLimits
from obelisk.wasm.components import Prepared, WasmComponents
from obelisk.wasm.engine import Running, WasmEngine
from obelisk.wasm.guest import Guest, GuestLimits, Poll
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings
from obelisk.wasm.workflow import WasmWorkflow, WasmWorkflowProgram
from tests.core.replaying import ID, START

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "wat"
GUESTS = ROOT / "tests" / "guests"
MEBIBYTE = 1024 * 1024
LIMITS = GuestLimits(
    memory=64 * MEBIBYTE, table_elements=10_000, tables=10, memories=10, instances=100, value_size=16 * MEBIBYTE
)
SPIN = "testing:spin/spin."
VALUES = "testing:values/values."
SLEEPY = "testing:sleepy/sleepy."
LOGGER = "testing:logger/logger."
DROPPER = "testing:dropper/dropper."


class Bench:
    """An engine and what was linked for it; ``close`` drops what the test left."""

    def __init__(self, *, fuel: bool = False, limits: GuestLimits = LIMITS) -> None:
        settings = EngineSettings(fuel=fuel)
        self.engine = WasmEngine(settings, limits=limits, loop=asyncio.get_running_loop())
        cache = CodeCache(Path("unused"), settings)
        compiling = CompileLimits(timeout=1, memory=MEBIBYTE)
        self.components = WasmComponents(self.engine, cache, compiling, max_size=MEBIBYTE)
        self._linked: dict[str, LinkedComponent] = {}
        self._workflows: dict[str, WasmWorkflow] = {}
        self._running: list[Running] = []
        self._programs: list[WasmWorkflowProgram] = []

    @property
    def guests(self) -> list[Guest]:
        """The guests that the engine knows."""
        return list(self.engine.host_calls._by_number.values())

    async def emptied(self) -> None:
        """Wait until the engine knows no guest any more."""
        calls, empty = self.engine.host_calls, asyncio.Event()
        remove = calls.remove_guest

        def removed(guest: Guest) -> None:
            remove(guest)
            if not self.guests:
                empty.set()

        calls.remove_guest = removed  # type: ignore[method-assign]
        if self.guests:
            await empty.wait()

    def prepare(self, name: str) -> Prepared:
        """Compile a guest of the tests, an example, or the text of a component."""
        compiled = CompiledComponent(self.engine.engine, _binary(name))
        return Prepared("sha256:0", compiled, world_of(compiled, self.engine.engine))

    def link(self, name: str) -> LinkedComponent:
        """Link a component; once."""
        if name not in self._linked:
            prepared = self.prepare(name)
            self._linked[name] = self.engine.link(prepared.compiled, prepared.world, recorded=is_recorded)
        return self._linked[name]

    def guest(self, name: str, function: str, *params: Any, limits: GuestLimits | None = None) -> Running:
        """Return a guest that has not run yet."""
        linked = self.link(name)
        running = self.engine.new_guest(linked, linked.export(Ffqn(function)), list(params), limits=limits)
        self._running.append(running)
        return running

    async def run(self, running: Running) -> Poll:
        """Run a guest until it parks or ends, wherever it does that."""
        back = asyncio.get_running_loop().create_future()
        poll = self.engine.run(running, back.set_result)
        return await back if poll is None else poll

    async def result(self, name: str, function: str, *params: Any) -> Any:
        """Return the result of a guest that asks for nothing."""
        running = self.guest(name, function, *params)
        assert await self.run(running) is Poll.ENDED
        assert running.guest.error is None, running.guest.error
        result = running.guest.result
        running.release()
        return result

    def activity(self, name: str) -> WasmActivity:
        """Open an activity."""
        return self.components.activity(self.prepare(name), ActivitySettings(name="an_activity"))

    def program(self, name: str, function: str, *params: Any, log: list[LogLine] | None = None) -> Program:
        """Return a workflow that has not started."""
        return self.begin(name, call(function, *params), [] if log is None else log)

    def begin(self, name: str, call: WorkflowCall, log: list[LogLine]) -> Program:
        """Return a workflow that has not started, of any execution."""
        program = Program(self.workflow(name), call, log)
        self._programs.append(program.program)
        return program

    def workflow(self, name: str) -> WasmWorkflow:
        """Open a workflow; once."""
        if name not in self._workflows:
            self._workflows[name] = self.components.workflow(self.prepare(name), WorkflowSettings(name="a_workflow"))
        return self._workflows[name]

    def close(self) -> None:
        """Drop the guests, the linkers and the engine."""
        for program in self._programs:
            program.close()
        for running in self._running:
            running.release()
        self.engine.close()
        for linked in self._linked.values():
            linked.close()
        self.components.close()


class Program:
    """A workflow that is driven by hand; what it computes elsewhere is waited for."""

    def __init__(self, workflow: WasmWorkflow, call: WorkflowCall, log: list[LogLine]) -> None:
        self._woken = asyncio.Event()
        self.program = workflow.begin(call, self._woken.set, log.append)

    async def start(self) -> Step:
        """Start, and return the first step that is not ``Busy``."""
        return await self._settled(self.program.start())

    async def resume(self, reply: Reply) -> Step:
        """Answer, and return the next step that is not ``Busy``."""
        return await self._settled(self.program.resume(reply))

    async def play(self, *replies: Reply) -> tuple[list[Command], Step]:
        """Start, answer each question, and return the questions and how it ended."""
        step, asked = await self.start(), []
        for reply in replies:
            assert isinstance(step, Asked), step
            asked.append(step.command)
            step = await self.resume(reply)
        return asked, step

    async def _settled(self, step: Step) -> Step:
        while isinstance(step, Busy):
            await self._woken.wait()
            self._woken.clear()
            step = self.program.step()
        return step


def call(function: str, *params: Any) -> WorkflowCall:
    """Return a workflow execution."""
    return WorkflowCall(ID, Ffqn(function), list(params), START)


async def run_activity(
    activity: WasmActivity, function: str, *params: Any, log: list[LogLine] | None = None
) -> Outcome:
    """Run an activity once."""
    done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    activity.start(activity_call(function, *params), done.set_result, [].append if log is None else log.append)
    return await done


def activity_call(function: str, *params: Any) -> ActivityCall:
    """Return one run of an activity."""
    return ActivityCall(ExecutionId(ID), RunId("Run_1"), Ffqn(function), list(params), START, START)


def _binary(name: str) -> bytes:
    found = (path for path in (GUESTS / name, EXAMPLES / name, ROOT / name) if path.exists())
    text = name if name.startswith("(") else next(found).read_text()
    return binary_of(text.encode(), origin=name[:40], max_size=MEBIBYTE)
