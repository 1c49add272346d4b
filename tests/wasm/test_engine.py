"""Guests that compute move to worker threads; the loop goes on."""

from __future__ import annotations

import asyncio
import threading

import pytest

from obelisk.wasm import engine as engine_module
from obelisk.wasm.engine import Running
from obelisk.wasm.guest import Guest, Poll
from tests.wasm.bench import DROPPER, SLEEPY, SPIN, Bench

A_WHILE = 100_000_000
"""Steps that take much longer than a time slice."""


class Turns:
    """Counts the iterations of the loop."""

    def __init__(self) -> None:
        self.count = 0
        self._stopped = False
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self.count += 1
        if not self._stopped:
            asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        self._stopped = True


def expected(steps: int) -> int:
    """Return what the guest computes."""
    value = 0
    for step in range(steps, 0, -1):
        value = (value * 31 + step) % 2**64
    return value


async def test_a_short_guest_ends_on_the_loop(bench):
    running = bench.guest("spin.wat", SPIN + "spin", 1000)
    assert bench.engine.run(running, pytest.fail) is Poll.ENDED
    assert running.guest.result == expected(1000)


async def test_a_guest_that_computes_moves_to_a_worker_and_comes_back(bench):
    running = bench.guest("spin.wat", SPIN + "spin", A_WHILE)
    back = asyncio.get_running_loop().create_future()
    assert bench.engine.run(running, back.set_result) is None
    assert await back is Poll.ENDED
    assert running.guest.error is None


async def test_the_loop_turns_while_a_guest_computes(bench):
    running = bench.guest("spin.wat", SPIN + "spin", A_WHILE)
    back = asyncio.get_running_loop().create_future()
    bench.engine.run(running, back.set_result)
    turns = Turns()
    await back
    turns.stop()
    assert turns.count > 10


async def test_a_guest_comes_back_on_the_thread_of_the_loop(bench):
    back = asyncio.get_running_loop().create_future()
    running = bench.guest("spin.wat", SPIN + "spin", A_WHILE)
    bench.engine.run(running, lambda poll: back.set_result(threading.get_ident()))
    assert await back == threading.get_ident()


async def test_two_guests_compute_side_by_side(bench, monkeypatch):
    """Each worker polls its guest only while the other is polling its own, which ends only when both do so at once."""
    monkeypatch.setattr(bench.engine._workers, "_max_workers", 2)
    both = threading.Barrier(2, timeout=60)
    poll = Guest.poll
    first_on_worker: set[Guest] = set()

    def meeting(guest: Guest) -> Poll:
        if threading.current_thread() is not threading.main_thread() and guest not in first_on_worker:
            first_on_worker.add(guest)
            both.wait()
        return poll(guest)

    monkeypatch.setattr(Guest, "poll", meeting)
    polls = await asyncio.gather(*(bench.run(bench.guest("spin.wat", SPIN + "spin", A_WHILE)) for _ in range(2)))
    assert polls == [Poll.ENDED, Poll.ENDED]
    assert len(first_on_worker) == 2


async def test_more_guests_than_threads_compute_in_turns(bench, monkeypatch):
    monkeypatch.setattr(bench.engine._workers, "_max_workers", 1)
    endless = bench.guest("spin.wat", SPIN + "spin-forever")
    bench.engine.run(endless, pytest.fail)
    assert await bench.run(bench.guest("spin.wat", SPIN + "spin", A_WHILE)) is Poll.ENDED
    assert endless._with_worker


async def test_a_released_guest_that_is_with_a_worker_is_closed_there_and_not_reported(bench):
    running = bench.guest("spin.wat", SPIN + "spin-forever")
    bench.engine.run(running, pytest.fail)
    running.release()
    assert bench.guests == [running.guest]
    await bench.emptied()
    assert not running._with_worker


async def test_a_guest_is_released_before_its_worker_began(bench, monkeypatch):
    monkeypatch.setattr(bench.engine._workers, "_max_workers", 1)
    waiting = [bench.guest("spin.wat", SPIN + "spin-forever") for _ in range(3)]
    for running in waiting:
        bench.engine.run(running, pytest.fail)
    for running in reversed(waiting):
        running.release()
    await bench.emptied()


async def test_releasing_twice_is_releasing_once(bench):
    running = bench.guest("spin.wat", SPIN + "spin", 1)
    running.release()
    running.release()
    assert bench.guests == []


async def test_an_engine_closes_with_guests_that_compute():
    bench = Bench()
    for _ in range(3):
        bench.engine.run(bench.guest("spin.wat", SPIN + "spin-forever"), pytest.fail)
    for running in bench._running:
        running.release()
    bench.engine.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("obelisk")] == []


async def test_a_closed_engine_has_no_guests_left():
    bench = Bench()
    for _ in range(3):
        bench.engine.run(bench.guest("spin.wat", SPIN + "spin-forever"), pytest.fail)
    bench.close()
    await asyncio.sleep(0)
    assert bench.guests == []


async def test_an_engine_is_saturated_when_more_guests_compute_than_there_are_threads(bench, monkeypatch):
    monkeypatch.setattr(bench.engine._workers, "_max_workers", 1)
    for expected_before in (False, False, True):
        assert bench.engine.saturated is expected_before
        bench.engine.run(bench.guest("spin.wat", SPIN + "spin-forever"), lambda poll: None)


class Woken:
    """A ticker that knows whether it was woken since the last poll."""

    def __init__(self) -> None:
        self.woken = False

    def enter(self, guest: object) -> None:
        self.woken = True

    def leave(self, guest: object) -> None:
        self.woken = False

    def close(self) -> None:
        pass


class Yielding:
    """A guest that yields some times; a poll while the ticker may be asleep would never come back."""

    def __init__(self, ticker: Woken, yields: int) -> None:
        self._ticker = ticker
        self._left = yields

    def poll(self) -> Poll:
        assert self._ticker.woken
        self._left -= 1
        return Poll.YIELDED if self._left >= 0 else Poll.ENDED

    def close(self) -> None:
        pass


async def test_the_ticker_is_woken_before_every_poll(bench):
    bench.engine._ticker.close()
    bench.engine._ticker = Woken()
    running = Running(Yielding(bench.engine._ticker, yields=3))
    assert await bench.run(running) is Poll.ENDED


class Slow(Yielding):
    """A guest of which each poll takes a whole slice of the clock that it moves."""

    def __init__(self, ticker: Woken, yields: int) -> None:
        super().__init__(ticker, yields)
        self.now = 0.0
        self.threads: list[int] = []

    def poll(self) -> Poll:
        self.now += engine_module.SLICE
        self.threads.append(threading.get_ident())
        return super().poll()


async def test_a_guest_that_used_up_a_slice_after_its_first_yield_goes_to_a_worker(bench, monkeypatch):
    bench.engine._ticker.close()
    bench.engine._ticker = Woken()
    guest = Slow(bench.engine._ticker, yields=2)
    for clock in ("thread_time", "perf_counter"):
        monkeypatch.setattr(engine_module.time, clock, lambda: guest.now)
    await bench.run(Running(guest))
    here = threading.get_ident()
    assert [thread == here for thread in guest.threads] == [True, True, False]


async def test_a_yield_at_once_is_not_worth_a_look_at_the_time_of_the_thread(bench, monkeypatch):
    bench.engine._ticker.close()
    bench.engine._ticker = Woken()
    monkeypatch.setattr(engine_module.time, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(engine_module.time, "thread_time", pytest.fail)
    assert bench.engine.run(Running(Yielding(bench.engine._ticker, yields=1)), pytest.fail) is Poll.ENDED


async def test_time_that_other_threads_took_does_not_make_a_guest_move(bench, monkeypatch):
    bench.engine._ticker.close()
    bench.engine._ticker = Woken()
    guest = Slow(bench.engine._ticker, yields=5)
    monkeypatch.setattr(engine_module.time, "perf_counter", lambda: guest.now)
    monkeypatch.setattr(engine_module.time, "thread_time", lambda: 0.0)
    assert bench.engine.run(Running(guest), pytest.fail) is Poll.ENDED


async def test_a_guest_that_computes_after_a_host_call_moves_to_a_worker(bench):
    for _ in range(5):
        running = bench.guest("dropper.wat", DROPPER + "draw-then-spin", A_WHILE)
        assert await bench.run(running) is Poll.PARKED
        running.guest.answer(5)
        back = asyncio.get_running_loop().create_future()
        assert bench.engine.run(running, back.set_result) is None
        assert await back is Poll.ENDED
        running.release()


async def test_a_guest_that_parked_while_time_went_by_goes_on_on_the_loop(bench):
    running = bench.guest("sleepy.wat", SLEEPY + "sleep-ms", 5)
    await bench.run(running)
    for _ in range(3):
        bench.engine.engine.increment_epoch()
    running.guest.answer({"err": None})
    assert bench.engine.run(running, pytest.fail) is Poll.ENDED


class Parking(Slow):
    """A guest that parks, and is ``slow`` at it or not."""

    def __init__(self, ticker: Woken) -> None:
        super().__init__(ticker, yields=0)
        self.is_slow = True

    def poll(self) -> Poll:
        self.now += engine_module.HEAVY if self.is_slow else 0
        super().poll()
        return Poll.PARKED


@pytest.fixture
def parking(bench, monkeypatch) -> Parking:
    bench.engine._ticker.close()
    bench.engine._ticker = Woken()
    guest = Parking(bench.engine._ticker)
    monkeypatch.setattr(engine_module.time, "perf_counter", lambda: guest.now)
    monkeypatch.setattr(engine_module.time, "thread_time", lambda: guest.now)
    return guest


async def test_a_guest_that_passes_much_goes_on_with_a_worker_until_it_passes_little(bench, parking):
    running = Running(parking)
    for slow in (True, True, True, False, False):
        parking.is_slow = slow
        assert await bench.run(running) is Poll.PARKED
    here = threading.get_ident()
    assert [thread == here for thread in parking.threads] == [True, True, False, False, True]


async def test_time_that_other_threads_took_until_a_guest_parked_does_not_make_it_move(bench, parking, monkeypatch):
    monkeypatch.setattr(engine_module.time, "thread_time", lambda: 0.0)
    running = Running(parking)
    for _ in range(3):
        assert bench.engine.run(running, pytest.fail) is Poll.PARKED
