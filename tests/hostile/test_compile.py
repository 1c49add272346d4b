"""Components that are made to cost their compiler: refused within limits, in a process of its own, while the loop turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from obelisk.errors import ComponentError
from obelisk.interfaces.settings import Duration, Size
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.reflect import MAX_TYPE_NODES, world_of
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wit.model import World

MEBIBYTE = 1 << 20
LIMITS = CompileLimits(timeout=Duration(seconds=2), memory=Size(1024 * MEBIBYTE))
SETTINGS = EngineSettings(fuel=False)
LONGEST_PAUSE = 1.0
"""How long the loop may stand still on a machine that is busy otherwise; the component would take many times as long."""


def slow_code() -> str:
    """Return a function whose registers are hard to give out: half a minute of processor time."""
    steps = "".join(
        f"(if (local.get 0) (then (local.set {1 + i % 200} (local.get {1 + i * 7 % 200}))))" for i in range(30_000)
    )
    code = f"(func (param i32) (local {'i32 ' * 200}) {steps})"
    return f"(component (core module {code} {code} {code}))"


def using(types: str, last: int) -> str:
    """Return a component with a function that takes the type ``$t<last>``."""
    function = '(export "f" (func (param "x" $x)))'
    return f'(component {types} (import "a:b/c" (instance (alias outer 1 $t{last} (type $x)) {function})))'


def deep_type(depth: int) -> str:
    """Return a list of lists of lists."""
    types = "".join(f"(type $t{i} (list $t{i - 1}))" for i in range(1, depth))
    return using("(type $t0 (list u8))" + types, depth - 1)


def wide_type(doublings: int) -> str:
    """Return a tuple of two tuples of two tuples: a line for each doubling."""
    types = "".join(f"(type $t{i} (tuple $t{i - 1} $t{i - 1}))" for i in range(1, doublings))
    return using("(type $t0 (tuple u8 u8))" + types, doublings - 1)


def many_functions(count: int) -> str:
    functions = "".join(f'(export "f{number}" (func))' for number in range(count))
    return f'(component (import "a:b/c" (instance {functions})))'


def many_interfaces(count: int) -> str:
    interfaces = "".join(f'(import "a:b/c{number}" (instance))' for number in range(count))
    return f"(component {interfaces})"


def many_parameters(count: int) -> str:
    parameters = "".join(f'(param "x{number}" u8)' for number in range(count))
    return f'(component (import "f" (func {parameters})))'


NAMES = r"\01\c5\9a\0c\01\00\c0\9a\0c"
"""How names of functions begin of which the only one, that of the first function, takes 200,000 bytes."""
REFUSED = {
    "deep type": (deep_type(150), "type nesting is too deep"),
    "wide type": (wide_type(40), "effective type size exceeds the limit"),
    "type of many parts": (wide_type(18), f"types have more than {MAX_TYPE_NODES} parts"),
    "many functions": (many_functions(12_000), "interfaces have more than 10000 functions and types"),
    "many interfaces": (many_interfaces(5000), "instances count exceeds limit"),
    "long name": ('(component (import "a:b/' + "c" * 200_000 + '" (instance)))', "string size out of bounds"),
    "long function name": (
        '(component (core module (func (@name "' + "x" * 200_000 + '"))))',
        "`name` section has a name of 200000 bytes, expected at most 100000; strip it",
    ),
    "long function name before what cannot be read": (
        '(component (core module (func) (@custom "name" "' + NAMES + "x" * 200_000 + '\\02")))',
        "`name` section has a name of 200000 bytes, expected at most 100000; strip it",
    ),
    "many parameters": (many_parameters(1001), "parameters size is out of bounds"),
    "many locals": (f"(component (core module (func (local {'i64 ' * 60_000}))))", "too many locals"),
    "long jump table": (
        f"(component (core module (func (param i32) (block (br_table {'0 ' * 70_000}(local.get 0))))))",
        "br_table` has 69999 targets",
    ),
    # Which of the two bounds it meets first depends on the machine.
    "slow code": (slow_code(), "if you trust the component raise `"),
}
ACCEPTED = {
    "deep type": deep_type(60),
    "deep blocks": f"(component (core module (func {'(block ' * 20_000}{')' * 20_000})))",
    "scattered memory": '(component (core module (memory 65536) (data (i32.const 0) "a") (data (i32.const -2) "b")))',
    "nested components": "(component " * 100 + ")" * 100,
}


@pytest.fixture
def cache(tmp_path: Path) -> CodeCache:
    return CodeCache(tmp_path, SETTINGS)


@asynccontextmanager
async def turning_loop() -> AsyncIterator[None]:
    """Check that the loop turns meanwhile."""
    pauses = [0.0]

    async def watch() -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            pauses.append(now - before)
            before = now

    watching = asyncio.create_task(watch())
    yield
    watching.cancel()
    assert max(pauses) < LONGEST_PAUSE


async def opened(cache: CodeCache, text: str, limits: CompileLimits) -> World:
    binary = binary_of(text.encode(), origin="a bomb", max_size=64 * MEBIBYTE)
    job, engine = CompileJob(digest_of(binary), binary, "a bomb"), new_engine(SETTINGS)
    async with turning_loop():
        components = await cache.components(engine, [job], limits)
    return world_of(components[job.digest], engine)


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
async def test_it_is_refused_with_a_reason_while_the_loop_turns(cache: CodeCache, text: str, reason: str):
    before = psutil.Process().memory_info().rss
    with pytest.raises(ComponentError) as raised:
        await opened(cache, text, LIMITS)
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 10_000
    assert psutil.Process().memory_info().rss - before < 256 * MEBIBYTE


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
async def test_what_only_looks_expensive_is_opened(cache: CodeCache, text: str):
    assert await opened(cache, text, CompileLimits(timeout=Duration(seconds=60)))


async def test_code_that_takes_too_much_memory_ends_its_compiler_only(cache: CodeCache):
    binary = binary_of(slow_code().encode(), origin="a bomb", max_size=64 * MEBIBYTE)
    limits = CompileLimits(timeout=Duration(seconds=20), memory=Size(160 * MEBIBYTE))
    with pytest.raises(ComponentError, match=r"raise `memory` in \[wasm\.compile\]|the process that compiled it"):
        await cache.compile_missing([CompileJob(digest_of(binary), binary, "a bomb")], limits)


def test_two_hundred_megabytes_of_zeros_are_not_taken_for_text():
    with pytest.raises(ComponentError, match="neither a WebAssembly binary, it begins with the bytes 00 00"):
        binary_of(bytes(200 * MEBIBYTE), origin="zeros", max_size=256 * MEBIBYTE)
