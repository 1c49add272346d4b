"""Each hostile guest ends as the table says, while a healthy workflow goes on beside it."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from obelisk.core.events import ExecutionResult, FailureKind
from obelisk.ids import ExecutionId
from obelisk.testing.engine import EngineHarness
from tests.guests.build import CODE, built
from tests.hostile.conftest import Open
from tests.hostile.table import CASES, GUESTS, Case, check

FIBOA = "testing:fibo-workflow/workflow.fiboa"
PROMPT = 5.0
"""How long, in seconds, the healthy workflow may take on a machine that is busy otherwise."""
PATIENCE = 30.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_it_ends_as_documented_and_others_go_on(open_beside: Open, case: Case):
    async with open_beside(case) as harness:
        hostile = await harness.submit(case.ffqn, *case.params)
        await healthy(harness)
        check(case, await end_of(harness, hostile, case))
        await healthy(harness)


async def healthy(harness: EngineHarness) -> None:
    began = time.monotonic()
    finished = await asyncio.wait_for(harness.engine.executions.wait(await harness.submit(FIBOA, 10, 5)), PATIENCE)
    assert finished.result.ok.value == 55
    assert time.monotonic() - began < PROMPT


async def end_of(harness: EngineHarness, execution: ExecutionId, case: Case) -> ExecutionResult:
    """Return how it ended; the lock of what would not end by itself expires."""
    if case.kind is FailureKind.TIMED_OUT:
        assert not (await harness.engine.executions.get(execution)).is_finished
        harness.clock.advance(timedelta(seconds=11))
    async with asyncio.timeout(PATIENCE):
        return (await harness.engine.executions.wait(execution)).result


def test_every_guest_has_its_place_in_the_table():
    assert {path.stem for path in GUESTS.glob("*.wat")} == {case.guest for case in CASES}


def test_every_guest_is_its_source():
    texts = {path.name: path.read_text(encoding="utf-8") for path in GUESTS.rglob("*.wat")}
    with_source = {name: text for name, text in texts.items() if CODE in text}
    assert with_source
    for name, text in with_source.items():
        assert built(text) == text, f"run: python -m tests.guests.build tests/guests/hostile/{name}"
