"""Guests that ask for too much of WASI: they end with a cause, and everybody else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from obelisk.core.events import FailureKind
from tests.wasi.probing import Probe, open_probe

OTHERS = 8


@pytest.fixture
async def hurried(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[Probe]:
    """An engine whose runs may take a second and a half."""
    async with open_probe(wasi_probe, tmp_path, keys='memory = "64MiB"', lock_expiry="1500ms") as probe:
        yield probe


@pytest.mark.parametrize(
    "script",
    [
        "while True: print('a line of text')",
        "while True: sys.stdout.write('x' * 4096)",
        "stream = stderr.get_stderr()\nwhile True: stream.blocking_write_and_flush(b'\\n' * 4096)",
        "while True: monotonic_clock.now()",
        "while True: random.get_random_bytes(1 << 16)",
        "while True: monotonic_clock.subscribe_duration(0).block()",
        "stdin.get_stdin()\nmonotonic_clock.subscribe_duration(2**63).block()",
    ],
    ids=["lines", "one line", "empty lines", "clock", "random bytes", "poll", "sleep"],
)
async def test_who_calls_the_host_for_ever_is_timed_out_while_others_go_on(hurried: Probe, script: str):
    endless = await hurried.submit(script)
    for number in range(OTHERS):
        assert await hurried.run(f"result = {number}") == number
    assert not (await hurried.engine.executions.get(endless)).is_finished
    failure = (await hurried.engine.executions.wait(endless)).result.execution_failure
    assert getattr(failure, "kind", None) is FailureKind.TIMED_OUT


async def test_memory_beyond_the_limit_is_an_error_of_the_language(hurried: Probe):
    assert (await hurried.error("held = bytearray(1 << 27)")).startswith("MemoryError")


async def test_deep_recursion_is_an_error_of_the_language(hurried: Probe):
    assert (await hurried.error("def deeper(): return deeper() + 1\ndeeper()")).startswith("RecursionError")


async def test_a_run_that_is_cancelled_while_it_waits_ends_at_once(hurried: Probe):
    waiting = await hurried.submit("monotonic_clock.subscribe_duration(2**62).block()")
    await hurried.engine.executions.cancel(waiting)
    failure = (await hurried.engine.executions.wait(waiting)).result.execution_failure
    assert getattr(failure, "kind", None) is FailureKind.CANCELLED
