"""Naming the memory limit as the cause of a trap."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.interfaces.components import Crashed
from obelisk.interfaces.settings import ActivitySettings
from obelisk.interfaces.sources import Artifact
from obelisk.wasm.compile import CodeCache, CompileLimits
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.memory_use import linear_memories, memory_is_used_up, resident
from tests.wasm.bench import LIMITS, MEBIBYTE, Bench, run_activity

HOG = """
(component
  (core module $main
    (memory 1)
    (func (export "grow")
      (local $page i32)
      (loop $more
        (local.set $page (memory.grow (i32.const 1)))
        (if (i32.ne (local.get $page) (i32.const -1))
          (then
            (i32.store (i32.mul (local.get $page) (i32.const 65536)) (i32.const 1))
            (br $more))))
      unreachable)
    (func (export "trap") unreachable))
  (core instance $main (instantiate $main))
  (func $grow (canon lift (core func $main "grow")))
  (func $trap (canon lift (core func $main "trap")))
  (instance $hog (export "grow" (func $grow)) (export "trap" (func $trap)))
  (export "testing:hog/hog" (instance $hog)))
"""


@pytest.fixture
async def hog(bench: Bench, tmp_path: Path):
    cache = CodeCache(tmp_path, bench.engine.settings)
    components = WasmComponents(bench.engine, cache, CompileLimits(), max_size=MEBIBYTE)
    prepared = await components.prepare(Artifact(HOG.encode(), "hog.wat"), "hog")
    yield components.activity(prepared, ActivitySettings(name="hog"))
    components.close()


async def test_a_guest_that_gives_up_with_all_memory_in_use_is_told_the_limit(hog):
    end = await run_activity(hog, "testing:hog/hog.grow")
    assert isinstance(end, Crashed)
    limit = f"the memory limit of {LIMITS.memory} bytes is used up"
    assert end.reason == f"activity trap: {limit}: wasm `unreachable` instruction executed"


async def test_a_guest_that_traps_with_memory_left_is_not(hog):
    end = await run_activity(hog, "testing:hog/hog.trap")
    assert isinstance(end, Crashed)
    assert end.reason == "activity trap: wasm `unreachable` instruction executed"
    assert end.detail is not None and end.detail.endswith(f"limits: memory {LIMITS.memory} bytes")


async def test_a_guest_that_traps_in_the_place_of_one_that_used_all_memory_is_not(hog):
    await run_activity(hog, "testing:hog/hog.grow")
    end = await run_activity(hog, "testing:hog/hog.trap")
    assert isinstance(end, Crashed)
    assert end.reason == "activity trap: wasm `unreachable` instruction executed"


def test_a_memory_is_what_can_be_written_before_a_large_reservation():
    maps = """\
7f0000000000-7f0000100000 rw-s 00000000 00:01 5 /memfd:image
7f0000100000-7f0000300000 rw-p 00000000 00:00 0
7f0000300000-7f0100000000 ---p 00000000 00:00 0
7f0200000000-7f0200100000 rw-p 00000000 00:00 0
7f0200100000-7f0200101000 ---p 00000000 00:00 0
7f0300000000-7f0300100000 r--p 00000000 00:00 0
"""
    assert list(linear_memories(maps)) == [range(0x7F0000000000, 0x7F0000300000)]


def test_what_is_resident_of_a_memory_is_that_of_its_parts():
    sizes = """\
7f0000000000-7f0000100000 rw-s 00000000 00:01 5 /memfd:image
Size:               1024 kB
Rss:                  64 kB
VmFlags: rd wr
7f0000100000-7f0000300000 rw-p 00000000 00:00 0
Rss:                   8 kB
7f0000300000-7f0100000000 ---p 00000000 00:00 0
Rss:                   4 kB
"""
    assert resident(sizes, range(0x7F0000000000, 0x7F0000300000)) == 72 * 1024


def test_without_a_guest_no_memory_is_used_up():
    assert not memory_is_used_up(1 << 40)
