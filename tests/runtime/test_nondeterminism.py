"""A workflow that asks for something else than its log holds fails, says what it did, and leaves nothing open."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.core.events import ExecutionFailure, FailureKind
from obelisk.ids import ExecutionId
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.builds import DRAWS_FIRST, HAS_NO_STOP, LOGS, STOPS_AT_ONCE, TRAPS_AT_ONCE, Change, build, operations
from tests.runtime.conftest import Open
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    TEXT,
    child,
    crash,
    failure,
    is_open,
    responders,
    start,
    trace_of,
)
from tests.scripts import RUN, Op

SLEEP = scripts.sleep(hours=1)
BEGIN = [scripts.create(), scripts.submit(0, TEXT, "x")]
OTHER = '(data (i32.const 3000) "other") (global $ok i32 (i32.const 2048))'
ELEVEN = '(data (i32.const 3000) "[11]") (global $ok i32 (i32.const 2048))'
OTHER_VALUE = """(data (i32.const 3000) "{\\"ok\\":2}") (global $ok i32 (i32.const 2048))"""
BEFORE = "(global $ok i32 (i32.const 2048))"


CALL = """(call $text-at (local.get $payload))
        (call $text-at (i32.add (local.get $payload) (i32.const 8)))
        (call $text-at (i32.add (local.get $payload) (i32.const 16)))"""
AT = "(call $at (i32.add (local.get $payload) (i32.const 8)))"
NOW = "(i32.const 0) (i64.const 0) (i64.const 0)"
CHANGES: dict[str, tuple[list[Change], list[Op], list[str]]] = {
    "a call more": (
        [DRAWS_FIRST],
        [scripts.call(FIBO_CALL, 10)],
        ["create the join set `o:1-fibo`", 'draw {"random_u64":{"min":1,"max_inclusive":8}}', "added, removed or moved"],
    ),
    "a call less": (
        [operations({"random": "log"})],
        [scripts.random(0, 0), scripts.new_id()],
        ['draw {"random_u64":{"min":0,"max_inclusive":0}}', 'draw {"execution_id":null}'],
    ),
    "another order": (
        [operations({"create": "new-id", "new-id": "create"})],
        [scripts.create(), scripts.new_id()],
        ["create the join set `g:1`", 'draw {"execution_id":null}', "added, removed or moved"],
    ),
    "another function": (
        [(BEFORE, OTHER), (CALL, CALL.replace(CALL.splitlines()[1].strip(), "(i32.const 3000) (i32.const 5)"))],
        [scripts.call(FIBO_CALL, 10)],
        ["create the join set `o:1-fibo`", "create the join set `o:1-other`"],
    ),
    "other params": (
        [(BEFORE, ELEVEN), (CALL, CALL.replace(CALL.splitlines()[2].strip(), "(i32.const 3000) (i32.const 4)"))],
        [scripts.call(FIBO_CALL, 10)],
        ["submit `testing:fibo/fibo.fibo`", "params [10]", "params [11]", "with something else"],
    ),
    "another delay": (
        [(AT, NOW)],
        [scripts.create(), scripts.delay(0, seconds=5)],
        ['for {"in":{"secs":5,"nanos":0}}', 'for "now"', "with something else"],
    ),
    "another sleep": (
        [("(call $at (local.get $payload))", NOW)],
        [],
        ['for {"in":{"secs":3600,"nanos":0}}', 'for "now"', "with something else"],
    ),
    "another schedule": (
        [(AT, NOW)],
        [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10, at=scripts.after(seconds=5))],
        ["schedule `E_", 'for {"in":{"secs":5,"nanos":0}}', 'for "now"', "with something else"],
    ),
    "another range": (
        [("$random-u64 (i64.load (local.get $payload)) (i64.load offset=8 (local.get $payload))",
          "$random-u64 (i64.load (local.get $payload)) (i64.const 100)")],
        [scripts.random(0, 10)],
        ['"max_inclusive":9', '"max_inclusive":99', "with something else"],
    ),
    "another kind of chance": (
        [operations({"random": "random-inclusive"})],
        [scripts.random(0, 10)],
        ['"max_inclusive":9', '"max_inclusive":10'],
    ),
    "another result of a stub": (
        [(BEFORE, OTHER_VALUE),
         ("(call $traced (local.get $payload))\n        (call $text-at (i32.add (local.get $payload) (i32.const 4)))",
          "(call $traced (local.get $payload)) (i32.const 3000) (i32.const 8)")],
        [*BEGIN, scripts.stub(1, {"ok": "y"})],
        ["stub `E_", "with a result that has the hash 01", "with something else"],
    ),
    "a look instead of a wait": (
        [operations({"next": "try-next", "try-next": "next"})],
        [*BEGIN, scripts.stub(1, {"ok": "y"}), scripts.next_(0)],
        ["await a response of `any function` in `g:1`", "look for a response in `g:1`"],
    ),
    "a wait instead of a look": (
        [operations({"next": "try-next", "try-next": "next"})],
        [scripts.create(), scripts.try_next(0)],
        ["look for a response in `g:1`", "await a response of `any function` in `g:1`, which has none left"],
    ),
    "an earlier end": (
        [STOPS_AT_ONCE],
        [scripts.random(0, 10)],
        ['draw {"random_u64":{"min":0,"max_inclusive":9}}', "none: the workflow ended", "added, removed or moved"],
    ),
    "a trap": (
        [TRAPS_AT_ONCE],
        [scripts.random(0, 10)],
        ['draw {"random_u64":{"min":0,"max_inclusive":9}}', "none: the workflow ended"],
    ),
}  # fmt: skip


async def begin(harness: EngineHarness, *script: Op, until: Op = SLEEP) -> ExecutionId:
    """Run a script up to a wait, and take care that the next engine runs it again."""
    execution = await start(harness, *script, until)
    assert await is_open(harness, execution)
    return execution


async def fails(harness: EngineHarness, execution: ExecutionId) -> ExecutionFailure:
    found = (await harness.result(execution)).execution_failure
    assert isinstance(found, ExecutionFailure)
    assert found.kind is FailureKind.NONDETERMINISM_DETECTED, found
    return found


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_workflow_is_found_out(reopen: Open, tmp_path: Path, change: str):
    changes, script, report = CHANGES[change]
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await begin(harness, *script), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, *changes), clock=clock) as harness:
        found = await fails(harness, execution)
    assert "stored at version" in found.reason
    lines = found.detail.splitlines()
    assert [line[:14].strip() for line in lines if line[0] != " "] == ["version", "stored event", "actual call", "hint"]
    assert [text for text in report if text not in found.detail] == []


async def test_the_report_names_the_version_and_shows_both_calls(reopen: Open, tmp_path: Path):
    changes, script, _ = CHANGES["other params"]
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await begin(harness, *script), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, *changes), clock=clock) as harness:
        found = await fails(harness, execution)
    call = f"submit `{FIBO_CALL}` in `o:1-fibo` as `{child(execution, 1, 'o:1-fibo')}`"
    assert found.reason.startswith("key does not match event stored at version 3: key: {")
    assert found.detail.splitlines()[:5] == [
        "version       3",
        f"stored event  {call}",
        "              params [10]",
        f"actual call   {call}",
        "              params [11]",
    ]


@pytest.mark.parametrize(("before", "after"), [([], [LOGS]), ([LOGS], [])])
async def test_a_log_line_more_or_less_is_no_change(
    reopen: Open, tmp_path: Path, before: list[Change], after: list[Change]
):
    async with reopen(ACTIVITIES, build(tmp_path, *before)) as harness:
        execution, clock = await begin(harness, scripts.call(FIBO_CALL, 10)), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, *after), clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]


async def test_another_return_value_is_no_change(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await begin(harness, scripts.call(FIBO_CALL, 10)), harness.clock
    shorter = ("(i32.store (i32.const 8) (global.get $entries))", "(i32.store (i32.const 8) (i32.const 0))")
    async with reopen(ACTIVITIES, build(tmp_path, shorter), clock=clock) as harness:
        assert await trace_of(harness, execution) == []


async def test_more_calls_at_the_end_are_no_change(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await start(harness, SLEEP, scripts.stop(), scripts.call(FIBO_CALL, 10)), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, HAS_NO_STOP), clock=clock) as harness:
        assert (await trace_of(harness, execution))[1] == ["ok", "55"]


# --- what it left open ------------------------------------------------------------------------------------------------


async def test_what_it_left_open_ends_before_it_fails(reopen: Open, tmp_path: Path):
    script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.submit(0, RUN, [scripts.sleep(hours=5)])]
    script += [scripts.delay(0, days=9), scripts.create(), scripts.submit(1, TEXT, "x")]
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await begin(harness, *script), harness.clock
        started = clock.now()
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST), clock=clock) as harness:
        await fails(harness, execution)
        assert clock.now() - started < timedelta(days=1)
        assert [await failure(harness, child(execution, 1, name)) for name in ("g:1", "g:2")] == [
            FailureKind.CANCELLED
        ] * 2
        assert not await is_open(harness, child(execution, 2))
        assert len(await responders(harness, execution)) == 5


async def test_a_crash_while_it_closes_changes_nothing(reopen: Open, tmp_path: Path):
    script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.submit(0, RUN, [scripts.sleep(hours=5)])]
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await begin(harness, *script), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST), clock=clock) as harness:
        clock.advance(timedelta(hours=2))
        await harness.settle()
        assert await is_open(harness, execution)
        await crash(harness)
        assert "draw" in (await fails(harness, execution)).detail


async def test_its_parent_is_told(reopen: Open, tmp_path: Path):
    inner = [scripts.call(FIBO_CALL, 10), SLEEP]
    script = [scripts.create(), scripts.submit(0, RUN, inner), scripts.next_(0), scripts.get_failure(1)]
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await start(harness, *script), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, operations({"call": "last-call"})), clock=clock) as harness:
        await fails(harness, child(execution))
        entries = await trace_of(harness, execution)
    assert entries[2:] == [["err", '"execution_failed"'], ["nondeterminism-detected", ""]]
