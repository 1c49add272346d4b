"""Settings of the kernel that only the engine can keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.core.events import TypedValue
from obelisk.testing.engine import engine_harness
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, ROOT, Open
from tests.runtime.test_commits import watch

CONCURRENT = "testing:fibo-workflow/workflow.fiboa-concurrent"


async def test_after_so_many_events_a_workflow_hands_its_turn_in(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel="[workflows]\nmax_events_per_run = 6") as harness:
        watched = watch(harness)
        assert (await harness.call(CONCURRENT, 10, 40)).ok == TypedValue("u64", 55)
        assert max(len(write.entries) for batch in watched.batches for write in batch.writes) < 12


@pytest.mark.parametrize("enabled", ["true", "false"])
async def test_compiled_code_is_kept_only_when_the_cache_is_enabled(tmp_path: Path, enabled: str):
    toml = f'[storage]\nuse = "memory"\n[wasm.codegen_cache]\nenabled = {enabled}\n' + FIBO
    async with engine_harness(toml, base=ROOT, directory=tmp_path) as harness:
        assert (await harness.call("testing:fibo/fibo.fibo", 10)).ok == TypedValue("u64", 55)
    assert bool(list((tmp_path / "cache").rglob("*.cwasm"))) is (enabled == "true")
