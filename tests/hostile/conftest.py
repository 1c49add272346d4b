"""Engines with one hostile component each, and one that minds its business."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from obelisk.testing.engine import EngineHarness, engine_harness
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob
from obelisk.wasm.settings import EngineSettings
from tests.hostile.table import GUESTS, Case, Role
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, LATE, ROOT, activity, one_collection, workflow

__all__ = ["one_collection"]
MAX_SIZE = 1 << 20
Open = Callable[[Case], AbstractAsyncContextManager[EngineHarness]]


@pytest.fixture(scope="session")
def code_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


@pytest.fixture
def open_beside(tmp_path: Path, code_cache: Path) -> Open:
    """Open an engine with the component of a case, and a healthy workflow with its activity."""

    @asynccontextmanager
    async def open_one(case: Case) -> AsyncIterator[EngineHarness]:
        await compile_all(code_cache, fuel="fuel" in case.keys)
        toml = (
            f'storage.use = "memory"\ntimers_watcher.tick_sleep = "{LATE}"\nserver.shutdown_timeout = "50ms"\n'
            f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{FIBO}{FIBO_WORKFLOW}{hostile(case)}'
        )
        async with engine_harness(toml, base=ROOT, directory=tmp_path) as harness:
            yield harness

    return open_one


def hostile(case: Case) -> str:
    if case.role is Role.ACTIVITY:
        return activity("hostile", str(case.path), f'max_retries = 0\nexec.lock_expiry = "10s"\n{case.keys}')
    return workflow("hostile", str(case.path), f'exec.lock_expiry = "10s"\n{case.keys}')


async def compile_all(cache: Path, *, fuel: bool) -> None:
    """Compile all guests in one process, unless that was done."""
    paths = [*GUESTS.glob("*.wat"), *(ROOT / "examples/wat").glob("fibo*.wat")]
    binaries = [binary_of(path.read_bytes(), origin=path.name, max_size=MAX_SIZE) for path in sorted(paths)]
    jobs = [CompileJob(digest_of(binary), binary, "a guest") for binary in binaries]
    await CodeCache(cache, EngineSettings(fuel=fuel)).compile_missing(jobs)
