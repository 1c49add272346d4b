"""A join set counts its requests and hands out responses in the order of their commits."""

from __future__ import annotations

import pytest

from obelisk.core.events import (
    ChildExecutionRequest,
    DelayFinished,
    DelayRequest,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    Schedule,
    error_outcome,
)
from obelisk.core.joinsets import JoinSet, open_members, responder
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, START, finished, logged, passed, responded


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


def test_what_was_added_is_unanswered_until_its_response_comes_even_before_that_is_taken(join_set):
    first, delay, second = join_set.next_child_id(), join_set.next_delay_id(), join_set.next_child_id()
    for member in (first, delay, second):
        join_set.add(member)
    assert join_set.unanswered() == [first, delay, second]
    join_set.arrive(passed(delay))
    assert join_set.unanswered() == [first, second]
    join_set.take()
    assert join_set.unanswered() == [first, second]


def test_an_id_that_was_counted_and_not_added_is_no_member(join_set):
    join_set.next_child_id()
    join_set.add(join_set.next_child_id())
    assert (join_set.unanswered(), join_set.remaining) == ([f"{ID}.g:1_2"], 1)


# --- what a log holds open ----------------------------------------------------------------------------------------------

CHILDREN = [ExecutionId(f"{ID}.g:1_{number}") for number in (1, 2, 3)]
DELAY = DelayId(f"Delay_{ID.removeprefix('E_')}.n:two_1")
SET, TWO = JoinSetId("g:1"), JoinSetId("n:two")
REQUESTS = [
    JoinSetCreate(SET),
    *(JoinSetRequest(SET, ChildExecutionRequest(child, FIBO, [])) for child in CHILDREN[:2]),
    JoinSetCreate(TWO),
    JoinSetRequest(TWO, DelayRequest(DELAY, START, "now")),
    JoinSetRequest(SET, ChildExecutionRequest(CHILDREN[2], FIBO, [])),
]


def test_open_members_of_all_join_sets_are_the_newest_first():
    assert open_members(logged(REQUESTS), []) == [CHILDREN[2], DELAY, CHILDREN[1], CHILDREN[0]]


def test_a_member_that_has_its_response_is_not_open_whether_or_not_that_was_taken():
    responses = responded([passed(DELAY), finished(CHILDREN[0])])
    assert open_members(logged([*REQUESTS, JoinNext(SET, START)]), responses) == [CHILDREN[2], CHILDREN[1]]


def test_a_request_that_was_refused_has_no_member():
    refused = ChildExecutionRequest(CHILDREN[0], FIBO, [], error_outcome("function_not_found"))
    assert open_members(logged([JoinSetRequest(SET, refused)]), []) == []


def test_a_log_without_requests_holds_nothing_open():
    assert open_members(logged([JoinSetCreate(SET), Schedule(ID, "now")]), []) == []


def test_responses_name_who_responds():
    assert responder(finished(CHILDREN[0])) == CHILDREN[0]
    assert responder(passed(DELAY, success=False)) == DELAY
