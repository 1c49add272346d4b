"""The scripted workflow asks what its script says, and its trace is what it was answered."""

from __future__ import annotations

from typing import Any

import pytest

from obelisk.wasm.guest import Poll
from tests import scripts
from tests.scripts import Op
from tests.wasm import playing
from tests.wasm.bench import Bench
from tests.wasm.playing import Played

ID = "E_1"
IN_FIVE = {"in": {"seconds": 5}}
FUNCTION = {"interface_name": "a:b/c@1.0.0", "function_name": "f"}
PLAIN = "a:b/c@1.0.0.f"
ENTRY = scripts.text(ID)
SET_0 = scripts.create()
SET_1 = scripts.create_named("n")
NO_ERROR = {"ok": None}
MISSING = {"err": "not_found_in_processed_responses"}
JSON_ERRORS = [
    ({"err": {"ffqn_parsing_error": "no"}}, ["ffqn-parsing-error", "no"]),
    ({"err": "function_not_found"}, ["function-not-found", ""]),
    ({"err": {"type_check_error": "why"}}, ["type-check-error", "why"]),
]
RESPONSES = [
    ({"ok": {"ok": "55"}}, ["ok", "55"]),
    ({"ok": {"ok": None}}, ["ok", ""]),
    ({"ok": {"err": '"e"'}}, ["err", '"e"']),
    ({"ok": {"err": None}}, ["err", ""]),
]
IDS = [
    (None, ["none", ""]),
    ({"execution_id": {"id": ID}}, ["execution-id", ID]),
    ({"delay_id": {"id": "Delay_1"}}, ["delay-id", "Delay_1"]),
]
GET_ERRORS = [
    ({"err": {"execution_id_parsing_error": "no"}}, ["execution-id-parsing-error", "no"]),
    (MISSING, ["not-found-in-processed-responses", ""]),
]


async def play(bench: Bench, *script: Op, answers: list[Any], function: str = scripts.RUN) -> Played:
    return await playing.play(bench, "scripted.wat", function, list(script), answers=answers)


async def entry(bench: Bench, op: Op, answer: Any, *before: Op, answers: tuple[Any, ...] = ()) -> list[str]:
    played = await play(bench, *before, op, answers=[*answers, answer])
    assert played.error is None
    return played.result["ok"][-1]


QUESTIONS = [
    (SET_0, 7, "join-set-create", []),
    (SET_1, {"ok": 7}, "join-set-create-named", ["n"]),
    (scripts.submit(0, PLAIN, 1, "x"), {"ok": {"id": ID}}, "submit-json", [0, FUNCTION, '[1, "x"]']),
    (scripts.delay(0, seconds=5), {"id": ID}, "submit-delay", [0, IN_FIVE]),
    (scripts.delay(0), {"id": ID}, "submit-delay", [0, "now"]),
    (scripts.set_id(0), ID, "[method]join-set.id", [0]),
    (scripts.last_id(0), None, "[method]join-set.last-id", [0]),
    (scripts.next_(0), {"err": "all_processed"}, "join-next", [0]),
    (scripts.try_next(0), {"err": "all_processed"}, "join-next-try", [0]),
    (scripts.close(0), None, "join-set-close", [0]),
    (scripts.call(PLAIN), {"ok": {"ok": None}}, "call-json", [FUNCTION, "[]"]),
    (
        scripts.schedule(1, PLAIN, 2, at=scripts.at(2**40, 3)),
        NO_ERROR,
        "schedule-json",
        [{"id": ID}, {"at": {"seconds": 2**40, "nanoseconds": 3}}, FUNCTION, "[2]"],
    ),
    (
        scripts.schedule(1, PLAIN, at=scripts.after(milliseconds=2**40)),
        NO_ERROR,
        "schedule-json",
        [{"id": ID}, {"in": {"milliseconds": 2**40}}, FUNCTION, "[]"],
    ),
    (scripts.stub(1, {"ok": "v"}), NO_ERROR, "stub-json", [{"id": ID}, '{"ok": "v"}']),
    (scripts.get_result(1), MISSING, "get-result-json", [{"id": ID}]),
    (scripts.get_failure(1), MISSING, "get-execution-failure-kind", [{"id": ID}]),
    (scripts.last_call(), None, "last-direct-call-id", []),
    (scripts.last_oneoff(), None, "last-oneoff-id", []),
    (scripts.sleep(seconds=5), {"err": None}, "sleep", [IN_FIVE, None]),
    (scripts.sleep(scripts.now(), name="nap"), {"err": None}, "sleep", ["now", "nap"]),
    (scripts.sleep(days=2**32 - 1), {"err": None}, "sleep", [{"in": {"days": 2**32 - 1}}, None]),
    (scripts.random(1, 2**64 - 1), 1, "random-u64", [1, 2**64 - 1]),
    (scripts.random_inclusive(3, 4), 3, "random-u64-inclusive", [3, 4]),
    (scripts.random_string(5, 65535), "x", "random-string", [5, 65535]),
    (scripts.current_id(), {"id": ID}, "execution-id-current", []),
    (scripts.new_id(), {"id": ID}, "execution-id-generate", []),
]


@pytest.mark.parametrize(("op", "answer", "name", "arguments"), QUESTIONS, ids=str)
async def test_an_operation_asks_the_host(bench, op, answer, name, arguments):
    played = await play(bench, SET_0, ENTRY, op, answers=[0, answer])
    assert played.error is None
    assert played.asked[1:] == [(name, arguments)]
    assert len(played.result["ok"]) == 3


TRACED = [
    (SET_0, 7, ["ok", ""]),
    (SET_1, {"ok": 7}, ["ok", ""]),
    (SET_1, {"err": "conflict"}, ["conflict", ""]),
    (SET_1, {"err": {"invalid_name": "no"}}, ["invalid-name", "no"]),
    (scripts.submit(0, PLAIN), {"ok": {"id": ID}}, ["ok", ID]),
    *((scripts.submit(0, PLAIN), *each) for each in JSON_ERRORS),
    (scripts.delay(0), {"id": "Delay_1"}, ["ok", "Delay_1"]),
    (scripts.set_id(0), "g:1", ["ok", "g:1"]),
    *((scripts.last_id(0), *each) for each in IDS),
    *((scripts.next_(0), *each) for each in RESPONSES),
    (scripts.next_(0), {"err": "all_processed"}, ["all-processed", ""]),
    *((scripts.try_next(0), *each) for each in RESPONSES),
    (scripts.try_next(0), {"err": "all_processed"}, ["all-processed", ""]),
    (scripts.try_next(0), {"err": "pending"}, ["pending", ""]),
    *((scripts.call(PLAIN), *each) for each in (*RESPONSES, *JSON_ERRORS)),
    *((scripts.schedule(1, PLAIN), *each) for each in (*JSON_ERRORS, (NO_ERROR, ["ok", ""]))),
    (scripts.stub(1, 1), NO_ERROR, ["ok", ""]),
    (scripts.stub(1, 1), {"err": {"execution_id_parsing_error": "no"}}, ["execution-id-parsing-error", "no"]),
    (scripts.stub(1, 1), {"err": "execution_not_found"}, ["execution-not-found", ""]),
    (scripts.stub(1, 1), {"err": {"type_check_error": "why"}}, ["type-check-error", "why"]),
    (scripts.stub(1, 1), {"err": "conflict"}, ["conflict", ""]),
    *((scripts.get_result(1), *each) for each in (*RESPONSES, *GET_ERRORS)),
    *((scripts.get_failure(1), *each) for each in GET_ERRORS),
    (scripts.get_failure(1), {"ok": None}, ["none", ""]),
    *(
        (scripts.get_failure(1), {"ok": kind.replace("-", "_")}, [kind, ""])
        for kind in ("timed-out", "nondeterminism-detected", "out-of-fuel", "cancelled", "uncategorized")
    ),
    (scripts.last_call(), None, ["none", ""]),
    (scripts.last_call(), {"id": ID}, ["execution-id", ID]),
    *((scripts.last_oneoff(), *each) for each in IDS),
    (scripts.sleep(), {"ok": {"seconds": 1234567890, "nanoseconds": 5}}, ["ok", "1234567890"]),
    (scripts.sleep(), {"err": None}, ["err", ""]),
    (scripts.random(0, 1), 0, ["ok", "0"]),
    (scripts.random(0, 1), 2**64 - 1, ["ok", str(2**64 - 1)]),
    (scripts.random_inclusive(0, 1), 10, ["ok", "10"]),
    (scripts.random_string(1, 2), "a€", ["ok", "a€"]),
    (scripts.current_id(), {"id": ID}, ["ok", ID]),
    (scripts.new_id(), {"id": ID}, ["ok", ID]),
]


@pytest.mark.parametrize(("op", "answer", "expected"), TRACED, ids=str)
async def test_an_answer_is_in_the_trace(bench, op, answer, expected):
    assert await entry(bench, op, answer, SET_0, ENTRY, answers=(0,)) == expected


async def test_a_text_is_in_the_trace_and_asks_nothing(bench):
    played = await play(bench, scripts.text("a"), scripts.text(""), answers=[])
    assert played.result == {"ok": [["ok", "a"], ["ok", ""]]}


async def test_logging_and_computing_leave_no_trace(bench):
    running = bench.guest("scripted.wat", scripts.RUN, [scripts.log("a line"), scripts.spin(100)])
    assert await bench.run(running) is Poll.ENDED
    assert running.guest.result == {"ok": []}
    assert [arguments for _, arguments in running.guest.records] == [["a line"]]


async def test_a_script_may_fail(bench):
    assert (await play(bench, ENTRY, scripts.fail("enough"), ENTRY, answers=[])).result == {"err": "enough"}


async def test_a_script_may_stop(bench):
    assert (await play(bench, ENTRY, scripts.stop(), ENTRY, answers=[])).result == {"ok": [["ok", ID]]}


async def test_a_script_may_be_empty(bench):
    assert (await play(bench, answers=[])).result == {"ok": []}


async def test_the_cancellable_twin_runs_scripts_too(bench):
    assert (await play(bench, ENTRY, answers=[], function=scripts.RUN_CANCELLABLE)).result == {"ok": [["ok", ID]]}


async def test_slots_are_numbered_by_what_was_created(bench):
    script = [SET_0, SET_1, scripts.create_named("m"), *(scripts.next_(slot) for slot in (1, 0))]
    played = await play(
        bench,
        *script,
        answers=[10, {"err": "conflict"}, {"ok": 11}, {"err": "all_processed"}, {"err": "all_processed"}],
    )
    assert [arguments for _, arguments in played.asked[3:]] == [[11], [10]]


async def test_a_dropped_slot_drops_the_join_set(bench):
    running = bench.guest("scripted.wat", scripts.RUN, [SET_0, scripts.drop(0)])
    assert await bench.run(running) is Poll.PARKED
    running.guest.answer(10)
    assert await bench.run(running) is Poll.ENDED
    assert running.guest.result == {"ok": [["ok", ""], ["ok", ""]]}
    assert running.guest.dropped == [10]


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        ([scripts.trap()], []),
        ([scripts.next_(0)], []),
        ([SET_0, scripts.close(0), SET_0, scripts.next_(0)], [10, None, 11]),
        ([SET_0, scripts.drop(0), scripts.set_id(0)], [10]),
        ([ENTRY, scripts.get_result(1)], []),
    ],
)
async def test_what_is_not_there_traps(bench, script, answers):
    assert "unreachable" in str((await play(bench, *script, answers=answers)).error)


async def test_a_long_script_has_the_memory_that_it_needs(bench):
    texts = [f"{number:0500}" for number in range(1000)]
    played = await play(bench, *map(scripts.text, texts), answers=[])
    assert played.result == {"ok": [["ok", text] for text in texts]}


async def test_a_script_may_have_256_slots_open(bench):
    script = [SET_0] * 256 + [scripts.next_(255)]
    played = await play(bench, *script, answers=[*range(256), {"err": "all_processed"}])
    assert played.asked[-1] == ("join-next", [255])
