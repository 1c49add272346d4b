"""Submitting, following and looking, through the command line."""

from __future__ import annotations

import json

import pytest

from obelisk.ids import parse_execution_id
from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Ended, Server
from tests.e2e.rpc import CONCURRENT, FIBO_ACTIVITY, FIBOA, FIBOW, NESTED, START_FIBOAS, execution_id
from tests.e2e.test_crash import LONG_LOCK
from tests.e2e.world import World, fibo

pytestmark = pytest.mark.timeout(60)


def submit(world: World, server: Server, ffqn: str, params: str, *options: str, stdin: str = "") -> Ended:
    return world.client(server, "execution", "submit", ffqn, params, *options, stdin=stdin)


def test_500_calls_of_an_activity_in_series_give_55(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, FIBOA, "[10, 500]", "--follow", "--json")
    assert ended.code == 0, ended.stderr
    assert ended.last["status"] == "finished"
    assert ended.last["result"] == {"ok": 55}


@pytest.mark.parametrize(
    ("ffqn", "params", "value"),
    [
        (FIBO_ACTIVITY, "[10]", 55),
        (FIBOW, "[10, 3]", 55),
        (FIBOA, "[10, 0]", 0),
        (CONCURRENT, "[10, 200]", 55),
        (NESTED, "[10]", 89),
        (START_FIBOAS, "[10, 5, 4]", 275),
    ],
)
def test_each_way_to_fibonacci_gives_its_value(
    shared_world: World, shared: Server, ffqn: str, params: str, value: int
) -> None:
    ended = submit(shared_world, shared, ffqn, params, "--follow", "--json")
    assert (ended.code, ended.last["result"]) == (0, {"ok": value})


def test_the_first_line_of_submit_is_the_execution_id(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, FIBOA, "[10, 2]")
    assert ended.code == 0
    (line,) = ended.stdout.splitlines()
    assert parse_execution_id(line) == line


def test_follow_prints_id_result_and_duration(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, FIBOA, "[10, 2]", "--follow")
    lines = ended.stdout.splitlines()
    assert ended.code == 0
    assert lines[0].startswith("E_")
    assert lines[-2] == "55"
    assert lines[-1].startswith("Took ")


def test_submit_without_follow_has_no_result(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, FIBOA, "[10, 2]", "--json")
    assert ended.code == 0
    assert set(ended.last) == {"execution_id", "status"}


def test_submitting_the_same_again_is_ok(shared_world: World, shared: Server) -> None:
    ident = execution_id(100)
    first = submit(shared_world, shared, FIBOA, "[10, 2]", "--execution-id", ident)
    again = submit(shared_world, shared, FIBOA, "[10, 2]", "--execution-id", ident, "--follow", "--json")
    assert (first.code, again.code) == (0, 0)
    assert again.last == {"execution_id": ident, "status": "finished", "result": {"ok": 55}}


def test_submitting_other_params_with_the_same_id_is_refused(shared_world: World, shared: Server) -> None:
    ident = execution_id(101)
    assert submit(shared_world, shared, FIBOA, "[10, 2]", "--execution-id", ident).code == 0
    ended = submit(shared_world, shared, FIBOA, "[10, 3]", "--execution-id", ident)
    assert (ended.code, ended.stdout) == (2, "")
    assert ident in ended.stderr


def test_params_come_from_a_file(shared_world: World, shared: Server) -> None:
    (shared_world.directory / "params.json").write_text("[10, 2]")
    ended = submit(shared_world, shared, FIBOA, "@params.json", "--follow", "--json")
    assert ended.last["result"] == {"ok": 55}


def test_params_come_from_standard_input(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, FIBOA, "-", "--follow", "--json", stdin="[10, 2]")
    assert ended.last["result"] == {"ok": 55}


def test_get_follows_to_the_same_end_as_submit(shared_world: World, shared: Server) -> None:
    ident = execution_id(102)
    submit(shared_world, shared, FIBOA, "[10, 300]", "--execution-id", ident)
    ended = shared_world.client(shared, "execution", "get", ident, "--follow", "--json")
    assert ended.code == 0
    assert ended.last == {"execution_id": ident, "status": "finished", "result": {"ok": 55}}


def test_events_and_responses_tell_what_happened(shared_world: World, shared: Server) -> None:
    ident = execution_id(103)
    submit(shared_world, shared, FIBOA, "[10, 1]", "--execution-id", ident, "--follow")
    events = shared_world.client(shared, "execution", "events", ident, "--json").lines
    responses = shared_world.client(shared, "execution", "responses", ident, "--json").lines
    assert [event["version"] for event in events] == list(range(len(events)))
    assert [*events[0]["event"]] == ["created"]
    assert [*events[-1]["event"]] == ["finished"]
    assert [response["response"]["child_execution_id"] for response in responses] == [f"{ident}.o:1-fibo_1"]


def test_list_tells_what_each_execution_is(shared_world: World, shared: Server) -> None:
    ident = execution_id(104)
    submit(shared_world, shared, FIBOA, "[10, 1]", "--execution-id", ident, "--follow")
    (line,) = shared_world.client(shared, "execution", "list", "--execution-id", ident, "--json").lines
    assert set(line) == {
        "execution_id", "ffqn", "status", "created_at", "scheduled_at", "component_digest", "result_kind",
    }  # fmt: skip
    assert (line["execution_id"], line["ffqn"], line["status"], line["result_kind"]) == (ident, FIBOA, "finished", "ok")


def test_component_list_tells_what_each_component_is(shared_world: World, shared: Server) -> None:
    lines = shared_world.client(shared, "component", "list", "--json").lines
    assert {line["name"] for line in lines} >= {"fibo", "fibo-workflow", "fibo-workflow-outer"}
    assert all(set(line) == {"name", "type", "digest", "exports", "imports"} for line in lines)


def test_the_groups_work_without_client_too(shared_world: World, shared: Server) -> None:
    ended = shared_world.run("component", "list", "--json", "--api-url", shared.url)
    assert ended.code == 0


def test_generate_execution_id_gives_an_id_that_can_be_used(shared_world: World, shared: Server) -> None:
    ident = shared_world.run("generate", "execution-id").stdout.strip()
    ended = submit(shared_world, shared, FIBOA, "[10, 1]", "--execution-id", ident, "--follow", "--json")
    assert ended.last["execution_id"] == ident


def test_a_follower_takes_up_a_connection_that_was_lost(make_world: MakeWorld) -> None:
    """The server is killed and started again at the same address while a client follows."""
    world = make_world(tables=fibo(LONG_LOCK, LONG_LOCK))
    server = world.start()
    world.env["OBELISK__API__LISTENING_ADDR"] = server.address
    follower = world.start_client(server, "execution", "submit", FIBOA, "[10, 2000]", "--follow", "--json")
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["status"] != "finished"
    server.kill()
    world.start()
    out, err = follower.communicate(timeout=50)
    assert follower.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["result"] == {"ok": 55}
