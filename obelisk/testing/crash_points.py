"""A workflow survives a crash at every point: it ends with the same result and the same log as undisturbed.

    async def test_an_order_survives_every_crash(tmp_path):
        await crash_points(TOML, "shop:orders/orders.place", "a book", base=ROOT, directory=tmp_path)

The workflow runs once undisturbed, which counts the points (``obelisk.testing.crash_steps``). Then it runs once for each
point on a fresh storage: there its engine ends as ``kill -9`` ends a server, and a new engine goes on with what is stored.
The components are real, time is a ``ManualClock``'s: what a workflow sleeps takes no time.

What clients do beside submitting and waiting goes into ``act``. It is called again by the engine after the crash, since a
client whose server died cannot know how far it came: so it has to stand being repeated, as a request with an id does.
"""

from __future__ import annotations

import asyncio
import difflib
import itertools
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.core.events import ComponentRole, ExecutionResult, Schedule
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.storage import ExecutionQuery, Storage
from obelisk.runtime.engine import Engine, make_host
from obelisk.runtime.garbage import GarbageCollector
from obelisk.testing.addresses import without_addresses
from obelisk.testing.clock import ManualClock
from obelisk.testing.crash_steps import SteppedActivity, SteppedConnection, Steps
from obelisk.testing.engine import ALL, EngineHarness, environment_in
from obelisk.testing.killing import kill
from obelisk.testing.opened_once import Opened, opened_once, with_opened, with_storage
from obelisk.testing.plugins import plugins_of

Act = Callable[[EngineHarness, ExecutionId], Awaitable[None]]
ROOT = new_execution_id(1, b"crash-test")  # any id; equal ones give equal random numbers


class CrashReport(Struct, frozen=True):
    """What was tried: the name of each point in order, and how the workflow ended, every time the same.

    ``logs`` are the canonical logs by execution id, without addresses in backtraces.
    """

    points: tuple[str, ...]
    result: ExecutionResult
    logs: dict[str, str]


async def crash_points(
    toml: str, function: str, *params: Any, base: Path, directory: Path, act: Act | None = None,
    environ: Mapping[str, str] | None = None, seconds: float = 60.0,
) -> CrashReport:  # fmt: skip
    """Run a workflow once undisturbed and once for each crash point, and return what was tried.

    ``toml`` is a configuration as ``engine_harness`` takes it, with any storage; ``directory`` is empty and gets a
    directory for each point. ``act`` is what clients do once the workflow is submitted. Raises ``AssertionError`` with the
    name of the point and what differs when a crash changes the result or a log, of the workflow, of an execution below it,
    or of one that they scheduled; ``TimeoutError`` when one run takes longer than ``seconds`` of real time.
    """
    async with AsyncExitStack() as stack:
        garbage = GarbageCollector()
        garbage.take_over()  # once, and not for each engine
        stack.callback(garbage.give_back)
        plays = await _Plays.opened(stack, toml, base=base, directory=directory, environ=environ or {})
        plays.submission, plays.act, plays.seconds = (function, params), act, seconds
        return await plays.all()


class _Played(Struct, frozen=True):
    """What came of a run: the places where it could have crashed, the result, and a log for each execution."""

    steps: tuple[str, ...]
    result: ExecutionResult
    logs: dict[str, str]


class _Plays:
    """Plays one workflow again and again, with components that stay open."""

    def __init__(self, config: Config, components: tuple[Opened, ...], directory: Path) -> None:
        self._config = config
        self._components = components
        self._directory = directory
        self._steps = Steps()
        self.submission: tuple[str, tuple[Any, ...]] = ("", ())
        self.act: Act | None = None
        self.seconds = 0.0

    @classmethod
    async def opened(
        cls, stack: AsyncExitStack, toml: str, *, base: Path, directory: Path, environ: Mapping[str, str]
    ) -> _Plays:
        variables = environment_in(directory, environ)
        plugins = plugins_of(toml, base=base, environ=variables)
        config = config_from_text(toml, plugins=plugins, base=base, environ=variables)
        components = await stack.enter_async_context(
            opened_once(config, clock=ManualClock(), random=random.Random(0).randbytes, environ=variables)
        )
        return cls(config, components, directory)

    async def all(self) -> CrashReport:
        undisturbed = await self._play(None)
        for number, name in enumerate(undisturbed.steps):
            point = f"crash point {number}, {name}"
            try:
                played = await self._play(number)
            except TimeoutError as error:
                raise TimeoutError(f"{point}: the workflow did not end within {self.seconds:.0f} s") from error
            _check_same(point, undisturbed, played)
        return CrashReport(undisturbed.steps, undisturbed.result, undisturbed.logs)

    async def _play(self, crash_at: int | None) -> _Played:
        name = "undisturbed" if crash_at is None else f"point-{crash_at}"
        self._steps = Steps(crash_at)
        clock, own = ManualClock(), self._directory / name
        config = replace(self._config, data_dir=own)
        host = make_host(config, clock=clock, random=random.Random(0).randbytes, environ={})
        store = config.store
        async with asyncio.timeout(self.seconds), store.provider.open(store.settings, host) as storage:
            for seed in itertools.count():
                played = await self._lived(config, storage, clock, seed)
                if played is not None:
                    return played
        raise AssertionError("unreachable")

    async def _lived(self, config: Config, storage: Storage, clock: ManualClock, seed: int) -> _Played | None:
        """Play with one engine until the workflow has ended, or until the engine crashes: then there is nothing yet."""
        connection = SteppedConnection(self._steps, storage, directory=config.data_dir)
        engine = Engine(
            with_opened(with_storage(config, connection), self._components, wrap=self._stepped),
            clock=clock, random=random.Random(seed).randbytes, environ={},
        )  # fmt: skip
        async with engine:
            play = asyncio.ensure_future(self._ends(EngineHarness(engine, clock)))
            crash = asyncio.ensure_future(self._steps.crashed.wait())
            await asyncio.wait((play, crash), return_when=asyncio.FIRST_COMPLETED)
            crash.cancel()
            if not connection.is_cut:
                return await play
            play.cancel()
            await kill(engine, connection)
            await asyncio.gather(play, crash, return_exceptions=True)
        self._steps.crashed.clear()
        return None

    def _stepped(self, component: Opened) -> Opened:
        if component.component.role is not ComponentRole.ACTIVITY:
            return component
        return SteppedActivity(lambda: self._steps, component)  # type: ignore[arg-type]

    async def _ends(self, harness: EngineHarness) -> _Played:
        function, params = self.submission
        await harness.submit(function, *params, execution_id=ROOT)
        if self.act is not None:
            await self.act(harness, ROOT)
        result = await harness.result(ROOT)
        return _Played(tuple(self._steps.names), result, await _logs(harness))


async def _logs(harness: EngineHarness) -> dict[str, str]:
    """Return the canonical logs of the workflow, of all below it, and of all that they scheduled, once they have ended."""
    found: dict[str, str] = {}
    roots = deque([ROOT])
    while roots:
        root = roots.popleft()
        await harness.result(root)
        await harness.settle()
        query = ExecutionQuery(harness.clock.now(), limit=ALL, execution_id_prefix=root)
        for held in await harness.engine.executions.list(query):
            found[held.execution_id] = without_addresses(await harness.canonical(held.execution_id))
            events = await harness.events(held.execution_id)
            roots += [one.execution_id for one in events if isinstance(one, Schedule) and one.execution_id not in found]
    return found


def _check_same(point: str, undisturbed: _Played, played: _Played) -> None:
    if without_addresses(repr(played.result)) != without_addresses(repr(undisturbed.result)):
        raise AssertionError(f"{point}: the workflow ends with {played.result}, undisturbed with {undisturbed.result}")
    differences = [
        line
        for name in sorted({*undisturbed.logs, *played.logs})
        for line in difflib.unified_diff(
            undisturbed.logs.get(name, "").splitlines(), played.logs.get(name, "").splitlines(),
            f"{name} undisturbed", f"{name} after the crash", lineterm="", n=0,
        )
    ]  # fmt: skip
    if differences:
        raise AssertionError("\n".join((f"{point}: the logs differ", *differences)))
