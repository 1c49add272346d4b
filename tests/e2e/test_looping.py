"""Guests that loop for ever without asking the host for anything."""

from __future__ import annotations

import time

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.control import BLOCKED, CANCELLED, FOREVER, Control, controlled, waiting, waiting_in
from tests.e2e.rpc import CONCURRENT, FIBOA, SPIN_FOREVER, child
from tests.e2e.test_crash import LONG_LOCK, ok
from tests.e2e.world import fibo, scripts, spin, stubs
from tests.scripts import call, create, sleep, submit
from tests.scripts import spin as compute

pytestmark = pytest.mark.timeout(60)

FIBO = "testing:fibo/fibo.fibo"
SHORT_LOCK = 'exec.lock_expiry = "200ms"\nretry_exp_backoff = "1h"\n'
TABLES = scripts(LONG_LOCK) + stubs() + fibo() + spin(LONG_LOCK)


def loop(control: Control) -> None:
    """Have three workflows and three activities loop."""
    for _ in range(3):
        control.client.wait_for_status(control.script(compute(FOREVER), cancellable=True), "locked")
        control.client.wait_for_status(control.client.start(SPIN_FOREVER, []), "locked")


def test_others_go_on(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "1ms"', tables=TABLES)
    with controlled(world, world.start()) as control:
        loop(control)
        waits = control.blocked_script(*waiting())
        assert control.client.result(control.client.start(FIBOA, [10, 20])) == ok(55)
        assert control.client.result(control.client.start(CONCURRENT, [10, 20])) == ok(55)
        slept = control.script(sleep(milliseconds=50), create(), submit(0, FIBO, 10), call(FIBO, 10))
        assert control.client.result(slept).ok.value[-1] == ["ok", "55"]
        control.client.stub(child(waits, "g:1_1"), {"ok": "on"})
        assert control.client.result(waits).ok.value[2] == ["ok", '"on"']
        assert control.run("list", "--json").code == 0


async def test_the_server_stops_in_time_and_gives_back_what_loops(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "300ms"', tables=TABLES)
    with controlled(world, world.start()) as control:
        loop(control)
        began = time.monotonic()
        assert control.server.stop() == 0
        assert time.monotonic() - began < 10
    found = await world.logs()
    assert {event.reason for event in found.unlocks()} == {"server is stopping"}
    assert len(found.unlocks()) == 6
    assert found.used_retries() == []


def test_a_workflow_that_loops_loses_its_lock_and_is_tried_again_later(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "1ms"', tables=scripts(SHORT_LOCK) + stubs() + fibo())
    with controlled(world, world.start()) as control:
        ident = control.script(compute(FOREVER), cancellable=True)
        control.client.wait_for_status(ident, "pending_at")
        names = [next(iter(line["event"])) for line in control.run("events", ident, "--json").lines]
        assert names == ["created", *["locked"] * 6, "temporarily_timed_out"]
        control.client.call("CancelExecution", execution_id=ident)
        assert control.client.result(ident) == CANCELLED


def test_a_workflow_that_loops_after_a_wait_is_cancelled_with_what_it_has_open(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "1ms"', tables=TABLES)
    with controlled(world, world.start()) as control:
        ident = control.script(create(), submit(0, SPIN_FOREVER), *waiting_in(1), compute(FOREVER), cancellable=True)
        control.client.wait_for_status(ident, BLOCKED)
        control.client.stub(child(ident, "g:2_1"), {"ok": "on"})
        control.client.call("CancelExecution", execution_id=ident)
        assert control.client.result(ident) == control.client.result(child(ident, "g:1_1")) == CANCELLED
