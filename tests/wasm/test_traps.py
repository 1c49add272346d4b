"""How guests end that do not return, and what is said about it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from obelisk.core.events import FailureKind
from obelisk.interfaces.components import Crashed, Returned
from obelisk.wasm.guest import Poll
from obelisk.wasm.lift import TOO_LARGE
from obelisk.wasm.traps import crashed
from tests.wasm.bench import LIMITS, MEBIBYTE, SPIN, VALUES, Bench, activity_call, run_activity

TRAP = """error while executing at wasm backtrace:
    0:     0x1f - <unknown>!<wasm function 2>

Caused by:
    0: wasm trap: wasm `unreachable` instruction executed"""


def test_the_reason_is_the_trap_and_the_detail_everything():
    assert crashed(TRAP, who="activity") == Crashed("activity trap: wasm `unreachable` instruction executed", TRAP)


def test_running_out_of_fuel_is_a_kind_of_its_own_and_not_tried_again():
    end = crashed("wasm trap: all fuel consumed by WebAssembly", who="workflow")
    assert (end.kind, end.retry) == (FailureKind.OUT_OF_FUEL, False)
    assert end.reason == "workflow out of fuel: all fuel consumed by WebAssembly"


@pytest.mark.parametrize(
    ("message", "reason"),
    [("", "no message"), ("\n", "no message"), ("one\ntwo\n", "two"), ("a\nCaused by:\n    1: deep", "deep")],
)
def test_without_a_trap_the_last_line_is_the_reason(message, reason):
    assert crashed(message, who="activity").reason == f"activity trap: {reason}"


def test_what_wasmtime_refuses_to_copy_is_called_too_large():
    message = "too much data is being copied: fuel allocated for hostcalls has been exhausted"
    assert crashed(message, who="activity").reason == f"activity trap: {TOO_LARGE}"


TRAPS = {
    ("trap",): "wasm `unreachable` instruction executed",
    ("recurse",): "call stack exhausted",
    ("trap-in-post-return",): "wasm `unreachable` instruction executed",
    ("trap-in-realloc", "text"): "wasm `unreachable` instruction executed",
}


@pytest.mark.parametrize(("call", "reason"), TRAPS.items(), ids=[call[0] for call in TRAPS])
async def test_a_trap_has_its_reason_and_a_backtrace(bench, call, reason):
    end = await run_activity(bench.activity("spin.wat"), SPIN + call[0], *call[1:])
    assert isinstance(end, Crashed)
    assert end.reason == f"activity trap: {reason}"
    assert (end.kind, end.retry) == (FailureKind.UNCATEGORIZED, True)
    assert "wasm backtrace" in end.detail


async def test_a_start_function_that_traps_is_a_trap(bench):
    end = await run_activity(bench.activity("trap_start.wat"), "testing:trap-start/start.run")
    assert end.reason == "activity trap: wasm `unreachable` instruction executed"
    assert "wasm backtrace" in end.detail


async def test_a_trap_leaves_nothing_behind_and_the_next_run_is_fine(bench):
    activity = bench.activity("spin.wat")
    await run_activity(activity, SPIN + "trap")
    assert bench.guests == []
    assert await run_activity(activity, SPIN + "spin", 1) == Returned(1)


@pytest.mark.parametrize(
    "call", [("spin-forever",), ("spin-in-post-return",), ("spin-in-realloc", "text")], ids=lambda call: call[0]
)
async def test_what_never_ends_is_cancelled(bench, call):
    await cancelled(bench, "spin.wat", SPIN + call[0], *call[1:])


async def test_a_start_function_that_never_ends_is_cancelled(bench):
    await cancelled(bench, "spin_start.wat", "testing:spin-start/start.run")


async def cancelled(bench: Bench, name: str, function: str, *params: str) -> None:
    run = bench.activity(name).start(activity_call(function, *params), pytest.fail, pytest.fail)
    assert run is not None
    run.cancel()
    await bench.emptied()


# --- limits -----------------------------------------------------------------------------------------------------------


async def test_memory_grows_up_to_the_limit(bench):
    pages = LIMITS.memory // 65536
    assert await bench.result("spin.wat", SPIN + "grow", pages - 1) == {"ok": pages}
    assert await bench.result("spin.wat", SPIN + "grow", pages) == {"err": None}


async def test_a_table_grows_up_to_the_limit(bench):
    assert await bench.result("spin.wat", SPIN + "grow-table", LIMITS.table_elements - 1) == {
        "ok": LIMITS.table_elements
    }
    assert await bench.result("spin.wat", SPIN + "grow-table", LIMITS.table_elements) == {"err": None}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (replace(LIMITS, memory=1000), "memory"),
        (replace(LIMITS, table_elements=0), "table"),
        (replace(LIMITS, memories=0), "memory count"),
        (replace(LIMITS, tables=0), "table count"),
        (replace(LIMITS, instances=0), "instance count"),
    ],
)
async def test_a_component_that_needs_more_than_the_limits_does_not_start(limits, reason):
    bench = Bench(limits=limits)
    end = await run_activity(bench.activity("spin.wat"), SPIN + "spin", 1)
    assert isinstance(end, Crashed)
    assert reason in end.reason
    bench.close()


async def test_a_guest_that_cannot_get_memory_for_its_parameters_traps(bench):
    limits = replace(LIMITS, memory=MEBIBYTE)
    running = bench.guest("values.wat", VALUES + "echo-string", "x" * MEBIBYTE, limits=limits)
    assert await bench.run(running) is Poll.ENDED
    assert "unreachable" in running.guest.error


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("spin.wat", (SPIN + "spin-forever",)),
        ("spin.wat", (SPIN + "spin-in-post-return",)),
        ("spin.wat", (SPIN + "spin-in-realloc", "text")),
        ("spin_start.wat", ("testing:spin-start/start.run",)),
    ],
    ids=lambda value: value[0].rpartition(".")[2] if isinstance(value, tuple) else value,
)
async def test_a_guest_that_runs_out_of_fuel_ends_wherever_it_is(name, call):
    bench = Bench(fuel=True, limits=replace(LIMITS, fuel=100_000))
    end = await run_activity(bench.activity(name), *call)
    assert isinstance(end, Crashed)
    assert (end.kind, end.retry) == (FailureKind.OUT_OF_FUEL, False)
    assert end.reason.startswith("activity out of fuel: ")
    assert "wasm backtrace" in end.detail
    bench.close()


async def test_fuel_that_suffices_is_not_missed():
    bench = Bench(fuel=True, limits=replace(LIMITS, fuel=100_000))
    assert isinstance(await run_activity(bench.activity("spin.wat"), SPIN + "spin", 100), Returned)
    bench.close()


async def test_a_value_above_the_budget_is_a_crash_and_the_next_run_is_fine(bench):
    activity = bench.activity("spin.wat")
    end = await run_activity(activity, SPIN + "amplify", 0x0410)
    assert isinstance(end, Crashed)
    assert end.reason == "activity trap: a value that the guest passed is too large; pass less of it in one call"
    assert await run_activity(activity, SPIN + "spin", 1) == Returned(1)
