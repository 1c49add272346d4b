"""``obelisk client execution trace`` against a real server, and traces that come in with a command."""

from __future__ import annotations

import os
import pty
import subprocess

from obelisk.core.trace_context import execution_span
from obelisk.ids import ExecutionId
from tests.e2e.control import UNKNOWN, Control, assert_rejected
from tests.e2e.process import OBELISK
from tests.e2e.rpc import CONCURRENT, FIBO_ACTIVITY, child
from tests.scripts import RUN, call, create, delay, new_id, next_, schedule

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_tree_shows_what_a_workflow_did_and_waits_for(control: Control) -> None:
    script = (new_id(), schedule(0, FIBO_ACTIVITY, 10), call(RUN, [call(FIBO_ACTIVITY, 10)]), create())
    ident = control.blocked_script(*script, delay(0, hours=1), next_(0))
    control.client.wait_for_join_set(ident, "g:1")
    shown = control.run("trace", ident).stdout.splitlines()
    nested = child(ident, "o:1-run_1")
    assert shown[0].startswith(f"testing:scripted/scripted.run  {ident}  blocked  waits in join set `g:1`  ")
    beginnings = (
        "├── scheduled  testing:fibo/fibo.fibo  E_",
        f"├── testing:scripted/scripted.run  {nested}  ok  +",
        f"│   └── testing:fibo/fibo.fibo  {child(nested, 'o:1-fibo_1')}  ok  +",
        f"└── delay  Delay_{ident[2:]}.g:1_1  pending  due at ",
    )
    assert [line.startswith(begin) for line, begin in zip(shown[1:], beginnings, strict=True)] == [True] * 4


def test_a_terminal_gets_bars(control: Control) -> None:
    ident = control.client.start(FIBO_ACTIVITY, [10])
    control.client.result(ident)
    shown = on_terminal(control, "trace", ident)
    assert ident in shown
    assert "━━━━" in shown


def on_terminal(control: Control, *arguments: str) -> str:
    """Return what a command prints on a terminal of 120 columns."""
    ours, theirs = pty.openpty()
    env = {**control.world.env, "OBELISK_API_URL": control.server.url, "COLUMNS": "120", "TERM": "xterm"}
    with os.fdopen(ours, "rb", buffering=0) as output, os.fdopen(theirs, "wb") as terminal:
        command = [*OBELISK, "client", "execution", *arguments]
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=terminal, timeout=30, check=True)
        return output.read(65_536).decode()


def test_many_children_are_cut_for_people_and_whole_for_scripts(control: Control) -> None:
    ident = control.client.start(CONCURRENT, [10, 600])
    control.client.result(ident)
    last = control.run("trace", ident).stdout.splitlines()[-1]
    assert last == "… and 501 more executions; --limit and --depth show more"
    spans = control.run("trace", ident, "--json").lines
    executions = [span["execution_id"] for span in spans if span["kind"] == "execution"]
    assert len(set(executions)) == len(executions) == 601
    assert {span["parent_span_id"] for span in spans if span["kind"] == "execution"} == {None, execution_span(ident)}


def test_a_submission_is_part_of_the_trace_of_its_command(control: Control) -> None:
    world, url = control.world, control.server.url
    params = ("execution", "submit", RUN, '[[{"call": ["testing:fibo/fibo", "fibo", "[10]"]}]]', "--follow", "--json")
    parent = f"00-{TRACE_ID}-{SPAN_ID}-01"
    ended = world.run("client", *params, OBELISK_API_URL=url, TRACEPARENT=parent)
    ident = ExecutionId(ended.last["execution_id"])
    spans = control.run("trace", ident, "--json").lines
    assert {span["trace_id"] for span in spans} == {TRACE_ID}
    assert (spans[0]["parent_span_id"], len(spans)) == (SPAN_ID, 4)


def test_an_execution_that_is_not_there_is_rejected(control: Control) -> None:
    assert_rejected(control.run("trace", UNKNOWN), UNKNOWN, "not found")
