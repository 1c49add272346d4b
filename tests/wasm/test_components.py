"""Opening components: checked, compiled once, linked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from obelisk.errors import ComponentError
from obelisk.interfaces.components import Returned
from obelisk.interfaces.settings import ActivitySettings, Duration, Size
from obelisk.interfaces.sources import Artifact
from obelisk.wasm import components as components_module
from obelisk.wasm.compile import CodeCache, CompileLimits
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.settings import EngineSettings
from tests.wasm.bench import GUESTS, LIMITS, SPIN, run_activity

COMPILING = CompileLimits(timeout=Duration(minutes=1), memory=Size(4 * 1024**3))
EMPTY = "(component)"


@pytest.fixture
async def components(tmp_path: Path) -> AsyncIterator[WasmComponents]:
    engine = WasmEngine(EngineSettings(fuel=False), limits=LIMITS, loop=asyncio.get_running_loop())
    yield (
        opened := WasmComponents(engine, CodeCache(tmp_path / "code", engine.settings), COMPILING, max_size=1024 * 1024)
    )
    opened.close()
    engine.close()


def artifact(text: str) -> Artifact:
    return Artifact(text.encode(), "here.wat")


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """How many components each compilation was for."""
    batches: list[int] = []
    original = CodeCache.compile_missing

    async def counted(self, jobs, limits):
        batches.append(len(jobs))
        await original(self, jobs, limits)

    monkeypatch.setattr(CodeCache, "compile_missing", counted)
    return batches


async def test_a_component_is_compiled_reflected_and_run(components):
    prepared = await components.prepare(artifact((GUESTS / "spin.wat").read_text()), "spin")
    assert prepared.digest.startswith("sha256:")
    assert [interface.name for interface in prepared.world.exports] == ["testing:spin/spin"]
    activity = components.activity(prepared, ActivitySettings(name="spin"))
    assert activity.component.id.component_digest == prepared.digest
    assert await run_activity(activity, SPIN + "spin", 1) == Returned(1)


async def test_components_that_are_opened_together_are_compiled_together(components, batches):
    texts = [EMPTY, '(component (instance $i) (export "a:b/c" (instance $i)))', EMPTY]
    prepared = await asyncio.gather(*(components.prepare(artifact(text), "one") for text in texts))
    assert prepared[0].digest == prepared[2].digest != prepared[1].digest
    assert batches == [2]


async def test_a_component_that_was_compiled_is_not_compiled_again(components, batches):
    for _ in range(2):
        await components.prepare(artifact(EMPTY), "one")
    assert batches == [1]


async def test_text_and_its_binary_are_one_component(components, batches):
    await components.prepare(artifact(EMPTY), "one")
    await components.prepare(Artifact(b"\0asm\x0d\0\x01\0", "there.wasm"), "two")
    assert batches == [1]


async def test_large_text_is_assembled_off_the_loop(components, monkeypatch):
    monkeypatch.setattr(components_module, "SMALL", 1)
    prepared = await components.prepare(artifact(EMPTY), "one")
    assert prepared.world.exports == ()


@pytest.mark.parametrize("small", [1, 64 * 1024])
async def test_a_core_module_is_refused_with_its_name_and_origin(components, monkeypatch, small):
    monkeypatch.setattr(components_module, "SMALL", small)
    with pytest.raises(ComponentError, match=r"component `one` \(here\.wat\): a core WebAssembly module"):
        await components.prepare(artifact("(module)"), "one")


async def test_a_component_above_the_size_is_refused(components):
    with pytest.raises(ComponentError, match="more than the 1048576 that a component may have"):
        await components.prepare(Artifact(bytes(1024 * 1024 + 1), "here.wasm"), "one")


async def test_a_broken_component_is_refused_by_its_name(components):
    with pytest.raises(ComponentError, match="component `broken`"):
        await components.prepare(Artifact(b"\0asm\x0d\0\x01\0garbage", "there.wasm"), "broken")


async def test_a_broken_component_does_not_harm_the_one_that_is_opened_beside_it(components):
    broken = Artifact(b"\0asm\x0d\0\x01\0garbage", "there.wasm")
    results = await asyncio.gather(
        components.prepare(broken, "broken"), components.prepare(artifact(EMPTY), "fine"), return_exceptions=True
    )
    assert isinstance(results[0], ComponentError)
    assert not isinstance(results[1], BaseException)
