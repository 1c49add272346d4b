"""How many executions of a component may run."""

from __future__ import annotations

from obelisk.runtime.permits import START_WINDOW, Permits, SharedLimit


def test_a_limit_bounds_how_many_run():
    permits = Permits(2)
    assert [permits.take() for _ in range(3)] == [True, True, False]


def test_without_a_limit_the_start_window_bounds_how_many_start():
    permits = Permits(None)
    assert sum(permits.take() for _ in range(START_WINDOW + 10)) == START_WINDOW


def test_one_that_goes_on_elsewhere_makes_room_in_the_window():
    permits = Permits(None)
    for _ in range(START_WINDOW):
        permits.take()
    permits.started()
    assert permits.take()


def test_who_missed_a_permit_is_told_when_there_is_one():
    permits, told = Permits(1), []
    permits.on_free = lambda: told.append("free")
    permits.take()
    assert permits.wanted(5) == 0
    permits.end(started=False)
    assert told == ["free"]


def test_nobody_is_told_when_nobody_missed_one():
    permits, told = Permits(1), []
    permits.on_free = lambda: told.append("free")
    assert permits.wanted(5) == 1
    permits.take()
    permits.end(started=False)
    assert told == []


def test_a_workflow_enters_again_only_below_the_limit():
    permits = Permits(1)
    permits.take()
    permits.leave()
    assert permits.enter()
    assert not permits.enter()


def test_a_workflow_that_could_not_enter_is_called_when_one_leaves():
    permits, called = Permits(1), []
    permits.take()
    permits.when_free(lambda: called.append("again"))
    permits.leave()
    assert called == ["again"]
    assert permits.running == 0


def test_components_share_a_limit():
    one, other = sharing(SharedLimit(3))
    assert [one.take(), other.take(), one.take(), other.take()] == [True, True, True, False]


def test_who_missed_a_shared_permit_is_told_when_another_component_leaves_one():
    one, other = sharing(SharedLimit(1))
    told: list[str] = []
    other.on_free = lambda: told.append("free")
    one.take()
    assert other.wanted(1) == 0
    one.end(started=False)
    assert told == ["free"]


def test_a_workflow_that_found_the_shared_limit_reached_is_called_when_another_component_leaves():
    one, other = sharing(SharedLimit(1))
    called: list[str] = []
    one.take()
    assert not other.enter()
    other.when_free(lambda: called.append("again"))
    one.end(started=False)
    assert called == ["again"]


def sharing(limit: SharedLimit) -> tuple[Permits, Permits]:
    """Two components' permits under one limit."""
    one, other = Permits(None), Permits(None)
    one.shared = other.shared = limit
    return one, other
