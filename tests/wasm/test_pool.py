"""Guests that are soon over have places that are kept, and find nothing of who was there before."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from wasmtime.component import Component as CompiledComponent

from obelisk.interfaces.components import Returned
from obelisk.interfaces.settings import ActivitySettings
from obelisk.interfaces.sources import Artifact
from obelisk.names import Ffqn
from obelisk.wasm import pool as pool_module
from obelisk.wasm.activity import WasmActivity, is_recorded
from obelisk.wasm.artifact import binary_of
from obelisk.wasm.compile import CodeCache, CompileLimits
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.engine import Running
from obelisk.wasm.guest import Poll
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.memory_use import KEPT_BYTES
from obelisk.wasm.pool import MAX_MEMORY, PLACES, Sizes, open_pool
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings
from tests.wasm.bench import LIMITS, MEBIBYTE, Bench, run_activity

SIZE = 4 * KEPT_BYTES
"""Of the memory: a place keeps a part of it, the rest is given back to the system."""
KEEPER = f"""
(component
  (core module $main
    (memory 4)
    (table 100 200 funcref)
    (global $left (mut i32) (i32.const 0))
    (elem declare func $look)
    (func $look (export "look") (result i32)
      (local $at i32) (local $found i32)
      (local.set $found (i32.add (global.get $left) (i32.sub (memory.size) (i32.const 4))))
      (loop $next
        (local.set $found (i32.or (local.get $found) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const {SIZE}))))
      (if (i32.eqz (ref.is_null (table.get (i32.const 7)))) (then (local.set $found (i32.const 99))))
      (local.get $found))
    (func (export "leave")
      (memory.fill (i32.const 0) (i32.const 1) (i32.const {SIZE}))
      (drop (memory.grow (i32.const 3)))
      (table.set (i32.const 7) (ref.func $look))
      (global.set $left (i32.const 1)))
    (func (export "spin") (result i32)
      (local $left i32)
      (local.set $left (i32.const 100000000))
      (loop $next
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (local.get $left)))
      (i32.const 3)))
  (core instance $main (instantiate $main))
  (func $look (result u32) (canon lift (core func $main "look")))
  (func $leave (canon lift (core func $main "leave")))
  (func $spin (result u32) (canon lift (core func $main "spin")))
  (instance $keeper (export "look" (func $look)) (export "leave" (func $leave)) (export "spin" (func $spin)))
  (export "testing:keeper/keeper" (instance $keeper)))
"""
MANY_MEMORIES = f"""
(component
  (core module $main {"(memory 1)" * 6} (func (export "look") (result i32) (i32.const 4)))
  (core instance $main (instantiate $main))
  (func $look (result u32) (canon lift (core func $main "look")))
  (instance $keeper (export "look" (func $look)))
  (export "testing:keeper/keeper" (instance $keeper)))
"""
NAME = "testing:keeper/keeper."


@pytest.fixture
def keeper(bench: Bench) -> LinkedComponent:
    return linked(bench, KEEPER)


def linked(bench: Bench, text: str) -> LinkedComponent:
    assert bench.engine.pool is not None
    binary = binary_of(text.encode(), origin="keeper", max_size=MEBIBYTE)
    compiled, pooled = (CompiledComponent(each, binary) for each in (bench.engine.engine, bench.engine.pool.engine))
    world = world_of(compiled, bench.engine.engine)
    bench._linked[text] = bench.engine.link(compiled, world, recorded=is_recorded, pooled=pooled)
    return bench._linked[text]


def taken(bench: Bench) -> int:
    assert bench.engine.pool is not None
    return bench.engine.pool.places.taken


def brief(bench: Bench, component: LinkedComponent, function: str, memory: int = LIMITS.memory) -> Running:
    export, limits = component.export(Ffqn(NAME + function)), replace(LIMITS, memory=memory)
    running = bench.engine.new_guest(component, export, [], limits=limits, brief=True)
    bench._running.append(running)
    return running


async def ended(bench: Bench, running: Running) -> object:
    assert await bench.run(running) is Poll.ENDED
    assert running.guest.error is None
    result = running.guest.result
    running.release()
    return result


async def test_a_brief_guest_has_a_place_until_it_is_closed(bench: Bench, keeper: LinkedComponent):
    running = brief(bench, keeper, "look")
    assert taken(bench) == 1
    running.release()
    assert taken(bench) == 0


async def test_a_guest_finds_nothing_of_those_who_had_its_place(bench: Bench, keeper: LinkedComponent):
    for _ in range(2 * PLACES):
        assert await ended(bench, brief(bench, keeper, "look")) == 0
        await ended(bench, brief(bench, keeper, "leave"))


async def test_more_guests_than_places_run_at_once(bench: Bench, keeper: LinkedComponent):
    guests = [brief(bench, keeper, "look") for _ in range(PLACES + 5)]
    assert taken(bench) == PLACES
    assert [await bench.run(running) for running in guests] == [Poll.ENDED] * len(guests)
    assert [running.guest.error for running in guests] == [None] * len(guests)


async def test_a_guest_that_is_not_brief_takes_no_place(bench: Bench, keeper: LinkedComponent):
    bench._running.append(bench.engine.new_guest(keeper, keeper.export(Ffqn(NAME + "look")), []))
    assert taken(bench) == 0


async def test_a_guest_whose_memory_may_grow_beyond_a_place_takes_none(bench: Bench, keeper: LinkedComponent):
    assert await ended(bench, brief(bench, keeper, "look", memory=MAX_MEMORY + 1)) == 0
    brief(bench, keeper, "look", memory=MAX_MEMORY + 1)
    assert taken(bench) == 0


async def test_a_guest_that_computes_in_its_place_yields(bench: Bench, keeper: LinkedComponent):
    running = brief(bench, keeper, "spin")
    back: list[Poll] = []
    assert bench.engine.run(running, back.append) is None
    running.release()
    await bench.emptied()
    assert (back, taken(bench)) == ([], 0)


async def opened(bench: Bench, directory: Path, text: str) -> WasmActivity:
    cache = CodeCache(directory, bench.engine.settings)
    components = WasmComponents(bench.engine, cache, CompileLimits(), max_size=MEBIBYTE)
    prepared = await components.prepare(Artifact(text.encode(), "keeper.wat"), "keeper")
    return components.activity(prepared, ActivitySettings(name="keeper"))


async def test_an_activity_runs_in_a_place_by_the_code_that_is_cached(bench: Bench, tmp_path: Path):
    activity = await opened(bench, tmp_path, KEEPER)
    assert activity._linked.pooled is not None
    assert await run_activity(activity, NAME + "look") == Returned(0)


async def test_a_component_that_needs_more_than_a_place_runs_without(bench: Bench, tmp_path: Path):
    activity = await opened(bench, tmp_path, MANY_MEMORIES)
    assert activity._linked.pooled is None
    assert await run_activity(activity, NAME + "look") == Returned(4)


def test_there_is_no_pool_where_the_address_space_has_no_room_for_it():
    assert not pool_module._can_be_mapped(1 << 47)
    assert open_pool(EngineSettings(fuel=False), replace(LIMITS, table_elements=1 << 44)) is None


def test_there_is_a_pool_for_the_limits_of_the_tests():
    assert Sizes.of(EngineSettings(fuel=False), LIMITS).fit
