"""Stubs are listed and get their results, by commands and by calls."""

from __future__ import annotations

import json

import pytest

from obelisk.api import pool
from obelisk.core.events import TypedValue
from tests.e2e.control import CANCELLED, UNKNOWN, UNKNOWN_DELAY, Control, assert_rejected, said, waiting
from tests.e2e.rpc import ASK, FOO, child
from tests.scripts import RUN, close, create, next_, stub, submit

pytestmark = pytest.mark.timeout(30)

ON = '{"ok": "on"}'


def foo(value: str) -> TypedValue:
    return TypedValue("string", value)


# --- results ----------------------------------------------------------------------------------------------------------


def test_a_workflow_goes_on_with_the_result_of_a_stub(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    assert said(control.run("stub", child(ident, "g:1_1"), ON)) == (0, "Stubbed")
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']


def test_scripts_get_the_id_and_the_outcome(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    ended = control.run("stub", ident, ON, "--json")
    assert (ended.code, ended.last) == (0, {"execution_id": ident, "outcome": "stubbed"})


def test_a_result_is_read_from_a_file(control: Control) -> None:
    (control.world.directory / "result.json").write_text(ON)
    ident = control.client.start(FOO, ["x"])
    assert said(control.run("stub", ident, "@result.json")) == (0, "Stubbed")
    assert control.client.result(ident).ok == foo("on")


def test_a_result_is_read_from_standard_input(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    assert said(control.run("stub", ident, "-", stdin=ON)) == (0, "Stubbed")
    assert control.client.result(ident).ok == foo("on")


def test_an_err_is_a_result(control: Control) -> None:
    ident = control.client.start(ASK, [5])
    assert said(control.run("stub", ident, '{"err": "too much"}')) == (0, "Stubbed")
    assert control.client.result(ident).err == foo("too much")


def test_a_paused_stub_gets_a_result(control: Control) -> None:
    ident = control.client.start(FOO, ["x"], paused=True)
    control.client.stub(ident, {"ok": "on"})
    assert control.client.result(ident).ok == foo("on")


def test_a_large_result_comes_through(control: Control) -> None:
    (control.world.directory / "large.json").write_text(json.dumps({"ok": "x" * 5_000_000}))
    ident = control.blocked_script(create(), submit(0, FOO, "a"), next_(0), close(0))
    assert said(control.run("stub", child(ident, "g:1_1"), "@large.json")) == (0, "Stubbed")
    shown = control.run("get", ident, "--follow", "--json").last
    assert len(shown["result"]["ok"][2][1]) == 5_000_002


# --- twice ------------------------------------------------------------------------------------------------------------


def test_the_same_result_again_is_fine_and_another_is_not(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    assert said(control.run("stub", ident, ON)) == (0, "Stubbed")
    assert said(control.run("stub", ident, ON)) == (0, "Stubbed")
    assert_rejected(control.run("stub", ident, '{"ok": "off"}'), ident, "another result")
    assert control.client.result(ident).ok == foo("on")


def test_a_cancelled_stub_has_a_result(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    control.client.call("CancelExecution", execution_id=ident)
    assert_rejected(control.run("stub", ident, ON), ident, "another result")
    assert control.client.result(ident) == CANCELLED


def test_a_workflow_that_gives_the_same_result_first_is_no_conflict(control: Control) -> None:
    ident = control.script(create(), submit(0, FOO, "a"), stub(1, {"ok": "on"}), next_(0))
    control.client.result(ident)
    assert said(control.run("stub", child(ident, "g:1_1"), ON)) == (0, "Stubbed")


# --- the list ---------------------------------------------------------------------------------------------------------


def test_stubs_that_wait_are_listed_until_they_have_their_result(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    stub_id, alone, other = child(ident, "g:1_1"), control.client.start(ASK, [5]), control.client.start(FOO, ["x"])
    control.client.stub(other, {"ok": "done"})
    listed = {line["execution_id"]: line for line in control.run("list", "--stubs", "--limit", "500", "--json").lines}
    assert listed[stub_id]["ffqn"] == FOO
    assert listed[alone]["ffqn"] == ASK
    assert not {ident, other} & listed.keys()


def test_the_list_of_stubs_is_narrowed(control: Control) -> None:
    one, other = control.client.start(ASK, [5]), control.client.start(FOO, ["x"])
    lines = control.run("list", "--stubs", "--ffqn", "shop:", "--json").lines
    assert one in [line["execution_id"] for line in lines]
    assert other not in [line["execution_id"] for line in lines]
    assert len(control.run("list", "--stubs", "--limit", "1").stdout.splitlines()) == 2


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", ("not JSON",)),
        ('{"ok": ', ("not JSON",)),
        ("@missing.json", ("missing.json",)),
        ("@.", ("directory",)),
        ("null", (FOO, "result<string>", "null")),
        ('"on"', (FOO, "result<string>", "on")),
        ("-5", (FOO, "result<string>", "-5")),
        ('{"ok": 5}', (FOO, "result<string>", "`string`", "5")),
        ('{"ok": "on", "err": null}', (FOO, "result<string>", "ok, err")),
        ('{"err": "no"}', (FOO, "result<string>", "no")),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_and_the_stub_waits_on(
    control: Control, value: str, parts: tuple[str, ...]
) -> None:
    ident = control.client.start(FOO, ["x"])
    assert_rejected(control.run("stub", ident, value), *parts)
    assert control.client.version(ident) == 0


def test_bytes_that_are_no_text_are_rejected(control: Control) -> None:
    (control.world.directory / "bytes.json").write_bytes(b'{"ok": "\xff"}')
    ident = control.client.start(FOO, ["x"])
    assert_rejected(control.run("stub", ident, "@bytes.json"), "not JSON")


def test_an_execution_that_somebody_runs_is_no_stub(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    assert_rejected(control.run("stub", ident, ON), ident, RUN, "no stub", "workflow")


@pytest.mark.parametrize("target", [UNKNOWN, f"{UNKNOWN}.g:1_1"])
def test_a_stub_that_nobody_asked_for_is_rejected(control: Control, target: str) -> None:
    assert_rejected(control.run("stub", target, ON), target, "not found")


def test_a_delay_is_no_stub(control: Control) -> None:
    assert_rejected(control.run("stub", UNKNOWN_DELAY, ON), UNKNOWN_DELAY, "`E_`")


# --- calls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'"\xff"', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"5", FOO),
        (b'{"ok": 5}', FOO),
    ],
)
def test_a_call_with_a_wrong_value_is_an_invalid_argument(control: Control, content: bytes, part: str) -> None:
    ident = control.client.start(FOO, ["x"])
    code, details = control.client.refusal("Stub", execution_id=ident, return_value=pool.Any(value=content))
    assert code == "INVALID_ARGUMENT"
    assert part in details
    assert control.client.version(ident) == 0


def test_a_call_without_a_value_names_the_argument(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    expected = ("INVALID_ARGUMENT", "argument `return_value` must exist")
    assert control.client.refusal("Stub", execution_id=ident) == expected


def test_calls_that_do_not_go_together_have_their_own_codes(control: Control) -> None:
    ident, script = control.client.start(FOO, ["x"]), control.blocked_script(*waiting())
    value = pool.Any(value=ON.encode())
    control.client.stub(ident, {"ok": "first"})
    assert control.client.refusal("Stub", execution_id=ident, return_value=value)[0] == "ALREADY_EXISTS"
    assert control.client.refusal("Stub", execution_id=script, return_value=value)[0] == "FAILED_PRECONDITION"
    assert control.client.refusal("Stub", execution_id=UNKNOWN, return_value=value)[0] == "NOT_FOUND"
