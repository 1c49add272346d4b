"""What a server is asked that it cannot do."""

from __future__ import annotations

import pytest

from tests.e2e.process import Ended, Server
from tests.e2e.rpc import FIBOA, execution_id
from tests.e2e.world import World

pytestmark = pytest.mark.timeout(30)


def submit(world: World, server: Server, ffqn: str, params: str) -> Ended:
    return world.client(server, "execution", "submit", ffqn, params)


def assert_rejected(ended: Ended, *parts: str, code: int = 2) -> None:
    """One clear message on standard error, and nothing else."""
    assert ended.code == code, ended
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: "), ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    for part in parts:
        assert part in ended.stderr


def test_an_unknown_function_names_the_nearest(shared_world: World, shared: Server) -> None:
    ended = submit(shared_world, shared, "testing:fibo-workflow/workflow.fibao", "[10, 1]")
    assert_rejected(ended, "testing:fibo-workflow/workflow.fibao", FIBOA)


def test_a_text_that_names_no_function_is_rejected(shared_world: World, shared: Server) -> None:
    assert_rejected(submit(shared_world, shared, "fiboa", "[10, 1]"), "fiboa")


@pytest.mark.parametrize("params", ['{"n": 10}', "10", '"[10]"', "null"])
def test_params_that_are_not_an_array_are_rejected(shared_world: World, shared: Server, params: str) -> None:
    assert_rejected(submit(shared_world, shared, FIBOA, params), "JSON array")


def test_params_that_are_not_json_are_rejected(shared_world: World, shared: Server) -> None:
    assert_rejected(submit(shared_world, shared, FIBOA, "[10,"), "not JSON")


@pytest.mark.parametrize("params", ["[]", "[10]", "[10, 1, 1]"])
def test_a_wrong_number_of_params_is_rejected(shared_world: World, shared: Server, params: str) -> None:
    assert_rejected(submit(shared_world, shared, FIBOA, params), "2")


@pytest.mark.parametrize(
    ("params", "name", "expected", "found"),
    [
        ("[256, 1]", "n", "u8", "256"),
        ("[-1, 1]", "n", "u8", "-1"),
        ("[10, 4294967296]", "iterations", "u32", "4294967296"),
        ('["ten", 1]', "n", "u8", "ten"),
        ("[10, null]", "iterations", "u32", "null"),
        ("[1.5, 1]", "n", "u8", "1.5"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    shared_world: World, shared: Server, params: str, name: str, expected: str, found: str
) -> None:
    assert_rejected(submit(shared_world, shared, FIBOA, params), f"`{name}`", expected, found)


def test_a_rejected_submission_leaves_nothing_behind(shared_world: World, shared: Server) -> None:
    ident = execution_id(200)
    ended = shared_world.client(shared, "execution", "submit", FIBOA, "[256, 1]", "--execution-id", ident)
    assert ended.code == 2
    assert shared_world.client(shared, "execution", "list", "--execution-id", ident, "--json").lines == []


@pytest.mark.parametrize("command", [("get",), ("get", "--follow"), ("events",), ("responses",)])
def test_an_unknown_execution_id_is_rejected(shared_world: World, shared: Server, command: tuple[str, ...]) -> None:
    name, *options = command
    ident = execution_id(201)
    assert_rejected(shared_world.client(shared, "execution", name, ident, *options), ident)


def test_a_text_that_is_no_execution_id_is_rejected(shared_world: World, shared: Server) -> None:
    assert_rejected(shared_world.client(shared, "execution", "get", "E_1"), "ULID")


def test_an_id_of_a_child_cannot_be_submitted(shared_world: World, shared: Server) -> None:
    ident = execution_id(202) + ".o:1-fibo_1"
    ended = shared_world.client(shared, "execution", "submit", FIBOA, "[10, 1]", "--execution-id", ident)
    assert_rejected(ended, ident)


def test_a_file_of_params_that_is_missing_is_named(shared_world: World, shared: Server) -> None:
    assert_rejected(submit(shared_world, shared, FIBOA, "@missing.json"), "missing.json")


def test_a_wrong_flag_is_a_wrong_usage(shared_world: World, shared: Server) -> None:
    ended = shared_world.client(shared, "execution", "submit", FIBOA, "[10, 1]", "--folow")
    assert (ended.code, ended.stdout) == (2, "")
    assert "--folow" in ended.stderr


def test_a_server_that_does_not_answer_is_told_apart(shared_world: World) -> None:
    ended = shared_world.run("client", "execution", "submit", FIBOA, "[10, 1]", "--api-url", "http://127.0.0.1:1")
    assert_rejected(ended, "http://127.0.0.1:1", code=3)


def test_an_url_that_is_none_is_rejected(shared_world: World) -> None:
    ended = shared_world.run("client", "component", "list", "--api-url", "127.0.0.1:1")
    assert_rejected(ended, "127.0.0.1:1")
