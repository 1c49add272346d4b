"""Activities that fail, and what becomes of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.rpc import FIBOA, SPIN_FOREVER, connected, execution_id
from tests.e2e.test_crash import ok
from tests.e2e.world import World, fibo, spin

pytestmark = pytest.mark.timeout(60)

SPIN = "testing:spin/spin."
IDENT = execution_id(1)


def ended(world: World, ffqn: str, params: str) -> tuple[int, Any, list[Any]]:
    """Run an execution to its end; return the exit code, the result and the names of its events with the events."""
    server = world.start()
    done = world.client(server, "execution", "submit", ffqn, params, "-e", IDENT, "--follow", "--json")
    events = world.client(server, "execution", "events", IDENT, "--json").lines
    assert server.stop() == 0
    return done.code, done.last["result"], [next(iter(line["event"].items())) for line in events]


def test_an_activity_that_takes_too_long_is_retried_and_then_timed_out(make_world: MakeWorld) -> None:
    world = make_world(tables=spin('exec.lock_expiry = "200ms"\nmax_retries = 1'))
    code, result, events = ended(world, SPIN + "spin-forever", "[]")
    names = [name for name, _ in events]
    assert names == ["created", "locked", "temporarily_timed_out", "locked", "finished"]
    assert code == 1
    assert result["execution_failure"]["kind"] == "timed_out"


def test_a_trap_is_retried_and_then_fails(make_world: MakeWorld) -> None:
    world = make_world(tables=spin('retry_exp_backoff = "20ms"\nmax_retries = 2'))
    code, result, events = ended(world, SPIN + "trap", "[]")
    names = [name for name, _ in events]
    assert names == [
        "created", "locked", "temporarily_failed", "locked", "temporarily_failed", "locked", "finished",
    ]  # fmt: skip
    assert code == 1
    assert result["execution_failure"]["kind"] == "uncategorized"
    assert "unreachable" in result["execution_failure"]["reason"]


def test_a_backoff_is_kept_and_doubles(make_world: MakeWorld) -> None:
    world = make_world(tables=spin('retry_exp_backoff = "100ms"\nmax_retries = 2'))
    server = world.start()
    world.client(server, "execution", "submit", SPIN + "trap", "[]", "-e", IDENT, "--follow")
    events = world.client(server, "execution", "events", IDENT, "--json").lines
    when = [datetime.fromisoformat(line["created_at"]) for line in events]
    assert (when[3] - when[2]).total_seconds() >= 0.1
    assert (when[5] - when[4]).total_seconds() >= 0.2


def test_an_err_is_retried_and_then_the_result(make_world: MakeWorld) -> None:
    world = make_world(tables=spin('retry_exp_backoff = "10ms"\nmax_retries = 1'))
    code, result, events = ended(world, SPIN + "refuse", '["no"]')
    assert [name for name, _ in events] == ["created", "locked", "temporarily_failed", "locked", "finished"]
    assert (code, result) == (1, {"err": "no"})


def test_a_parent_gets_the_err_of_its_activity(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo("max_retries = 0"))
    code, result, _ = ended(world, FIBOA, "[41, 1]")
    assert (code, result) == (1, {"err": None})


def test_a_parent_sees_a_failure_of_its_activity_as_err(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo('exec.lock_expiry = "300ms"\nmax_retries = 0'))
    code, result, _ = ended(world, FIBOA, "[40, 1]")
    assert (code, result) == (1, {"err": None})


def test_an_activity_that_computes_does_not_delay_others(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "1ms"', tables=fibo() + spin('exec.lock_expiry = "1h"'))
    server = world.start()
    with connected(server.address) as client:
        client.submit(IDENT, SPIN_FOREVER, [])
        client.wait_for_status(IDENT, "locked")
        client.submit(execution_id(2), FIBOA, [10, 100])
        assert client.result(execution_id(2)) == ok(55)
    assert server.stop() == 0
