"""A server that is started, killed, stopped and started again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from obelisk.config.model import Config
from obelisk.errors import ObeliskError
from obelisk.interfaces.settings import Duration
from obelisk.runtime.engine import Engine
from obelisk.runtime.executions import EngineExecutions
from obelisk.testing.killing import kill
from obelisk.testing.opened_once import with_opened, with_storage
from obelisk.testing.simulation.clock import SimulatedClock
from obelisk.testing.simulation.draws import drawn
from obelisk.testing.simulation.oracle import ViolationError
from obelisk.testing.simulation.runs import simulated
from obelisk.testing.simulation.scenario import Knobs
from obelisk.testing.simulation.storage import SimulatedConnection

if TYPE_CHECKING:
    from obelisk.testing.simulation.world import World

RESTART_SECONDS = 1.5
LOOKS = 100
LOOK_SECONDS = 0.37


class Server:
    """One server of the simulated world. Its directory and its clock outlive its engines."""

    def __init__(self, world: World, number: int, directory: Path) -> None:
        loop, knobs = asyncio.get_running_loop(), world.scenario.knobs
        self.number = number
        self.clock = SimulatedClock(loop, offset=0.5 * number, cost=knobs.cost)
        self.connection: SimulatedConnection | None = None
        self.engine: Engine | None = None
        self._world = world
        self._directory = directory
        self._starts = 0

    @property
    def executions(self) -> EngineExecutions | None:
        """What clients talk to, ``None`` while the server is down."""
        is_up = self.engine is not None and self.connection is not None and not self.connection.is_cut
        return self.engine.executions if is_up and self.engine is not None else None

    async def start(self) -> None:
        """Start it, again when something goes wrong meanwhile."""
        while self.engine is None:
            self._starts += 1
            self.connection = connection = self._new_connection()
            engine = self._new_engine(connection)
            try:
                await engine.__aenter__()
            except ObeliskError as error:
                self._world.note(self.number, f"does not start: {error}")
                await asyncio.sleep(RESTART_SECONDS)
                continue
            if connection.is_cut:  # it crashed when it needed its storage no more
                await kill(engine, connection)
                await asyncio.sleep(RESTART_SECONDS)
                continue
            self._world.note(self.number, "started")
            self.engine = engine

    async def crash(self) -> None:
        """End it as ``kill -9`` does, and start it again a little later."""
        connection, engine = self.connection, self.engine
        if connection is None:
            return
        connection.cut()
        if engine is None:
            connection.fail()  # it is about to start, and finds out
            return
        self._world.note(self.number, "crashes")
        self.engine = None
        await kill(engine, connection)
        await self._restart()

    async def stop(self) -> None:
        """Stop it as a signal does, and start it again a little later."""
        engine, self.engine = self.engine, None
        connection = self.connection
        if engine is None or connection is None:
            return
        self._world.note(self.number, "stops")
        try:
            await engine.__aexit__(None, None, None)
        except ObeliskError as error:
            self._world.note(self.number, f"does not stop well: {error}")
        await connection.close()
        await self._restart()

    async def close(self) -> None:
        """Stop it for good."""
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.__aexit__(None, None, None)

    async def check_idle(self) -> None:
        """Raise ``ViolationError`` when anything is left of executions that have all ended, even after a while."""
        for _ in range(LOOKS):
            left = self._left()
            if left is None:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise ViolationError(f"all has ended, but server {self.number} {left}")

    def _left(self) -> str | None:
        kernel = None if self.engine is None else self.engine._kernel
        if kernel is None:
            return None
        if runs := [run.execution_id for run in kernel.workflows.hot] + list(kernel.activities):
            return f"keeps {runs}"
        taken = {entry.component.id.name: entry.permits.running for entry in kernel.functions.entries}
        if any(taken.values()):
            return f"holds permits: {taken}"
        return None if kernel.is_quiet else "is never quiet"

    async def _restart(self) -> None:
        await asyncio.sleep(
            drawn(self._world.scenario.seed, "restart", self.number, self._starts).uniform(0, RESTART_SECONDS)
        )
        await self.start()

    def _new_connection(self) -> SimulatedConnection:
        world = self._world
        directory = self._directory if world.scenario.knobs.one_machine else None
        shared = world.scenario.knobs.servers > 1 or directory is None
        return SimulatedConnection(world, self.number, world.storage, directory=directory, shared=shared)

    def _new_engine(self, connection: SimulatedConnection) -> Engine:
        world = self._world
        opened = world.components.opened
        config = with_storage(_with_knobs(world.components.config, world.scenario.knobs), connection)
        return Engine(
            with_opened(config, opened, wrap=lambda component: simulated(component, world, connection=connection)),
            clock=self.clock,
            random=drawn(world.scenario.seed, "ids", self.number, self._starts).randbytes,
            environ={},
        )


def _with_knobs(config: Config, knobs: Knobs) -> Config:
    kernel = config.kernel
    workflows = replace(
        kernel.workflows, hot_limit=knobs.hot_limit, run_ahead=knobs.run_ahead, max_events_per_run=knobs.max_events
    )
    timers = replace(kernel.timers_watcher, tick_sleep=Duration(seconds=1))
    return replace(config, kernel=replace(kernel, workflows=workflows, timers_watcher=timers))
