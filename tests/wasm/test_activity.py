"""A run of an activity component."""

from __future__ import annotations

import pytest

from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import Crashed, LogLevel, LogLine, Returned
from obelisk.wasm import host_calls
from obelisk.wasm.guest import RECORDED_SIZE
from tests.wasm.bench import LOGGER, SPIN, VALUES, activity_call, run_activity

A_WHILE = 100_000_000


async def test_a_short_run_reports_before_start_returns(bench):
    done = []
    run = bench.activity("values.wat").start(activity_call(VALUES + "echo-u64", 2**64 - 1), done.append, pytest.fail)
    assert (run, done) == (None, [Returned(2**64 - 1)])


async def test_each_run_has_a_fresh_instance(bench):
    activity = bench.activity("spin.wat")
    grown = [await run_activity(activity, SPIN + "grow", 1) for _ in range(2)]
    assert grown == [Returned({"ok": 2})] * 2


async def test_a_run_leaves_no_guest_behind(bench):
    await run_activity(bench.activity("spin.wat"), SPIN + "spin", 1)
    assert bench.guests == []


async def test_a_long_run_reports_once_and_leaves_no_guest_behind(bench):
    end = await run_activity(bench.activity("spin.wat"), SPIN + "spin", A_WHILE)
    assert isinstance(end, Returned)
    assert bench.guests == []


async def test_a_cancelled_run_does_not_report(bench):
    run = bench.activity("spin.wat").start(activity_call(SPIN + "spin", A_WHILE), pytest.fail, pytest.fail)
    assert run is not None
    run.cancel()
    await bench.emptied()


async def test_an_err_is_a_value(bench):
    end = await run_activity(bench.activity("spin.wat"), SPIN + "refuse", "no")
    assert end == Returned({"err": "no"})


async def test_a_function_without_a_result_returns_none(bench):
    assert await run_activity(bench.activity("values.wat"), VALUES + "nothing") == Returned(None)


async def test_a_function_that_is_not_there_is_a_crash_and_no_exception(bench):
    end = await run_activity(bench.activity("values.wat"), VALUES + "gone")
    assert isinstance(end, Crashed)
    assert end.reason == f"activity cannot start: the component does not export `{VALUES}gone`"


async def test_lines_come_in_order_each_at_its_level(bench):
    lines: list[LogLine] = []
    await run_activity(bench.activity("logger.wat"), LOGGER + "log", "ä\n", log=lines)
    assert lines == [LogLine(level, "ä\n") for level in LogLevel]


async def test_lines_come_before_the_end_of_the_run(bench):
    order: list[str] = []
    bench.activity("logger.wat").start(
        activity_call(LOGGER + "log-many", 2), lambda end: order.append("end"), lambda line: order.append(line.message)
    )
    assert order == ["a line", "a line", "end"]


async def test_lines_that_could_not_be_kept_are_counted(bench, monkeypatch):
    monkeypatch.setattr(host_calls, "RECORD_COST", RECORDED_SIZE // 3 - 1000)
    lines: list[LogLine] = []
    await run_activity(bench.activity("logger.wat"), LOGGER + "log-many", 10, log=lines)
    assert lines[3:] == [LogLine(LogLevel.WARN, "7 more lines were logged without a pause; they are lost", missing=7)]


async def test_a_run_that_waits_for_the_host_is_not_tried_again(bench):
    prepared = bench.prepare("sleepy.wat")
    activity = bench.components.activity(prepared, bench.activity("values.wat").component.settings)
    end = await run_activity(activity, "testing:sleepy/sleepy.sleep-ms", 5)
    assert end == Crashed("activity waits for a host function that never answers", retry=False)
    assert bench.guests == []


async def test_an_activity_that_imports_nothing_but_the_log_is_pure(bench):
    assert [bench.activity(name).component.pure for name in ("values.wat", "logger.wat", "sleepy.wat")] == [
        True,
        True,
        False,
    ]


async def test_an_activity_says_what_it_is(bench):
    component = bench.activity("values.wat").component
    assert (component.role, component.id.name) == (ComponentRole.ACTIVITY, "an_activity")
    assert [interface.name for interface in component.exports] == ["testing:values/values"]
    assert [interface.name for interface in component.provides] == ["obelisk:log/log@1.0.0"]
