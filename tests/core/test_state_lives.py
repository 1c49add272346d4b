"""Whole lives of executions: what the state machine makes of many entries in a row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from obelisk.core.events import (
    ChildExecutionFinished,
    DelayFinished,
    Event,
    JoinNext,
    JoinNextTry,
    JoinSetCreate,
    Response,
    TryOutcome,
)
from obelisk.core.state import JoinSetCounts, State, counted_join_set, fold
from obelisk.errors import IllegalTransitionError
from obelisk.ids import JoinSetId
from tests.core.test_state import (
    BLOCKED,
    CREATED,
    DELAY,
    EVENTS,
    FINISHED,
    JOIN_SET,
    LOCKED,
    NOW,
    ONE_OFF,
    PAUSED,
    PENDING,
    SOON,
    after,
    child_finished,
    child_request,
    locked,
)


def run(*entries: Event | Response) -> tuple[State, dict[JoinSetId, JoinSetCounts]]:
    state: State | None = None
    counts: dict[JoinSetId, JoinSetCounts] = {}
    for entry in entries:
        join_set = counted_join_set(entry)
        state, kept = fold(state, None if join_set is None else counts.get(join_set), entry, at=NOW)
        if join_set is not None and kept is not None:
            counts[join_set] = kept
    assert state is not None
    return state, counts


def test_a_workflow_that_joins_two_children_is_pending_after_each() -> None:
    started = (CREATED, locked(), JoinSetCreate(JOIN_SET), child_request(), child_request())
    waiting, counts = run(*started, JoinNext(JOIN_SET, SOON))
    assert (waiting.status, counts[JOIN_SET]) == (BLOCKED, JoinSetCounts(2, 0, 1))
    again, counts = run(*started, JoinNext(JOIN_SET, SOON), child_finished(), JoinNext(JOIN_SET, SOON))
    assert (again.status, counts[JOIN_SET]) == (BLOCKED, JoinSetCounts(2, 1, 2))
    done, counts = run(*started, JoinNext(JOIN_SET, SOON), child_finished(), child_finished(), JoinNext(JOIN_SET, SOON))
    assert (done.status, counts[JOIN_SET]) == (PENDING, JoinSetCounts(2, 2, 2))


def test_a_response_taken_by_a_try_does_not_satisfy_the_next_wait() -> None:
    state, counts = run(
        CREATED,
        locked(),
        JoinSetCreate(JOIN_SET),
        child_request(),
        child_request(),
        child_finished(),
        JoinNextTry(JOIN_SET, TryOutcome.FOUND),
        JoinNext(JOIN_SET, SOON),
    )
    assert (state.status, counts[JOIN_SET]) == (BLOCKED, JoinSetCounts(2, 1, 2))


@given(st.lists(st.sampled_from([*EVENTS.values(), child_finished(), DelayFinished(ONE_OFF, DELAY)]), max_size=30))
def test_every_life_keeps_its_versions_its_cursor_and_its_end(entries: list[Event | Response]) -> None:
    state = after(None, CREATED)
    counts = JoinSetCounts()
    for entry in entries:
        before = state
        try:
            state, kept = fold(state, counts if counted_join_set(entry) else None, entry, at=NOW)
        except IllegalTransitionError:
            continue
        counts = kept or counts
        moved = (state.next_version - before.next_version, state.cursor - before.cursor)
        assert moved == ((0, 1) if isinstance(entry, ChildExecutionFinished | DelayFinished) else (1, 0))
        assert state.status is FINISHED or not before.is_finished
        assert (state.join_set_id is not None) == (state.status is BLOCKED)
        assert state.status is not LOCKED or state.held_by is not None
        assert state.lifecycle is not PAUSED or (state.held_by is None and state.status is not LOCKED)
