"""What a workflow asks that cannot be done: each gets its answer, nothing traps, and the log can be replayed."""

from __future__ import annotations

from typing import Any

import pytest

from obelisk.ids import ExecutionId
from tests.e2e.control import UNKNOWN, Control, waiting
from tests.e2e.rpc import ASK, FIBO_ACTIVITY, FOO, child
from tests.scripts import (
    Op,
    at,
    call,
    create,
    create_named,
    delay,
    get_failure,
    get_result,
    new_id,
    next_,
    random,
    random_inclusive,
    random_string,
    schedule,
    sleep,
    stub,
    submit,
    text,
    try_next,
)

pytestmark = pytest.mark.timeout(30)

PAST = at(1)
NOWHERE = "testing:nope/nope.nope"


def answers(control: Control, *ops: Op) -> list[Any]:
    """Run a script to its end, replay its log, and return what it was answered."""
    ident = control.script(*ops)
    result = control.client.result(ident)
    assert result.ok is not None, result
    assert control.client.call("ReplayExecution", execution_id=ident).HasField("finished")
    found: list[Any] = result.ok.value
    return found


def kinds(found: list[Any]) -> list[str]:
    return [kind for kind, _ in found]


def test_functions_and_params_that_do_not_exist(control: Control) -> None:
    found = answers(
        control, create(),
        submit(0, NOWHERE), submit(0, "fibo"), submit(0, FIBO_ACTIVITY, "ten"), submit(0, FIBO_ACTIVITY),
        {"submit": [0, "testing:fibo/fibo", "fibo", "[1"]}, {"submit": [0, "testing:fibo/fibo", "fibo", "{}"]},
        call(NOWHERE), call(FIBO_ACTIVITY, 300), next_(0), try_next(0),
    )  # fmt: skip
    assert kinds(found)[1:] == [
        "function-not-found", "ffqn-parsing-error", *["type-check-error"] * 4,
        "function-not-found", "type-check-error", "all-processed", "all-processed",
    ]  # fmt: skip
    assert "`n`" in found[3][1]
    assert "u8" in found[3][1]


def test_join_sets_named_twice_or_badly(control: Control) -> None:
    found = answers(control, *map(create_named, ["twice", "twice", "a b", "a_b", "a.b", "ü", "n" * 300, "a/b-c"]))
    assert kinds(found) == ["ok", "conflict", *["invalid-name"] * 5, "ok"]
    assert "`a b`" in found[2][1]


def test_stubs_that_are_none_and_values_of_wrong_types(control: Control) -> None:
    parent = control.script(create(), submit(0, FIBO_ACTIVITY, 10), next_(0))
    control.client.result(parent)
    found = answers(
        control, text("order-5"), stub(0, {"ok": "x"}), text(UNKNOWN), stub(2, {"ok": "x"}),
        text(f"{UNKNOWN}.g:1_1"), stub(4, {"ok": "x"}), text(child(parent, "g:1_1")), stub(6, {"ok": 55}),
        create(), submit(0, FOO, "a"), stub(9, {"ok": 5}), {"stub": [9, "{"]}, stub(9, {"ok": "x"}), stub(9, {"ok": "x"}),
        stub(9, {"ok": "y"}), next_(0),
    )  # fmt: skip
    assert kinds(found)[1:8:2] == [
        "execution-id-parsing-error", "execution-not-found", "execution-not-found", "type-check-error",
    ]  # fmt: skip
    assert "no stub" in found[7][1]
    assert kinds(found)[10:] == ["type-check-error", "type-check-error", "ok", "ok", "conflict", "ok"]


def test_results_that_were_not_taken(control: Control) -> None:
    found = answers(
        control, text("order-5"), get_result(0), get_failure(0), text(f"{UNKNOWN}.g:1_1"), get_result(3), get_failure(3),
        create(), submit(0, ASK, 5), get_result(7), get_failure(7),
    )  # fmt: skip
    not_found = "not-found-in-processed-responses"
    assert kinds(found) == [
        "ok", "execution-id-parsing-error", "execution-id-parsing-error", "ok", not_found, not_found,
        "ok", "ok", not_found, not_found,
    ]  # fmt: skip


def test_ranges_that_hold_nothing(control: Control) -> None:
    found = answers(
        control, random(5, 5), random(6, 5), random_inclusive(6, 5), random_string(3, 3), random_string(4, 3)
    )
    assert kinds(found) == ["ok"] * 5
    assert [value for _, value in found[:3]] == ["5", "6", "6"]
    assert [len(value) for _, value in found[3:]] == [3, 4]


def test_times_in_the_past(control: Control) -> None:
    found = answers(
        control, create(), delay(0, PAST), next_(0), sleep(PAST), new_id(), schedule(4, FIBO_ACTIVITY, 10, at=PAST)
    )
    assert kinds(found) == ["ok"] * 6
    assert control.client.result(ExecutionId(found[4][1])).ok.value == 55


def test_ids_that_cannot_be_scheduled(control: Control) -> None:
    other = control.blocked_script(*waiting())
    found = answers(
        control, text("order-5"), schedule(0, FIBO_ACTIVITY, 10), text(other), schedule(2, FIBO_ACTIVITY, 10),
        new_id(), schedule(4, NOWHERE), schedule(4, FIBO_ACTIVITY, "ten"), schedule(4, FIBO_ACTIVITY, 10),
        schedule(4, FIBO_ACTIVITY, 10), schedule(4, FIBO_ACTIVITY, 11),
    )  # fmt: skip
    assert kinds(found)[1::2] == [
        "type-check-error", "type-check-error", "function-not-found", "ok", "type-check-error",
    ]  # fmt: skip
    assert other in found[3][1]
