"""Triggers: when they are opened, what becomes of one that fails, and how they stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from obelisk.api.verifying import verify
from obelisk.config.load import config_from_text
from obelisk.config.model import TriggerUse
from obelisk.errors import ConfigError, ObeliskError, PluginError, ServerError
from obelisk.interfaces.triggers import TriggerProvider
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, ROOT, Open
from tests.runtime.lending import Lender
from tests.runtime.scripting import FIBO_CALL, reaches

SECOND = timedelta(seconds=1)


async def passes(harness: EngineHarness, by: timedelta) -> None:
    harness.clock.advance(by)
    await harness.settle()


async def test_a_trigger_is_opened_when_everything_else_runs(open_engine: Open):
    lender = Lender()
    async with open_engine(FIBO, triggers=[lender.use]) as harness:
        host = lender.host
        submission = await host.executions.submit(Ffqn(FIBO_CALL), [10])
        assert (await harness.result(submission.execution_id)).ok.value == 55
        assert [component.id.name for component in host.components.list()] == ["fibo"]
        assert host.calls.check(Ffqn(FIBO_CALL), [10]) == [10]
        assert host.base == ROOT
        assert await host.fetch("examples/wat/fibo_activity.wat")
        assert host.host.clock is harness.clock
    assert not lender.is_open


@pytest.mark.parametrize("error", [ServerError("port 80 is taken"), ConfigError("no such zone"), RuntimeError("bug")])
async def test_a_trigger_that_cannot_start_fails_the_start(open_engine: Open, error: Exception):
    good, bad = Lender(), Lender()
    bad.fails_at_start = error
    with pytest.raises(type(error), match=str(error)):
        async with open_engine(triggers=[good.use, bad.use]):
            pass
    assert not good.is_open
    assert not bad.is_open


async def test_a_trigger_that_ends_before_it_started_fails_the_start(open_engine: Open):
    class Idle:
        async def run(self, started: Callable[[], None]) -> None:
            pass

    @asynccontextmanager
    async def opening(entries, host):
        yield Idle()

    use = TriggerUse(TriggerProvider("idle", "Does nothing.", (), opening), ())
    with pytest.raises(PluginError, match="`idle` ended before it had started"):
        async with open_engine(triggers=[use]):
            pass


async def test_a_trigger_that_dies_is_opened_again(open_engine: Open, caplog: pytest.LogCaptureFixture):
    lender = Lender()
    async with open_engine(triggers=[lender.use]) as harness:
        lender.fails.set_exception(RuntimeError("a bug"))
        await reaches(lambda: not lender.is_open)
        await harness.settle()
        assert "`lender` ended unexpectedly; it is opened again in 1 s" in caplog.text
        assert "a bug" in caplog.text
        await passes(harness, SECOND / 2)
        assert lender.opened == 1
        await passes(harness, SECOND / 2)
        assert (lender.opened, lender.is_open) == (2, True)


async def test_the_pause_before_a_trigger_is_opened_again_doubles(open_engine: Open):
    lender = Lender()
    async with open_engine(triggers=[lender.use]) as harness:
        pauses = []
        for _ in range(8):
            opened, waited = lender.opened, 0
            lender.fails.set_result(None)
            await harness.settle()
            while lender.opened == opened:
                waited += 1
                await passes(harness, SECOND)
            pauses.append(waited)
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
        await passes(harness, timedelta(minutes=2))
        lender.fails.set_exception(ServerError("the network is gone"))
        await harness.settle()
        await passes(harness, SECOND)
        assert lender.opened == 10


async def test_a_trigger_that_cannot_be_opened_again_is_tried_until_it_can(open_engine: Open):
    lender = Lender()
    async with open_engine(triggers=[lender.use]) as harness:
        lender.fails_at_start = ServerError("port 80 is taken")
        lender.fails.set_result(None)
        await harness.settle()
        await passes(harness, SECOND)
        assert (lender.opened, lender.is_open) == (2, False)
        lender.fails_at_start = None
        await passes(harness, 2 * SECOND)
        assert (lender.opened, lender.is_open) == (3, True)


async def test_a_trigger_stops_while_the_engine_still_works(open_engine: Open):
    results = []

    async def drain() -> None:
        submission = await lender.host.executions.submit(Ffqn(FIBO_CALL), [10])
        results.append(await lender.host.executions.wait(submission.execution_id))

    lender = Lender(drain)
    async with open_engine(FIBO, triggers=[lender.use]):
        pass
    assert results[0].result.ok.value == 55
    assert not lender.is_open


async def test_a_trigger_that_does_not_stop_in_time_is_cancelled_again(open_engine: Open):
    ended = []

    async def drain() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    lender = Lender(drain)
    async with open_engine(triggers=[lender.use]):
        pass
    assert ended == [True]
    assert not lender.is_open


async def test_an_engine_ends_whatever_a_trigger_does(open_engine: Open, caplog: pytest.LogCaptureFixture):
    over = asyncio.Event()

    async def drain() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    lender = Lender(drain)
    try:
        async with open_engine(triggers=[lender.use]):
            pass
        assert "the trigger `lender` does not end" in caplog.text
    finally:
        over.set()
    await reaches(lambda: not lender.is_open)


# --- checks ---


def checking(*problems: ObeliskError) -> tuple[TriggerUse, list[object]]:
    """A trigger whose check finds problems, and what its check was handed."""
    hosts: list[object] = []

    async def check(entries, host):
        hosts.append(host)
        for problem in problems:
            raise problem

    return TriggerUse(TriggerProvider("checked", "Is checked.", (), Lender().use.provider.open, check=check), ()), hosts


async def test_what_a_check_finds_fails_the_start_before_there_is_a_database(open_engine: Open, tmp_path: Path):
    uses = [checking(ConfigError(f"`cron[{name}].schedule`: bad"))[0] for name in "ab"]
    with pytest.raises(ConfigError) as caught:
        async with open_engine(FIBO, triggers=uses):
            pass
    assert str(caught.value).splitlines() == ["`cron[a].schedule`: bad", "`cron[b].schedule`: bad"]
    assert not (tmp_path / "data" / "obelisk-sqlite").exists()


async def test_verify_checks_triggers_too(tmp_path: Path, code_cache: Path):
    toml = f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{FIBO}'
    environ = {"OBELISK_DATA_DIR": str(tmp_path / "data"), "OBELISK_CACHE_DIR": str(tmp_path / "cache")}
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=ROOT, environ=environ)
    use, hosts = checking()
    await verify(replace(config, triggers=(use,)))
    (host,) = hosts
    assert host.calls.check(Ffqn(FIBO_CALL), [10]) == [10]
    with pytest.raises(ConfigError, match="bad"):
        await verify(replace(config, triggers=(checking(ConfigError("bad"))[0],)))


async def test_a_check_without_a_problem_lets_the_engine_start(open_engine: Open, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.ERROR)
    use, hosts = checking()
    lender = Lender()
    async with open_engine(FIBO, triggers=[TriggerUse(use.provider, ()), lender.use]):
        assert len(hosts) == 1
    assert not caplog.records
