"""A guest parks, goes on, ends, and leaves nothing behind."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.errors import GuestError
from obelisk.wasm.guest import RECORDED_SIZE, Guest, Poll
from obelisk.wasm.host_calls import RECORD_COST, HostCalls
from tests.wasm.bench import DROPPER, LIMITS, LOGGER, SLEEPY, SPIN, VALUES, Bench

WOKEN = {"ok": {"seconds": 1, "nanoseconds": 2}}


async def parked(bench: Bench, function: str = "sleep-ms", *params: Any) -> Guest:
    running = bench.guest("sleepy.wat", SLEEPY + function, *(params or (5,)))
    assert await bench.run(running) is Poll.PARKED
    return running.guest


def poll(bench: Bench, guest: Guest) -> Poll:
    """Poll until there is something to say; time slices do not matter here."""
    while (result := bench.engine._poll(guest)) is Poll.YIELDED:
        pass
    return result


async def test_a_guest_parks_with_its_call_and_goes_on_with_the_reply(bench):
    guest = await parked(bench, "wake-time")
    assert guest.call.function.function.name == "sleep"
    assert guest.call.arguments == [{"in": {"milliseconds": 5}}, None]
    guest.answer(WOKEN)
    assert poll(bench, guest) is Poll.ENDED
    assert guest.result == {"ok": [1, 2]}


async def test_a_guest_parks_as_often_as_it_calls(bench):
    guest = await parked(bench, "sleep-many", 5, 100)
    for _ in range(99):
        guest.answer(WOKEN)
        assert poll(bench, guest) is Poll.PARKED
    guest.answer(WOKEN)
    assert poll(bench, guest) is Poll.ENDED
    assert guest.result == {"ok": None}


async def test_a_guest_without_a_reply_stays_parked(bench):
    guest = await parked(bench)
    assert [poll(bench, guest) for _ in range(3)] == [Poll.PARKED] * 3


async def test_an_error_is_a_reply_like_others(bench):
    guest = await parked(bench)
    guest.answer({"err": None})
    assert poll(bench, guest) is Poll.ENDED
    assert guest.result == {"err": None}


async def test_a_guest_does_not_yield_as_it_begins(bench):
    assert bench.guest("spin.wat", SPIN + "spin", 1).guest.poll() is Poll.ENDED


async def test_a_guest_that_was_parked_for_long_does_not_yield_before_it_goes_on(bench):
    guest = bench.guest("dropper.wat", DROPPER + "draw-then-spin", 1).guest
    assert guest.poll() is Poll.PARKED
    bench.engine._tick()
    bench.engine._tick()
    guest.answer(5)
    assert guest.poll() is Poll.ENDED


async def test_two_thousand_guests_wait_at_once_and_each_gets_its_reply(bench):
    guests = [await parked(bench, "wake-time") for _ in range(2000)]
    for number, guest in reversed(list(enumerate(guests))):
        guest.answer({"ok": {"seconds": number, "nanoseconds": 0}})
    assert {poll(bench, guest) for guest in guests} == {Poll.ENDED}
    assert [guest.result["ok"][0] for guest in guests] == list(range(2000))


async def test_a_suspended_guest_that_is_closed_is_forgotten(bench):
    guest = await parked(bench)
    guest.close()
    assert bench.guests == []
    assert bench.engine.host_calls._by_context == {}


async def test_a_closed_guest_is_freed():
    bench = Bench()
    linked = bench.link("sleepy.wat")
    function = next(iter(linked._exports.values()))

    class Watched(Guest):
        """A guest that can be referred to weakly."""

        __slots__ = ("__weakref__",)

    guest = Watched(linked, function, [5], limits=LIMITS, host_calls=bench.engine.host_calls)
    poll(bench, guest)
    guest.close()
    reference = weakref.ref(guest)
    del guest
    gc.collect()
    assert reference() is None
    bench.close()


async def test_closing_twice_is_closing_once(bench):
    guest = await parked(bench)
    guest.close()
    guest.close()
    assert bench.guests == []


@pytest.mark.parametrize("function", ["sleep-ms", "wake-time"])
async def test_a_guest_that_never_ran_is_closed(bench, function):
    bench.guest("sleepy.wat", SLEEPY + function, 5).release()
    assert bench.guests == []


async def test_a_guest_that_cannot_be_limited_is_forgotten(bench):
    with pytest.raises(GuestError, match="fuel cannot be set"):
        bench.guest("sleepy.wat", SLEEPY + "sleep-ms", 5, limits=replace(LIMITS, fuel=1000))
    assert bench.guests == []


async def test_guests_that_fail_at_the_same_time_keep_their_own_failures(bench):
    guests = [await parked(bench) for _ in range(3)]
    for guest, wrong in zip(guests, ({"ok": 1}, {"ok": {"seconds": "x"}}, {"ok": {"seconds": 2**80}}), strict=True):
        guest.answer(wrong)
    assert {poll(bench, guest) for guest in reversed(guests)} == {Poll.ENDED}
    assert guests[0].error.startswith("TypeError")
    assert all(guest.error.startswith("error: ") for guest in guests[1:])
    assert len({guest.error for guest in guests}) == 3


async def test_a_failure_of_one_guest_does_not_disturb_a_waiting_one(bench):
    waiting, failing = await parked(bench, "wake-time"), await parked(bench)
    failing.answer({})
    poll(bench, failing)
    waiting.answer(WOKEN)
    poll(bench, waiting)
    assert (waiting.result, waiting.error) == ({"ok": [1, 2]}, None)


@pytest.mark.parametrize("exception", [KeyError("gone"), KeyboardInterrupt("now"), SystemExit(3), MemoryError("full")])
async def test_no_exception_leaves_a_callback(bench, monkeypatch, exception):
    def refuse(self, *arguments):
        raise exception

    monkeypatch.setattr(Guest, "park", refuse)
    running = bench.guest("sleepy.wat", SLEEPY + "sleep-ms", 5)
    assert await bench.run(running) is Poll.ENDED
    assert running.guest.error == f"{type(exception).__name__}: {exception}"


async def test_an_argument_above_the_budget_ends_the_guest(bench):
    limits = replace(LIMITS, value_size=100)
    running = bench.guest("sleepy.wat", SLEEPY + "sleep-named", 5, "n" * 200, limits=limits)
    assert await bench.run(running) is Poll.ENDED
    assert "too large" in running.guest.error


async def test_a_value_that_names_the_same_memory_again_and_again_is_an_error(bench):
    running = bench.guest("spin.wat", SPIN + "amplify", 0x0410)
    assert await bench.run(running) is Poll.ENDED
    assert "too large" in running.guest.error
    assert await bench.result("spin.wat", SPIN + "spin", 3) is not None


async def test_a_value_that_names_the_same_memory_a_million_times_does_not_fill_the_hosts(bench):
    running = bench.guest("spin.wat", SPIN + "amplify", 0x071020)
    assert await bench.run(running) is Poll.ENDED
    assert "hostcall" in running.guest.error


def fiber_depths(bench: Bench, guest: Guest) -> list[int]:
    """Return how many Python frames lie above each lift and each lowering of the guest's calls."""
    depths: list[int] = []

    def trace(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.endswith(("lift.py", "lower.py")):
            depths.append(frames_of(frame))

    sys.setprofile(trace)
    try:
        poll(bench, guest)
    finally:
        sys.setprofile(None)
    return depths


def frames_of(frame) -> int:
    count = 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


async def test_what_runs_on_a_fiber_is_as_deep_as_the_type_and_not_as_the_value(bench):
    depths = []
    for name in ("short", "[" * 100_000):
        guest = bench.guest("sleepy.wat", SLEEPY + "sleep-named", 5, name).guest
        depths.append(max(fiber_depths(bench, guest)))
        assert guest.call.arguments[1] == name
    assert depths[0] == depths[1]


async def test_only_these_functions_run_on_a_fiber(bench):
    """While guest code is polled, what Python runs is the callbacks, lifting, parking and lowering, and nothing else."""
    called: set[str] = set()

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.endswith(".py"):
            called.add("/".join(frame.f_code.co_filename.split("/")[-2:]))

    guest = await parked(bench, "sleep-many", 5, 2)
    guest.answer(WOKEN)
    sys.setprofile(note)
    try:
        guest.poll()
    finally:
        sys.setprofile(None)
    assert called == {"wasm/guest.py", "wasm/host_calls.py", "wasm/lift.py", "wasm/lower.py", "ctypes/__init__.py"}


async def test_a_parked_call_is_handled_outside_of_the_poll(bench, monkeypatch):
    inside = threading.local()
    original = HostCalls._on_call
    callbacks: list[Any] = []

    def watched(self, *arguments):
        inside.now = True
        original(self, *arguments)
        inside.now = False
        callbacks.append(arguments[1])

    monkeypatch.setattr(HostCalls, "_on_call", watched)
    other = Bench()
    program = other.program("sleepy.wat", SLEEPY + "sleep-ms", 5)
    meaning = program.program._workflow.meaning

    def handled(function):
        assert not inside.now
        return meaning(function)

    monkeypatch.setattr(program.program._workflow, "meaning", handled)
    await program.start()
    assert len(callbacks) == 1
    other.close()


async def test_text_that_is_deeply_nested_json_is_only_text(bench):
    deep = "[" * 100_000
    assert await bench.result("values.wat", VALUES + "echo-string", deep) == deep


async def test_a_guest_that_logs_without_a_pause_keeps_a_bounded_number_of_lines(bench):
    running = bench.guest("logger.wat", LOGGER + "log-many", 500_000)
    assert await bench.run(running) is Poll.ENDED
    records, lost = running.guest.take_records()
    assert len(records) == RECORDED_SIZE // (RECORD_COST + len("a line"))
    assert len(records) + lost == 500_000
    assert running.guest.take_records() == ([], 0)


async def test_a_dropped_join_set_is_noted_by_its_number(bench):
    guest = bench.guest("dropper.wat", DROPPER + "drop-two").guest
    for number in (7, 9):
        assert poll(bench, guest) is Poll.PARKED
        guest.answer(number)
    assert poll(bench, guest) is Poll.ENDED
    assert guest.dropped == [7, 9]
