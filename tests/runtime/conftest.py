"""Engines for tests of the runtime: real components, both storages, virtual time."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from obelisk.builtin import memory_storage
from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.config.model import Chosen, TriggerUse
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Provider
from obelisk.runtime.garbage import GarbageCollector
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness, engine_harness

ROOT = Path(__file__).resolve().parents[2]
LATE = "365d"

Exporting = Chosen[Provider[Any, Exporter]]
Open = Callable[..., AbstractAsyncContextManager[EngineHarness]]


def component(table: str, name: str, location: str, extra: str = "") -> str:
    # In virtual time, looking for other processes' work would be all that happens.
    return f'[[{table}]]\nname = "{name}"\nlocation = "{location}"\nexec.tick_sleep = "{LATE}"\n{extra}\n'


def activity(name: str, location: str, extra: str = "") -> str:
    return component("activity_wasm", name, location, extra)


def workflow(name: str, location: str, extra: str = "") -> str:
    return component("workflow_wasm", name, location, extra)


FIBO = activity("fibo", "examples/wat/fibo_activity.wat")
FIBO_WORKFLOW = workflow("fibo-workflow", "examples/wat/fibo_workflow.wat")
OUTER_WORKFLOW = workflow("fibo-workflow-outer", "examples/wat/fibo_workflow_outer.wat")
SPIN = activity("spin", "tests/guests/spin.wat", 'exec.lock_expiry = "60s"')


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_engine(storage: str, tmp_path: Path, code_cache: Path) -> Open:
    """Open an engine on this test's storage; opened again it finds the same data, and draws other ids."""
    seeds = itertools.count()

    def open_one(
        *tables: str, kernel: str = "", clock: ManualClock | None = None, triggers: Sequence[TriggerUse] = (),
        exporters: Sequence[Exporting] = (), server: str = "",
    ) -> AbstractAsyncContextManager[EngineHarness]:  # fmt: skip
        toml = (
            f'[storage]\nuse = "{storage}"\n[timers_watcher]\ntick_sleep = "{LATE}"\n'
            f'[server]\nshutdown_timeout = "50ms"\n{server}\n[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{kernel}\n'
            + "".join(tables)
        )
        seed = next(seeds)
        return engine_harness(
            toml, base=ROOT, directory=tmp_path, clock=clock, seed=seed, triggers=triggers, exporters=exporters
        )

    return open_one


@pytest.fixture
def reopen(open_engine: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """As ``open_engine``, and what is in memory outlives an engine as a file does."""

    class Kept(MemoryStorage):
        def close(self) -> None:
            pass

    kept = Kept()
    monkeypatch.setattr(memory_storage, "MemoryStorage", lambda: kept)
    return open_engine


@pytest.fixture(scope="module", autouse=True)
def one_collection() -> Iterator[None]:
    """Collect garbage once for the engines of a module, and not for each: it takes longer than most tests."""
    collector = GarbageCollector()
    collector.take_over()
    yield
    collector.give_back()


@pytest.fixture(scope="session")
def code_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


@pytest.fixture
async def fibo(open_engine: Open) -> AsyncIterator[EngineHarness]:
    """An engine with the fibonacci components."""
    async with open_engine(FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW) as harness:
        yield harness
