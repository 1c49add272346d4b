# ruff: noqa: D102 - the name of a clause says what it demands
"""The suite that every trigger has to pass.

A plugin subclasses it in its tests and gives the fixture ``samples``: a configuration with its tables, and a way to let
something happen outside::

    class TestMyTrigger(TriggerConformance):
        @pytest.fixture
        def samples(self, tmp_path):
            return TriggerSamples(base=HERE, directory=tmp_path, trigger="my_trigger", toml=..., ffqn=..., happen=happen,
                                  wrong=((BAD_TABLE, "what the error says"),))
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.config.load import config_from_text
from obelisk.config.model import Config, TriggerUse
from obelisk.errors import ConfigError, ObeliskError
from obelisk.interfaces.settings import Duration
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.interfaces.triggers import Trigger, TriggerEntry, TriggerHost, TriggerProvider
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine
from obelisk.testing.clock import ManualClock
from obelisk.testing.conformance import Conformance
from obelisk.testing.engine import environment_in
from obelisk.testing.plugins import plugins_of

MANY = 1_000
LOOK_SECONDS = 0.1
"""How long it is watched that a trigger does not end while something is under way."""


class UnderWay(Struct, frozen=True):
    """Something outside that goes on until ``finish`` lets it end.

    ``served`` is done when whoever waits for it has got what the trigger owes, and raises when that did not come.
    """

    finish: Callable[[], Awaitable[None]]
    served: Awaitable[None]


class TriggerSamples(Struct, frozen=True):
    """A configuration in which something that happens outside starts executions of the function ``ffqn``.

    ``toml`` has the tables of the trigger and of what it starts; ``happen`` lets something happen once and returns when the
    execution that it starts is there. Each of ``wrong`` is a configuration that the trigger's check has to refuse, and a
    text that its error contains. ``under_way`` lets something happen that goes on, and returns when the trigger is at it; a
    trigger whose work takes no time has none. Relative locations start at ``base``; data and caches are kept in
    ``directory``; ``clock`` makes the clock of an engine.
    """

    base: Path
    directory: Path
    trigger: str
    toml: str
    ffqn: str
    happen: Callable[[Engine], Awaitable[None]]
    wrong: tuple[tuple[str, str], ...]
    clock: Callable[[], Clock] = ManualClock
    environ: Mapping[str, str] = {}
    under_way: Callable[[Engine], Awaitable[UnderWay]] | None = None


class Watched:
    """An engine, and what its trigger did: ``happened`` has "opened", "started", "ended" and "closed" in their order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.engine: Engine

    async def started(self, ffqn: str) -> int:
        """Return how many executions of a function there are."""
        query = ExecutionQuery(self.engine.clock.now(), limit=MANY, ffqn=Ffqn(ffqn))
        return len(await self.engine.executions.list(query))

    def watching(self, use: TriggerUse) -> TriggerUse:
        """Return the use of a trigger that is watched."""

        @asynccontextmanager
        async def open(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AsyncIterator[Trigger]:
            self.happened.append("opened")
            try:
                async with use.provider.open(entries, host) as trigger:
                    yield _WatchedTrigger(trigger, self.happened)
            finally:
                self.happened.append("closed")

        return replace(use, provider=replace(use.provider, open=open))


class _WatchedTrigger:
    """A trigger, and a record of when it starts and ends."""

    def __init__(self, trigger: Trigger, happened: list[str]) -> None:
        self._trigger = trigger
        self._happened = happened

    async def run(self, started: Callable[[], None]) -> None:
        def notes() -> None:
            self._happened.append("started")
            started()

        try:
            await self._trigger.run(notes)
        finally:
            self._happened.append("ended")


class TriggerConformance(Conformance):
    """Every clause. A subclass, whose name begins with ``Test``, has the fixture ``samples``."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def samples(self) -> TriggerSamples:
        """Return the samples."""
        raise NotImplementedError(f"{type(self).__name__} has to give the fixture `samples`")

    async def test_what_happens_starts_an_execution(self, samples: TriggerSamples) -> None:
        async with watched(samples) as it:
            await samples.happen(it.engine)
            assert await it.started(samples.ffqn) == 1

    async def test_each_thing_that_happens_starts_an_execution_of_its_own(self, samples: TriggerSamples) -> None:
        async with watched(samples) as it:
            for count in (1, 2, 3):
                await samples.happen(it.engine)
                assert await it.started(samples.ffqn) == count

    async def test_nothing_is_started_when_nothing_happens(self, samples: TriggerSamples) -> None:
        async with watched(samples) as it:
            await it.engine.quiet()
            assert await it.started(samples.ffqn) == 0

    async def test_it_says_once_that_it_has_started(self, samples: TriggerSamples) -> None:
        async with watched(samples) as it:
            assert it.happened == ["opened", "started"]
            await samples.happen(it.engine)
            assert it.happened == ["opened", "started"]

    async def test_it_ends_when_it_is_told_to_and_not_before(self, samples: TriggerSamples) -> None:
        async with watched(samples) as it:
            await samples.happen(it.engine)
            assert "ended" not in it.happened
        assert it.happened == ["opened", "started", "ended", "closed"]

    async def test_what_is_under_way_may_end_when_it_is_told_to_end(self, samples: TriggerSamples) -> None:
        async with AsyncExitStack() as stack:
            it = await stack.enter_async_context(watched(samples))
            begun = await _begun(samples, it)
            stopping = asyncio.ensure_future(stack.pop_all().aclose())
            await asyncio.wait((stopping,), timeout=LOOK_SECONDS)
            was_there = begun is None or "ended" not in it.happened
            if begun is not None:
                await begun.finish()
                await begun.served
            await stopping
        assert was_there, "it ended before what was under way"
        assert it.happened == ["opened", "started", "ended", "closed"]

    async def test_it_ends_at_once_when_it_is_told_to_a_second_time(self, samples: TriggerSamples) -> None:
        async with watched(samples, grace=Duration(milliseconds=1)) as it:
            begun = await _begun(samples, it)
        assert it.happened == ["opened", "started", "ended", "closed"]
        if begun is not None:
            left = asyncio.ensure_future(begun.served)
            left.cancel()
            await asyncio.wait((left,))

    async def test_it_can_be_opened_again_after_it_ended(self, samples: TriggerSamples) -> None:
        for _ in range(3):
            async with watched(samples) as it:
                await samples.happen(it.engine)
                assert await it.started(samples.ffqn) == 1

    async def test_a_wrong_entry_is_an_error_before_anything_is_opened(self, samples: TriggerSamples) -> None:
        assert samples.wrong
        for toml, text in samples.wrong:
            it = Watched()
            with pytest.raises(ObeliskError) as caught:
                async with watched(samples, toml, it):
                    pass
            assert text in str(caught.value)
            assert it.happened == []

    async def test_what_is_checked_may_be_checked_again(self, samples: TriggerSamples) -> None:
        for toml, text in samples.wrong[:1]:
            for _ in range(2):
                with pytest.raises(ObeliskError, match=re.escape(text)):
                    async with watched(samples, toml):
                        pass
        async with watched(samples) as it:
            await samples.happen(it.engine)
            assert await it.started(samples.ffqn) == 1

    async def test_an_unknown_key_of_a_table_is_an_error_that_names_it(self, samples: TriggerSamples) -> None:
        for table in _provider(samples).tables:
            brackets = ("[[", "]]") if table.array else ("[", "]")
            text = f"{brackets[0]}{table.name}{brackets[1]}\nno_such_key_of_mine = 1\n"
            with pytest.raises(ConfigError, match="no_such_key_of_mine"):
                _config(samples, text)

    async def test_it_is_described_in_one_line(self, samples: TriggerSamples) -> None:
        summary = _provider(samples).summary
        assert summary.strip()
        assert summary.splitlines() == [summary]


@asynccontextmanager
async def watched(
    samples: TriggerSamples, toml: str | None = None, it: Watched | None = None, *, grace: Duration | None = None
) -> AsyncIterator[Watched]:
    """Open an engine with a configuration, that of the samples when there is none, and watch its trigger.

    ``grace`` replaces the time that what is under way has to end when the engine stops.
    """
    it = it or Watched()
    config = _config(samples, samples.toml if toml is None else toml)
    if grace is not None:
        server = replace(config.kernel.server, shutdown_timeout=grace)
        config = replace(config, kernel=replace(config.kernel, server=server))
    uses = tuple(it.watching(use) if use.provider.name == samples.trigger else use for use in config.triggers)
    environ = environment_in(samples.directory, samples.environ)
    engine = Engine(
        replace(config, triggers=uses), clock=samples.clock(), random=random.Random(0).randbytes, environ=environ
    )
    async with engine as it.engine:
        yield it


async def _begun(samples: TriggerSamples, it: Watched) -> UnderWay | None:
    return None if samples.under_way is None else await samples.under_way(it.engine)


def _config(samples: TriggerSamples, toml: str) -> Config:
    environ = environment_in(samples.directory, samples.environ)
    text = f'storage.use = "memory"\n{toml}'
    return config_from_text(text, plugins=_plugins(samples), base=samples.base, environ=environ)


def _provider(samples: TriggerSamples) -> TriggerProvider:
    return _plugins(samples).triggers.get(samples.trigger)


def _plugins(samples: TriggerSamples) -> Plugins:
    environ = environment_in(samples.directory, samples.environ)
    return plugins_of(samples.toml, base=samples.base, environ=environ)
