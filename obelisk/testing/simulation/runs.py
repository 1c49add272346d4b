"""Components of a simulated server: real ones with other settings, whose runs take virtual time and go wrong."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from obelisk.core.events import ComponentRole
from obelisk.core.values import ReturnShape
from obelisk.interfaces.components import (
    ActivityCall,
    ActivityComponent,
    ActivityRun,
    Component,
    Crashed,
    Logged,
    Outcome,
    Returned,
    WorkflowCall,
    WorkflowComponent,
    WorkflowProgram,
)
from obelisk.interfaces.settings import AwaitStrategy, Duration, WorkflowSettings
from obelisk.testing.connection import Connection
from obelisk.testing.opened_once import Opened
from obelisk.testing.simulation.draws import drawn
from obelisk.testing.simulation.scenario import Knobs, Weather

if TYPE_CHECKING:
    from obelisk.testing.simulation.world import World


def simulated(component: Any, world: World, *, connection: Connection) -> Opened:
    """Return a component as a server that uses ``connection`` runs it."""
    changed = _with_knobs(component.component, world.scenario.knobs)
    if changed.role is ComponentRole.WORKFLOW:
        return SimulatedWorkflow(changed, component)
    if changed.role is ComponentRole.ACTIVITY:
        return SimulatedActivity(changed, component, world, connection)
    return component  # type: ignore[no-any-return]


def _with_knobs(component: Component, knobs: Knobs) -> Component:
    settings = component.settings
    execution = replace(
        settings.exec,
        lock_expiry=Duration(seconds=knobs.lock_expiry),
        instance_limiter="unlimited" if knobs.limiter is None else knobs.limiter,
        tick_sleep=Duration(seconds=1),
    )
    settings = replace(settings, exec=execution)
    if isinstance(settings, WorkflowSettings):
        strategy = "interrupt" if knobs.interrupt else AwaitStrategy(non_blocking_event_batching=knobs.batching)
        settings = replace(settings, blocking_strategy=strategy)
    return replace(component, settings=settings)


class SimulatedWorkflow:
    """A workflow component with other settings."""

    def __init__(self, component: Component, real: WorkflowComponent) -> None:
        self.component = component
        self._real = real

    def begin(self, call: WorkflowCall, wake: Callable[[], None], log: Callable[[Logged], None]) -> WorkflowProgram:
        """Return a program that has not started."""
        return self._real.begin(call, wake, log)


class SimulatedActivity:
    """An activity component whose runs go wrong as the weather says."""

    def __init__(self, component: Component, real: ActivityComponent, world: World, connection: Connection) -> None:
        self.component = component
        self._real = real
        self._world = world
        self._connection = connection
        (interface,) = component.exports
        (function,) = interface.functions
        self._shape = ReturnShape(function.result)

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start a run."""
        if self._connection.is_cut:
            return _LateRun()  # the process is gone
        weather = self._world.weather
        chance = drawn(self._world.scenario.seed, "run", call.execution_id, self._world.count_run(call.execution_id))
        end = _drawn_end(chance, weather)

        def report(outcome: Outcome) -> None:
            if self._connection.is_cut:
                return
            if isinstance(outcome, Returned):
                self._world.oracle.reports(call.execution_id, self._shape.result(outcome.value))
            done(outcome)

        def go_on() -> ActivityRun | None:
            if end is _End.REAL:
                return self._real.start(call, report, log)
            if end is _End.HANG:
                return _LateRun()
            report(Crashed("simulated") if end is _End.TRAP else Returned({"err": None}))
            return None

        if chance.random() >= weather.slow:
            return go_on()
        late = _LateRun()
        late.timer = asyncio.get_running_loop().call_later(chance.random() * weather.slowness, late.go_on, go_on)
        return late


class _End(Enum):
    """How a simulated run ends: as drawn, or as the real run does."""

    TRAP = "trap"
    ERR = "err"
    HANG = "hang"
    REAL = "real"


def _drawn_end(chance: random.Random, weather: Weather) -> _End:
    draw = chance.random()
    for end, part in ((_End.TRAP, weather.traps), (_End.ERR, weather.errs), (_End.HANG, weather.hangs)):
        if draw < part:
            return end
        draw -= part
    return _End.REAL


class _LateRun(ActivityRun):
    """A run that goes on later, or never."""

    def __init__(self) -> None:
        self.timer: asyncio.TimerHandle | None = None
        self._real: ActivityRun | None = None

    def go_on(self, action: Callable[[], ActivityRun | None]) -> None:
        self.timer = None
        self._real = action()

    def cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self._real is not None:
            self._real.cancel()
