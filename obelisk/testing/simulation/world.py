"""Plays a scenario: servers, their storage, clients, and what happens to them, on one loop of virtual time."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from obelisk.errors import ObeliskError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import ExecutionLog, Storage
from obelisk.testing.simulation.clients import LOOK_SECONDS as ACT_SECONDS
from obelisk.testing.simulation.clients import LOOKS, Clients
from obelisk.testing.simulation.components import Components
from obelisk.testing.simulation.draws import drawn
from obelisk.testing.simulation.listening import listening
from obelisk.testing.simulation.loop import SimulatedLoop, SimulationStalledError
from obelisk.testing.simulation.oracle import Oracle, ViolationError
from obelisk.testing.simulation.scenario import CommitFault, Happening, Scenario, ServerFault, Weather
from obelisk.testing.simulation.server import Server
from obelisk.testing.simulation.storage import OutsideStorage, WatchedStorage

CALM = Weather()
LONGEST = 900.0
"""Virtual seconds in which everything has to end once it is calm."""
LOOK_SECONDS = 1.0


class Played(Struct, frozen=True):
    """What came of a scenario. ``trace`` is all that happened in its order, ``problem`` what does not hold."""

    trace: tuple[str, ...]
    logs: dict[ExecutionId, ExecutionLog]
    problem: str | None = None

    @property
    def digest(self) -> str:
        """Equal for two plays in which the same happened in the same order at the same time."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


class World:
    """See the module's documentation."""

    def __init__(self, scenario: Scenario, components: Components, directory: Path, problems: list[str]) -> None:
        self.scenario = scenario
        self.components = components
        self.weather = scenario.weather
        goes_back = any(one.fault is ServerFault.JUMP and one.seconds < 0 for one in scenario.happenings)
        self.oracle = Oracle(clocks_go_back=goes_back)
        self.storage: Storage = WatchedStorage(self.oracle)
        self.servers = [Server(self, number, directory) for number in range(scenario.knobs.servers)]
        self.clients = Clients(self)
        self.trace: list[str] = []
        self.problems = problems
        self._commits = 0
        self._reads = 0
        self._waits = 0
        self._runs: Counter[ExecutionId] = Counter()
        self._faults = {commit.number: commit.fault for commit in scenario.commits}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(self, directory: Path) -> AsyncIterator[None]:
        """Open the storage that the scenario wants, in ``directory`` if it needs one."""
        if not self.scenario.knobs.sqlite:
            yield
            return
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        async with self.components.sqlite(directory) as storage:
            self.storage = OutsideStorage(storage, self.oracle, loop)
            yield

    # --- what parts of it ask ---------------------------------------------------------------------------------------------

    def note(self, server: int | None, what: str) -> None:
        """Put something into the trace."""
        who = "client" if server is None else f"server {server}"
        self.trace.append(f"{asyncio.get_running_loop().time():.6f} {who}: {what}")

    def fault_of_commit(self, server: int) -> CommitFault | None:
        """Return what happens to the commit that takes effect next."""
        number, self._commits = self._commits, self._commits + 1
        return None if self.weather is CALM else self._faults.get(number)

    def latency(self, what: str) -> float:
        """Return how long something of the storage takes."""
        if not self.weather.latency:
            return 0.0
        self._waits += 1
        return drawn(self.scenario.seed, what, self._waits).random() * self.weather.latency

    def read_fails(self, server: int) -> bool:
        """Tell whether the next read fails."""
        if not self.weather.failing_reads:
            return False
        self._reads += 1
        return drawn(self.scenario.seed, "read fails", self._reads).random() < self.weather.failing_reads

    def count_run(self, execution_id: ExecutionId) -> int:
        """Count a run of an activity, and return its number."""
        self._runs[execution_id] += 1
        return self._runs[execution_id]

    def crash(self, server: int) -> None:
        """Let a server crash: from now on it reaches nothing."""
        connection = self.servers[server].connection
        if connection is not None:
            connection.cut()
        self._spawn(self.servers[server].crash(), f"crash of {server}")

    # --- the play ---------------------------------------------------------------------------------------------------------

    async def play(self) -> None:
        """Play the scenario to its end; raise ``ViolationError`` when something does not hold."""
        for server in self.servers:
            await server.start()
        clients = [
            self._spawn(self.clients.submit(number, submission), f"submission {number}")
            for number, submission in enumerate(self.scenario.submissions)
        ]
        acts, happenings = self.scenario.acts, self.scenario.happenings
        others = [self._spawn(self.clients.act(number, act), f"act {number}") for number, act in enumerate(acts)]
        others += [self._spawn(self._happen(one), f"happening {number}") for number, one in enumerate(happenings)]
        await self._calm_down()
        await self._ended(clients + others)
        self._check_acknowledged()
        await self.clients.replay_all()
        await asyncio.sleep(LOOK_SECONDS)
        for server in self.servers:
            await server.check_idle()
        for server in self.servers:
            await server.close()

    async def _calm_down(self) -> None:
        times = [one.at for one in self.scenario.submissions]
        times += [one.at + LOOKS * ACT_SECONDS for one in self.scenario.acts]
        times += [one.at + max(one.seconds, 0.0) for one in self.scenario.happenings]
        await asyncio.sleep(max(times, default=0.0) + LOOK_SECONDS)
        self.weather = CALM
        self.note(None, "it is calm")

    async def _ended(self, tasks: list[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST
        while self.oracle.unfinished() or not all(task.done() for task in tasks):
            if loop.time() > until:
                states = "\n".join(f"`{log.execution_id}` {log.state}" for log in self.oracle.unfinished())
                waiting = [task.get_name() for task in tasks if not task.done()]
                raise ViolationError(
                    f"not all has ended {LONGEST:.0f} s after it became calm:\n{states}\nwaiting: {waiting}"
                )
            await self.clients.give_all()
            await asyncio.sleep(LOOK_SECONDS)

    def _check_acknowledged(self) -> None:
        for number in range(len(self.scenario.submissions)):
            execution_id = self.clients.id_of(number)
            if execution_id not in self.oracle.executions:
                raise ViolationError(f"`{execution_id}` was acknowledged, and does not exist")
            told, last = self.clients.results[execution_id], self.oracle.log(execution_id).events[-1].event
            if told != getattr(last, "retval", None):
                raise ViolationError(f"the client of `{execution_id}` was told {told}, its log ends with {last}")

    async def _happen(self, happening: Happening) -> None:
        await asyncio.sleep(happening.at)
        server = self.servers[happening.server]
        self.note(happening.server, f"{happening.fault.value} {happening.seconds:.3f}")
        if happening.fault is ServerFault.CRASH:
            await server.crash()
        elif happening.fault is ServerFault.STOP:
            await server.stop()
        elif happening.fault is ServerFault.JUMP:
            server.clock.offset += happening.seconds
        elif server.connection is not None:
            server.connection.stalled_until = asyncio.get_running_loop().time() + happening.seconds

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.problems.append(f"{type(error).__name__}: {error}")

    async def abandon(self) -> None:
        """End what is left after something went wrong."""
        for server in self.servers:
            if server.connection is not None:
                server.connection.cut()
                server.connection.fail()
        while tasks := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=LOOK_SECONDS)


def play(scenario: Scenario, components: Components, *, directory: Path) -> Played:
    """Play a scenario on a loop of its own. ``directory`` is for records of servers and is empty."""
    loop = SimulatedLoop(
        shuffles=drawn(scenario.seed, "order") if scenario.knobs.shuffled else None,
        works_outside=lambda: components.guests.is_computing,
    )
    asyncio.set_event_loop(loop)
    components.guests.move_to(loop)
    problems: list[str] = []
    try:
        with listening(problems):
            world = loop.run_until_complete(_new_world(scenario, components, directory, problems))
            problem = _problem(loop, world, directory)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    logs = {execution_id: world.oracle.log(execution_id) for execution_id in world.oracle.executions}
    return Played(tuple(world.trace), logs, problem)


async def _new_world(scenario: Scenario, components: Components, directory: Path, problems: list[str]) -> World:
    return World(scenario, components, directory, problems)


def _problem(loop: SimulatedLoop, world: World, directory: Path) -> str | None:
    problem: str | None = None
    try:
        loop.run_until_complete(_played(world, directory))
    except (ViolationError, SimulationStalledError) as error:
        problem = str(error)
    except ObeliskError as error:
        problem = f"a server failed: {type(error).__name__}: {error}"
    try:
        loop.run_until_complete(world.abandon())
    except SimulationStalledError as error:
        problem = problem or f"after its end: {error}"
    return problem


async def _played(world: World, directory: Path) -> None:
    async with world.opened(directory):
        play = asyncio.ensure_future(world.play())
        while not play.done() and not world.problems:
            await asyncio.wait((play,), timeout=LOOK_SECONDS)
        if world.problems:
            raise ViolationError("\n".join(world.problems))
        play.result()
