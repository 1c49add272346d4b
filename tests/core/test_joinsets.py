"""A join set counts its requests and hands out responses in the order of their commits."""

from __future__ import annotations

import pytest

from obelisk.core.events import DelayFinished
from obelisk.core.joinsets import JoinSet
from obelisk.ids import JoinSetId
from tests.core.replaying import ID, finished


@pytest.fixture
def join_set() -> JoinSet:
    return JoinSet(ID, JoinSetId("g:1"))


def test_children_are_numbered_from_one(join_set):
    assert [join_set.next_child_id() for _ in range(2)] == [f"{ID}.g:1_1", f"{ID}.g:1_2"]


def test_delays_have_a_counter_of_their_own(join_set):
    join_set.next_child_id()
    assert join_set.next_delay_id() == f"Delay_{ID.removeprefix('E_')}.g:1_1"
    assert join_set.next_child_id() == f"{ID}.g:1_2"


def test_responses_are_taken_in_the_order_of_arrival(join_set):
    first, second = join_set.next_child_id(), join_set.next_child_id()
    responses = [finished(second), DelayFinished(join_set.id, join_set.next_delay_id()), finished(first)]
    for response in responses:
        join_set.arrive(response)
    assert [join_set.take() for _ in range(3)] == responses


def test_a_response_that_was_taken_no_longer_remains(join_set):
    join_set.requested = 2
    join_set.arrive(finished(join_set.next_child_id()))
    join_set.take()
    assert (join_set.remaining, join_set.has_response) == (1, False)


def test_a_new_join_set_has_nothing(join_set):
    assert (join_set.remaining, join_set.has_response, join_set.last_taken) == (0, False, None)
