"""The thread that makes guests yield."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from obelisk.wasm import ticker as ticker_module
from obelisk.wasm.ticker import Ticker

SECONDS = 10.0


class Ticks:
    """Counts ticks, and lets a test wait for the next ones."""

    def __init__(self) -> None:
        self._ticked = threading.Semaphore(0)

    def __call__(self) -> None:
        self._ticked.release()

    def come(self, count: int) -> bool:
        return all(self._ticked.acquire(timeout=SECONDS) for _ in range(count))


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ticker(ticks: Ticks) -> Iterator[Ticker]:
    ticker = Ticker(ticks)
    yield ticker
    ticker.close()


def asleep(ticker: Ticker) -> bool:
    for _ in range(int(SECONDS / ticker_module.SLICE)):
        if ticker._asleep:
            return True
        threading.Event().wait(ticker_module.SLICE)
    return False


def test_it_sleeps_while_nothing_runs(ticker: Ticker):
    assert asleep(ticker)


def test_it_ticks_as_long_as_a_poll_lasts_however_late_the_guest_begins(ticker: Ticker, ticks: Ticks):
    ticker.enter("guest")
    assert ticks.come(5)


def test_it_ticks_for_the_one_that_is_left(ticker: Ticker, ticks: Ticks):
    ticker.enter("one")
    ticker.enter("other")
    ticker.leave("one")
    assert ticks.come(5)


def test_it_falls_asleep_after_the_last_poll_and_wakes_with_the_next(ticker: Ticker, ticks: Ticks):
    ticker.enter("guest")
    ticker.leave("guest")
    assert asleep(ticker)
    ticker.enter("guest")
    assert ticks.come(2)
