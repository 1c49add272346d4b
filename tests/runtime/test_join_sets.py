"""Join sets: how they are made, what is put into them, and how responses are taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from obelisk.core.events import JoinNext, JoinNextTooMany, JoinNextTry, TryOutcome
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open
from tests.runtime.scripting import (
    FIBO_CALL,
    REFUSE,
    TABLES,
    TEXT,
    TRAP,
    child,
    delay,
    start,
    trace,
    trace_of,
)
from tests.scripts import RUN

LATER = scripts.sleep(seconds=1)
"""Lets what runs end first."""


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


# --- making them ------------------------------------------------------------------------------------------------------


async def test_generated_join_sets_are_counted(scripted: EngineHarness):
    entries = await trace(scripted, scripts.create(), scripts.create(), scripts.set_id(0), scripts.set_id(1))
    assert entries[2:] == [["ok", "g:1"], ["ok", "g:2"]]


async def test_a_named_join_set_has_its_name(scripted: EngineHarness):
    assert (await trace(scripted, scripts.create_named("a/b-1"), scripts.set_id(0)))[1] == ["ok", "n:a/b-1"]


async def test_a_name_is_taken_even_when_its_join_set_is_closed(scripted: EngineHarness):
    entries = await trace(scripted, scripts.create_named("a"), scripts.close(0), scripts.create_named("a"))
    assert [entries[0][0], entries[2][0]] == ["ok", "conflict"]


@pytest.mark.parametrize("name", ["a b", "a_b", "a.b", "a:b", "ä"])
async def test_a_name_of_other_characters_is_invalid(scripted: EngineHarness, name: str):
    ((kind, detail),) = await trace(scripted, scripts.create_named(name))
    assert kind == "invalid-name"
    assert name in detail


async def test_a_refused_join_set_leaves_no_event_and_the_workflow_goes_on(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.create_named("a b"), scripts.create(), scripts.set_id(0)])
    assert (await trace_of(scripted, execution))[2] == ["ok", "g:1"]


# --- taking responses -------------------------------------------------------------------------------------------------


async def test_an_empty_join_set_has_nothing_to_wait_for(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.create(), scripts.next_(0), scripts.try_next(0)])
    assert [kind for kind, _ in await trace_of(scripted, execution)] == ["ok", "all-processed", "all-processed"]
    looks = [event for event in await scripted.events(execution) if isinstance(event, JoinNextTooMany | JoinNextTry)]
    assert looks == [JoinNextTooMany("g:1"), JoinNextTry("g:1", TryOutcome.ALL_PROCESSED)]


async def test_children_of_different_functions_and_delays_share_a_join_set(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN,
        [
            scripts.create(),
            scripts.submit(0, FIBO_CALL, 10),
            scripts.submit(0, RUN, [scripts.sleep(minutes=2)]),
            scripts.delay(0, minutes=1),
            *(scripts.next_(0), scripts.last_id(0)) * 3,
            scripts.next_(0),
        ],
    )
    entries = await trace_of(scripted, execution)
    assert entries[4:] == [
        ["ok", "55"],
        ["execution-id", child(execution, 1)],
        ["ok", ""],
        ["delay-id", delay(execution, 1)],
        ["ok", entries[8][1]],
        ["execution-id", child(execution, 2)],
        ["all-processed", ""],
    ]


async def test_a_new_join_set_was_asked_for_nothing_last(scripted: EngineHarness):
    assert (await trace(scripted, scripts.create(), scripts.last_id(0)))[1] == ["none", ""]


async def test_last_id_does_not_change_when_there_is_nothing_to_take(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN,
        [
            scripts.create(),
            scripts.delay(0),
            scripts.next_(0),
            scripts.next_(0),
            scripts.try_next(0),
            scripts.last_id(0),
        ],
    )
    assert (await trace_of(scripted, execution))[-1] == ["delay-id", delay(execution)]


async def test_a_look_finds_a_response_that_is_there(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN,
        [scripts.create(), scripts.submit(0, FIBO_CALL, 10), LATER, scripts.try_next(0), scripts.last_id(0)],
    )
    assert (await trace_of(scripted, execution))[3:] == [["ok", "55"], ["execution-id", child(execution)]]
    assert JoinNextTry("g:1", TryOutcome.FOUND) in await scripted.events(execution)


async def test_a_look_at_what_is_to_come_says_so(scripted: EngineHarness):
    entries = await trace(scripted, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.try_next(0))
    assert entries[2] == ["pending", ""]


@pytest.mark.parametrize("wrong", [("testing:fibo/fibo.missing", 1), (FIBO_CALL, "ten"), ("nonsense",)])
async def test_a_submission_that_failed_is_not_waited_for(scripted: EngineHarness, wrong: tuple[str, object]):
    entries = await trace(scripted, scripts.create(), scripts.submit(0, *wrong), scripts.next_(0), scripts.try_next(0))
    assert [kind for kind, _ in entries[2:]] == ["all-processed", "all-processed"]


async def test_a_submission_that_failed_beside_one_that_did_not_is_not_waited_for(scripted: EngineHarness):
    entries = await trace(
        scripted,
        scripts.create(),
        scripts.submit(0, FIBO_CALL, "ten"),
        scripts.submit(0, FIBO_CALL, 10),
        scripts.next_(0),
        scripts.next_(0),
    )
    assert entries[3:] == [["ok", "55"], ["all-processed", ""]]


async def test_a_response_that_a_look_took_is_not_waited_for(scripted: EngineHarness):
    entries = await trace(
        scripted, scripts.create(), scripts.delay(0), scripts.try_next(0), scripts.next_(0), scripts.try_next(0)
    )
    assert [kind for kind, _ in entries[2:]] == ["ok", "all-processed", "all-processed"]


@pytest.mark.parametrize("kernel", ["", "[workflows]\nhot_limit = 0"])
async def test_a_wait_after_a_look_takes_the_next_response(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = await harness.submit(
            RUN,
            [
                scripts.create(),
                scripts.delay(0),
                scripts.delay(0, minutes=1),
                scripts.try_next(0),
                scripts.next_(0),
                scripts.last_id(0),
            ],
        )
        assert (await trace_of(harness, execution))[-1] == ["delay-id", delay(execution, 2)]


@pytest.mark.parametrize(("millis", "first"), [(1, "delay-id"), (10_000, "execution-id")])
async def test_a_child_races_a_delay(scripted: EngineHarness, millis: int, first: str):
    entries = await trace(
        scripted,
        scripts.create(),
        scripts.submit(0, RUN, [scripts.sleep(seconds=5)]),
        scripts.delay(0, milliseconds=millis),
        scripts.next_(0),
        scripts.last_id(0),
    )
    assert entries[-1][0] == first


async def test_responses_come_in_the_order_of_their_commits(scripted: EngineHarness):
    script = [
        scripts.create(),
        *(scripts.delay(0, seconds=seconds) for seconds in (3, 1, 2)),
        *(scripts.next_(0), scripts.last_id(0)) * 3,
    ]
    execution = await scripted.submit(RUN, script)
    entries = await trace_of(scripted, execution)
    assert [entries[row][1] for row in (5, 7, 9)] == [delay(execution, number) for number in (2, 3, 1)]


async def test_responses_that_came_before_they_were_waited_for_keep_their_order(scripted: EngineHarness):
    execution = await start(
        scripted,
        scripts.create(),
        *(scripts.submit(0, TEXT, "x") for _ in range(3)),
        scripts.sleep(hours=1),
        *(scripts.next_(0), scripts.last_id(0)) * 3,
    )
    for number in (3, 1, 2):
        await scripted.engine.executions.stub(child(execution, number), {"ok": "y"})
    entries = await trace_of(scripted, execution)
    assert [entries[row][1] for row in (6, 8, 10)] == [child(execution, number) for number in (3, 1, 2)]


# --- what a response says ---------------------------------------------------------------------------------------------


async def test_a_child_that_returned_an_error_is_an_error(scripted: EngineHarness):
    entries = await trace(scripted, scripts.create(), scripts.submit(0, REFUSE, "no"), scripts.next_(0))
    assert entries[2] == ["err", '"no"']


async def test_a_child_that_failed_is_an_error(scripted: EngineHarness):
    entries = await trace(scripted, scripts.create(), scripts.submit(0, TRAP), scripts.next_(0))
    assert entries[2] == ["err", '"execution_failed"']


async def test_a_cancelled_delay_is_an_error_without_text(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.delay(0, hours=1), scripts.next_(0))
    await scripted.engine.executions.cancel_delay(delay(execution))
    assert (await trace_of(scripted, execution))[2] == ["err", ""]


async def test_a_delay_of_a_time_that_is_over_is_due_at_once(scripted: EngineHarness):
    started = scripted.clock.now()
    entries = await trace(scripted, scripts.create(), scripts.delay(0, scripts.at(1)), scripts.next_(0))
    assert entries[2] == ["ok", ""]
    assert scripted.clock.now() - started < timedelta(seconds=1)


async def test_a_wait_is_one_event_however_often_it_is_replayed(open_engine: Open):
    async with open_engine(TABLES, kernel="[workflows]\nhot_limit = 0") as harness:
        execution = await harness.submit(
            RUN, [scripts.create(), scripts.delay(0, hours=1), scripts.next_(0), scripts.sleep(hours=1)]
        )
        await harness.result(execution)
        waits = [event for event in await harness.events(execution) if isinstance(event, JoinNext)]
        assert [event.join_set_id for event in waits] == ["g:1", "o:1-sleep"]
