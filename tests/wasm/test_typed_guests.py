"""The guests that call extension functions by their types read what they are answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wasm.playing import play

STUB = "testing:stub-workflow/workflow."
SERDE = "testing:serde/serde."
SERDE_WORKFLOW = "testing:serde-workflow/workflow."
SLEEP = "testing:sleep-workflow/workflow."

SET = 5
ID = {"id": "E_1"}
DELAY = {"id": "Delay_1"}
DONE = {"ok": None}
ERR = {"err": None}
FOO = {"ok": {"ok": "text"}}
PASSED = {"ok": {"ok": None}}
ALL_PROCESSED = {"err": "all_processed"}
FUNCTION = {"interface_name": "a:b/c", "function_name": "f"}
MISMATCH = {
    "err": {
        "function_mismatch": {"specified_function": FUNCTION, "actual_function": None, "actual_id": {"delay_id": DELAY}}
    }
}
NOT_FOUND = {"err": "not_found_in_processed_responses"}
CONFLICT = {"err": "conflict"}
INVALID = {"err": {"invalid_name": "no"}}
PENDING = {"err": "pending"}
WOKEN = {"ok": {"seconds": 1, "nanoseconds": 0}}

STUBS: list[tuple[str, tuple[Any, ...], list[Any], Any]] = [
    ("submit-stub-await", ("a",), [SET, ID, DONE, FOO], {"ok": "text"}),
    ("submit-stub-await", ("a",), [SET, ID, CONFLICT], ERR),
    ("submit-await", ("a",), [SET, ID, FOO], {"ok": "text"}),
    ("submit-await", ("a",), [SET, ID, {"ok": ERR}], ERR),
    ("noret-submit-await", (), [SET, ID, PASSED], DONE),
    ("noret-submit-await", (), [SET, ID, {"ok": ERR}], ERR),
    ("submit-race-delay", ("a", 1), [SET, ID, DELAY, PASSED, {"delay_id": DELAY}], {"ok": "delay"}),
    ("submit-race-delay", ("a", 1), [SET, ID, DELAY, {"ok": {"ok": '"x"'}}, {"execution_id": ID}], {"ok": "child"}),
    ("stub-not-found", (), [{"err": "execution_not_found"}], DONE),
    ("stub-not-found", (), [CONFLICT], ERR),
    ("stub-twice", ("a",), [SET, ID, DONE, DONE, CONFLICT, FOO], {"ok": "text"}),
    ("stub-twice", ("a",), [SET, ID, DONE, DONE, DONE], ERR),
    ("await-next-all-processed", (), [SET, ALL_PROCESSED], DONE),
    ("await-next-all-processed", (), [SET, FOO], ERR),
    ("mismatch", (), [SET, ID, DONE, MISMATCH, ALL_PROCESSED], DONE),
    ("mismatch", (), [SET, ID, DONE, FOO], ERR),
    ("get-after-await", ("a",), [SET, ID, DONE, NOT_FOUND, FOO, {"ok": {"ok": "got"}}], {"ok": "got"}),
    ("get-after-await", ("a",), [SET, ID, DONE, FOO], ERR),
    ("close-order", (), [{"ok": SET}, ID, ID, ID, DELAY, None], DONE),
    ("named-twice", (), [{"ok": SET}, CONFLICT, INVALID], DONE),
    ("named-twice", (), [{"ok": SET}, {"ok": 6}], ERR),
]


@pytest.mark.parametrize(("function", "params", "answers", "result"), STUBS)
async def test_the_stub_workflow(bench, function, params, answers, result):
    played = await play(bench, "stub_workflow.wat", STUB + function, *params, answers=answers)
    assert (played.result, played.error) == (result, None)


async def test_the_stub_workflow_stubs_what_it_submitted(bench):
    played = await play(bench, "stub_workflow.wat", STUB + "submit-stub-await", "a", answers=[SET, ID, DONE, FOO])
    assert played.asked == [
        ("join-set-create", []),
        ("foo-submit", [SET, "a"]),
        ("foo-stub", [ID, {"ok": "a"}]),
        ("foo-await-next", [SET]),
    ]


async def test_the_stub_workflow_stubs_an_execution_that_nobody_created(bench):
    played = await play(bench, "stub_workflow.wat", STUB + "stub-not-found", answers=[{"err": "execution_not_found"}])
    assert played.asked == [("foo-stub", [{"id": f"E_{'0' * 26}.n:fake_1"}, {"ok": "child"}])]


async def test_the_stub_workflow_gives_another_value_last(bench):
    answers = [SET, ID, DONE, DONE, CONFLICT, FOO]
    played = await play(bench, "stub_workflow.wat", STUB + "stub-twice", "a", answers=answers)
    assert [arguments[1] for name, arguments in played.asked if name == "foo-stub"] == [
        {"ok": "a"}, {"ok": "a"}, {"ok": "another"},
    ]  # fmt: skip


async def test_the_stub_workflow_closes_a_named_join_set(bench):
    answers = [{"ok": SET}, ID, ID, ID, DELAY, None]
    played = await play(bench, "stub_workflow.wat", STUB + "close-order", answers=answers)
    assert played.asked[0] == ("join-set-create-named", ["a"])
    assert played.asked[4:] == [("submit-delay", [SET, {"in": {"hours": 1}}]), ("join-set-close", [SET])]


RECORD = {"a": 2**32 - 1, "image": [0, 255], "b": "b€", "opt": None}
VALUES = [
    ("rec", RECORD, {"ok": RECORD}),
    ("rec", RECORD | {"opt": "some"}, {"ok": RECORD | {"opt": "some"}}),
    ("var", "var2", {"ok": "var2"}),
    *(("var", {"var1": value}, {"ok": {"var1": value}}) for value in (None, True, False)),
    ("err-string", "wrong", {"err": "wrong"}),
]


@pytest.mark.parametrize(("function", "param", "result"), VALUES)
async def test_the_serde_activity_returns_what_it_takes(bench, function, param, result):
    assert await bench.result("serde_activity.wat", SERDE + function, param) == result


@pytest.mark.parametrize(
    ("function", "error"), [("permanent-err", "permanent_failure"), ("temporary-err", "temporary"), ("code-err", 7)]
)
async def test_the_serde_activity_returns_errors(bench, function, error):
    assert await bench.result("serde_activity.wat", SERDE + function) == {"err": error}


@pytest.mark.parametrize("function", ["trap", "trap-u64", "nothing-trap"])
async def test_the_serde_activity_traps(bench, function):
    played = await play(bench, "serde_activity.wat", SERDE + function, answers=[])
    assert "unreachable" in str(played.error)


FAILURES: list[tuple[str, list[Any], Any]] = [
    ("expect-trap", [{"err": "execution_failed"}], DONE),
    ("expect-trap", [{"err": "foo"}], ERR),
    ("expect-trap", [DONE], ERR),
    ("call-trap-u64", [2**64 - 1], {"ok": 2**64 - 1}),
    ("await-trap-u64", [SET, ID, ALL_PROCESSED], ERR),
    ("await-trap-u64", [SET, ID, {"ok": {"ok": 2**40}}], ERR),
    *(
        ("await-trap-u64", [SET, ID, {"ok": {"err": kind.replace("-", "_")}}], {"ok": kind})
        for kind in ("timed-out", "nondeterminism-detected", "out-of-fuel", "cancelled", "uncategorized")
    ),
    ("await-code-err", [SET, ID, {"ok": {"ok": {"err": 9}}}], {"ok": 9}),
    ("await-code-err", [SET, ID, {"ok": {"ok": {"ok": 9}}}], ERR),
    ("await-code-err", [SET, ID, {"ok": {"err": "cancelled"}}], ERR),
]


@pytest.mark.parametrize(("function", "answers", "result"), FAILURES)
async def test_the_serde_workflow(bench, function, answers, result):
    played = await play(bench, "serde_workflow.wat", SERDE_WORKFLOW + function, answers=answers)
    assert (played.result, played.error) == (result, None)


SLEEPS: list[tuple[str, tuple[Any, ...], list[Any], Any]] = [
    ("sleep-for", (1,), [WOKEN], DONE),
    ("sleep-for", (1,), [ERR], ERR),
    ("sleep-cancellable", (1,), [WOKEN], {"ok": "slept"}),
    ("sleep-cancellable", (1,), [ERR], {"ok": "cancelled"}),
    ("two-delays", (1, 2), [SET, DELAY, DELAY, PASSED, {"delay_id": DELAY}], {"ok": "Delay_1"}),
    ("schedule-fibo", (1, 2), [ID], {"ok": "E_1"}),
    ("try-pending-then-found", (1,), [SET, DELAY, PENDING, WOKEN, PASSED, ALL_PROCESSED], DONE),
    ("try-pending-then-found", (1,), [SET, DELAY, PASSED], ERR),
    ("try-pending-then-found", (1,), [SET, DELAY, PENDING, WOKEN, PENDING], ERR),
    ("try-pending-then-found", (1,), [SET, DELAY, PENDING, WOKEN, PASSED, PENDING], ERR),
]


@pytest.mark.parametrize(("function", "params", "answers", "result"), SLEEPS)
async def test_the_sleep_workflow(bench, function, params, answers, result):
    played = await play(bench, "sleep_workflow.wat", SLEEP + function, *params, answers=answers)
    assert (played.result, played.error) == (result, None)


async def test_the_sleep_workflow_sleeps_twice_as_long_as_its_delay(bench):
    answers = [SET, DELAY, PENDING, WOKEN, PASSED, ALL_PROCESSED]
    played = await play(bench, "sleep_workflow.wat", SLEEP + "try-pending-then-found", 7, answers=answers)
    assert played.asked[1] == ("submit-delay", [SET, {"in": {"milliseconds": 7}}])
    assert played.asked[3] == ("sleep", [{"in": {"milliseconds": 14}}, None])


async def test_the_sleep_workflow_schedules_fibo(bench):
    played = await play(bench, "sleep_workflow.wat", SLEEP + "schedule-fibo", 10, 50, answers=[ID])
    assert played.asked == [("fibo-schedule", [{"in": {"milliseconds": 50}}, 10])]


TIMEOUT = "example:timeout/workflow.wait-or-give-up"


@pytest.mark.parametrize(
    ("answer", "result"),
    [({"ok": {"ok": "yes"}}, {"ok": "yes"}), ({"ok": ERR}, ERR), (MISMATCH, {"ok": "timed out"})],
)
async def test_the_timeout_example_takes_the_first_response(bench, answer, result):
    played = await play(bench, "timeout_workflow.wat", TIMEOUT, 2, 3, answers=[SET, ID, ID, DELAY, answer])
    assert played.result == result
    assert played.asked[1:] == [
        ("ask-submit", [SET, 0]),
        ("ask-submit", [SET, 1]),
        ("submit-delay", [SET, {"in": {"days": 3}}]),
        ("ask-await-next", [SET]),
    ]
