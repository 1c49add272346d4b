"""``trace`` against a real server."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.cli.channel import parse_url
from obelisk.cli.durations import duration_text
from obelisk.cli.trace_tree import TraceTree
from obelisk.cli.trace_view import TraceView
from obelisk.core.events import ExecutionResult, FailureKind, Finished, TemporarilyFailed, TypedValue, Unlocked, failed
from obelisk.core.trace_context import execution_span, trace_of
from obelisk.ids import ExecutionId
from tests.api.calls import ID, OTHER_ID
from tests.api.fakes import FIBOA, NOW
from tests.api.served import Served
from tests.api.tracing import (
    CHILD,
    DELAY,
    FIBO,
    GRANDCHILD,
    NEXT_RUN,
    OK,
    OPEN_DELAY,
    Story,
    at,
    child_of,
    locked,
    sent,
    top_level,
)
from tests.cli.commands import UNREACHABLE, lines

TREE = f"""\
{FIBOA}  {ID}  running  10.00 s…
├── delay  {DELAY}  ok  +1.00 s  2.00 s
├── {FIBO}  {CHILD}  ok  +3.00 s  2.00 s
│   ├── run 1  failed: trap  activity trap: unreachable  +3.00 s  500 ms
│   │   └── GET https://api.example.com/v1  503  +3.00 s  250 ms
│   ├── {FIBO}  {GRANDCHILD}  pending  +3.00 s  7.00 s…
│   └── run 2  ok  +4.00 s  1.00 s
│       └── GET https://api.example.com/v1  200  +4.00 s  500 ms
├── scheduled  {FIBOA}  {OTHER_ID}  ok  +6.00 s
└── delay  {OPEN_DELAY}  pending  due at 2026-11-23 13:00:00Z  +8.00 s  2.00 s…
"""


@pytest.fixture
def story(server: Served) -> Story:
    return Story(server.engine)


@pytest.fixture
def told(server: Served, story: Story) -> str:
    """An execution of which there is much to tell."""
    server.run(story.tree())
    return ID


def tree_of(server: Served, execution_id: str = ID) -> TraceTree:
    """Return what the server tells of an execution."""
    from obelisk.cli.connection import Connection

    connection = Connection(parse_url(server.url))
    try:
        return TraceTree(connection.trace(admin.GetTraceRequest(execution_id=execution_id)), now=NOW)
    finally:
        connection.close()


def shown(tree: TraceTree, *, width: int) -> list[str]:
    """Return a tree as a terminal of a width shows it."""
    stream = io.StringIO()
    TraceView(tree, stream, width=width).print()
    return stream.getvalue().splitlines()


# --- plain ------------------------------------------------------------------------------------------------------------


def test_people_see_a_tree(run: Any, told: str) -> None:
    result = run("trace", told)
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", TREE)


def test_a_run_that_was_the_only_one_and_went_well_is_left_out(run: Any, server: Served, story: Story) -> None:
    request = sent(200, begin=1, end=2)
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (3, Finished(OK, [request]))))
    assert run("trace", ID).stdout == (
        f"{FIBOA}  {ID}  ok  3.00 s\n└── GET https://api.example.com/v1  200  +1.00 s  1.00 s\n"
    )


@pytest.mark.parametrize(
    ("result", "execution", "only_run"),
    [
        (ExecutionResult(err=TypedValue("string", "no")), "error", 'error  returned the error "no"'),
        (failed(FailureKind.TIMED_OUT, "too long"), "failed: timed_out", "failed: timeout  too long"),
        (failed(FailureKind.CANCELLED, "a\x1b[2Jb\nc"), "failed: cancelled", r"failed: cancelled  a\x1b[2Jb"),
    ],
)
def test_a_run_that_failed_says_why(
    run: Any, server: Served, story: Story, result: ExecutionResult, execution: str, only_run: str
) -> None:
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (3, Finished(result))))
    assert run("trace", ID).stdout == (f"{FIBOA}  {ID}  {execution}  3.00 s\n└── run 1  {only_run}  +0 ms  3.00 s\n")


def test_an_execution_that_never_ran_says_itself_why(run: Any, server: Served, story: Story) -> None:
    server.run(story.tell(ID, (0, top_level()), (1, Finished(failed(FailureKind.CANCELLED, "wanted")))))
    assert run("trace", ID).stdout == f"{FIBOA}  {ID}  failed: cancelled  wanted  1.00 s\n"


def test_an_execution_that_is_tried_again_says_when(run: Any, server: Served, story: Story) -> None:
    trap = TemporarilyFailed(NOW + timedelta(seconds=90), "activity trap: unreachable")
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (1, trap)))
    first, second = run("trace", ID).stdout.splitlines()
    assert first == f"{FIBOA}  {ID}  scheduled  due at 2026-11-23 12:01:30Z  10.00 s…"
    assert second == "└── run 1  failed: trap  activity trap: unreachable  +0 ms  1.00 s"


def test_a_run_that_was_given_back_says_why(run: Any, server: Served, story: Story) -> None:
    unlocked = Unlocked(at(1), "server is stopping")
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (1, unlocked), (2, locked(NEXT_RUN)), (3, Finished(OK))))
    _, first, second = run("trace", ID).stdout.splitlines()
    assert first == "├── run 1  ok  server is stopping  +0 ms  1.00 s"
    assert second == "└── run 2  ok  +2.00 s  1.00 s"


def test_a_large_tree_is_cut_and_the_rest_counted(run: Any, server: Served, story: Story) -> None:
    server.run(story.tell(ID, (0, top_level())))
    for index in range(1, 131):
        server.run(story.tell(ExecutionId(f"{ID}.g:1_{index}"), (1 + index / 1000, child_of(ID))))
    shown_lines = run("trace", ID).stdout.splitlines()
    assert (len(shown_lines), shown_lines[-1]) == (101, "… and 31 more executions; --limit and --depth show more")
    assert len(run("trace", ID, "--limit", "131").stdout.splitlines()) == 131
    assert len(lines(run("trace", ID, "--json"))) == 131
    assert len(lines(run("trace", ID, "--json", "--limit", "5"))) == 5


def test_so_much_of_one_execution_is_cut_and_counted(run: Any, server: Served, story: Story) -> None:
    requests = [sent(200, begin=index / 100, end=1) for index in range(30)]
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (2, Finished(OK, requests))))
    assert run("trace", ID).stdout.splitlines()[-1] == "└── … and 11 more of its own, see --json"


def test_the_depth_can_be_limited(run: Any, told: str) -> None:
    assert run("trace", told, "--depth", "0").stdout.splitlines()[-1] == (
        "… and 2 more executions; --limit and --depth show more"
    )
    assert GRANDCHILD not in run("trace", told, "--depth", "1").stdout


# --- terminals --------------------------------------------------------------------------------------------------------


def test_a_wide_terminal_shows_when_each_ran(server: Served, told: str) -> None:
    found = shown(tree_of(server, told), width=160)
    assert max(map(len, found)) <= 160
    bars = [line.rpartition("  ")[2] if line.endswith("━") else "" for line in found]
    assert (len(bars[0]), len(bars[1])) == (40, 8)
    assert found[1].index("━") - found[0].index("━") == 4
    assert found[8].startswith("├── scheduled")
    assert bars[8] == ""


def test_a_terminal_that_is_narrow_gets_short_names_and_no_bars(server: Served, told: str) -> None:
    found = shown(tree_of(server, told), width=80)
    assert max(map(len, found)) <= 80
    assert found[0].startswith(f"workflow.fiboa  {ID}  running ")
    assert found[1].startswith("├── delay  …o:1-sleep_1  ok ")
    assert found[2].startswith("├── fibo.fibo  …g:1_1  ok ")
    assert found[8].startswith(f"├── scheduled  workflow.fiboa  {OTHER_ID} …")
    assert not any("━" in line for line in found)


@pytest.mark.parametrize(
    ("width", "times"), [(60, ["+4.00", "s", "1.00", "s"]), (46, ["1.00", "s"]), (37, []), (24, [])]
)
def test_times_for_which_there_is_no_room_are_left_out_and_not_cut(
    server: Served, told: str, width: int, times: list[str]
) -> None:
    found = shown(tree_of(server, told), width=width)
    (line,) = [line for line in found if "run 2" in line]
    assert max(map(len, found)) <= width
    assert line.partition(" ok")[2].split() == times


def test_names_are_whole_where_they_fit(server: Served, told: str) -> None:
    assert f"{FIBO}  {GRANDCHILD}" in "\n".join(shown(tree_of(server, told), width=220))


def test_an_execution_without_a_length_has_a_bar(server: Served, story: Story) -> None:
    server.run(story.tell(ID, (0, top_level()), (0, locked()), (0, Finished(OK))))
    (line,) = shown(tree_of(server), width=120)
    assert line.endswith("━")


def test_what_is_below_an_execution_that_was_left_out_is_shown(server: Served, told: str) -> None:
    server.engine.states.pop(CHILD)
    assert any(GRANDCHILD in line for line in shown(tree_of(server, told), width=220))


# --- scripts ----------------------------------------------------------------------------------------------------------


def test_scripts_get_a_line_for_each_span(run: Any, told: str) -> None:
    found = lines(run("trace", told, "--json"))
    assert [line["kind"] for line in found] == [
        "execution", "scheduled", "delay", "delay", "run", "execution", "http_request", "run", "http_request", "run",
        "execution",
    ]  # fmt: skip
    assert found[5] == {
        "kind": "execution",
        "span_id": execution_span(CHILD),
        "parent_span_id": execution_span(ID),
        "trace_id": trace_of(ID, {}).trace_id,
        "execution_id": CHILD,
        "run_id": None,
        "name": FIBO,
        "started_at": "2026-11-23T11:59:53.123456Z",
        "ended_at": "2026-11-23T11:59:55.123456Z",
        "status": "ok",
        "status_message": "",
        "events": [{"name": "retry", "at": "2026-11-23T11:59:53.623456Z", "text": "activity trap: unreachable"}],
        "attributes": {
            "obelisk.component.digest": "sha256:" + "a1" * 32,
            "obelisk.component.name": "fibo",
            "obelisk.component.type": "activity",
            "obelisk.deployment.id": "Dep_01JDCB5E00000000000000000G",
            "obelisk.execution.result": "ok",
        },
    }
    assert (found[0]["status"], found[0]["ended_at"], found[0]["parent_span_id"]) == ("running", None, None)


# --- errors -----------------------------------------------------------------------------------------------------------


def test_an_unknown_execution_is_rejected(run: Any) -> None:
    result = run("trace", OTHER_ID)
    assert (result.exit_code, result.stdout, OTHER_ID in result.stderr) == (2, "", True)


@pytest.mark.parametrize("target", ["", "x", DELAY])
def test_an_id_that_is_none_is_rejected_before_any_call(run: Any, target: str) -> None:
    assert run("trace", target, url=UNREACHABLE).exit_code == 2


@pytest.mark.parametrize("flags", [("--depth", "-1"), ("--limit", "0"), ("--limit", str(2**32))])
def test_a_number_that_makes_no_sense_is_rejected(run: Any, flags: tuple[str, str]) -> None:
    assert run("trace", ID, *flags, url=UNREACHABLE).exit_code == 2


def test_an_unreachable_server_is_exit_code_3(run: Any) -> None:
    assert run("trace", ID, url=UNREACHABLE).exit_code == 3


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 ms"),
        (timedelta(microseconds=7), "7 µs"),
        (timedelta(microseconds=4_240), "4.2 ms"),
        (timedelta(milliseconds=999), "999 ms"),
        (timedelta(microseconds=999_900), "1.00 s"),
        (timedelta(seconds=59.5), "59.50 s"),
        (timedelta(seconds=59.999), "1 min 0 s"),
        (timedelta(hours=3, minutes=5, seconds=29), "3 h 5 min"),
        (timedelta(minutes=59, seconds=59.9), "1 h 0 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (timedelta(seconds=-2), "-2.00 s"),
    ],
)
def test_lengths_of_time_are_in_units_that_suit_them(length: timedelta, text: str) -> None:
    assert duration_text(length) == text
