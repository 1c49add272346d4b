"""How many waiting workflows stay in memory, by the maps that they take."""

from __future__ import annotations

from itertools import repeat

import pytest

from obelisk.runtime.hot_limit import (
    FEW,
    LOOK_AFTER,
    MAPS_PER_GUEST,
    MAX_HOT,
    SPARE,
    HotLimit,
    count_maps,
)

MAX_MAPS = 65_530
BASE = 640


class Guests:
    """Workflows in memory, by how many maps each takes; the least recently added leave first."""

    def __init__(self, *, max_maps: int = MAX_MAPS) -> None:
        self.hot: list[int] = []
        self.most = 0
        self.looks = 0
        self.limit = HotLimit(max_maps // MAPS_PER_GUEST, max_maps=max_maps, count=self.count)

    def count(self) -> int:
        self.looks += 1
        return self.maps

    @property
    def maps(self) -> int:
        return BASE + sum(self.hot)

    def add(self, maps: int, *, times: int) -> None:
        total = self.maps
        for each in repeat(maps, times):
            self.hot.append(each)
            total += each
            self.most = max(self.most, total)
            self.limit.added(len(self.hot))
            for _ in range(self.limit.excess(len(self.hot))):
                total -= self.hot.pop(0)


@pytest.mark.parametrize("maps", [1, 5, 7, 10, 25, 40])
def test_there_are_never_more_maps_than_may_be_whatever_a_guest_takes(maps: int):
    guests = Guests()
    guests.add(maps, times=3 * MAX_HOT)
    assert guests.most < MAX_MAPS


@pytest.mark.parametrize("maps", [5, 7, 10, 25])
def test_most_of_the_maps_that_may_be_are_made_use_of(maps: int):
    guests = Guests()
    guests.add(maps, times=3 * MAX_HOT)
    assert guests.maps > 0.8 * MAX_MAPS * (1 - SPARE)


def test_ten_thousand_small_guests_stay_where_linux_is_as_it_comes():
    guests = Guests()
    guests.add(5, times=10_000)
    assert len(guests.hot) == 10_000


@pytest.mark.parametrize(("first", "then"), [(5, 9), (9, 5), (5, 12)])
def test_guests_may_be_replaced_by_larger_and_by_smaller_ones(first: int, then: int):
    guests = Guests()
    guests.add(first, times=MAX_HOT)
    guests.add(then, times=2 * MAX_HOT)
    assert guests.most < MAX_MAPS
    assert guests.maps > 0.7 * MAX_MAPS * (1 - SPARE)


def test_a_system_with_many_maps_does_not_keep_guests_without_end():
    guests = Guests(max_maps=1_048_576)
    guests.add(5, times=2 * MAX_HOT)
    assert len(guests.hot) == MAX_HOT


def test_few_guests_are_not_looked_at():
    guests = Guests()
    for _ in range(10):
        guests.add(5, times=int(MAX_MAPS * FEW))
        guests.hot.clear()
    assert guests.looks == 0


def test_looks_are_rare():
    guests = Guests()
    guests.add(7, times=100_000)
    assert guests.looks <= 2 * 100_000 / LOOK_AFTER


def test_a_limit_that_is_configured_stays_as_it_is():
    limit = HotLimit.fixed(100)
    for _ in range(10 * LOOK_AFTER):
        limit.added(100_000)
    assert limit.excess(100_000) == 99_900


def test_maps_that_cannot_be_counted_leave_the_limit_as_it_is():
    def fail() -> int:
        raise OSError("no /proc")

    limit = HotLimit(5_000, max_maps=MAX_MAPS, count=fail)
    for _ in range(2 * LOOK_AFTER):
        limit.added(6_000)
    assert limit.excess(6_000) == 1_000


def test_this_machine_has_a_limit_that_its_maps_allow():
    assert 0 < count_maps() < MAX_MAPS
    assert HotLimit.of_this_machine().excess(0) < 0
