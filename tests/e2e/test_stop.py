"""Servers that are asked to stop."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Server
from tests.e2e.rpc import CONCURRENT, FIBOA, SPIN_FOREVER, connected, execution_id
from tests.e2e.test_crash import LONG_LOCK, disturbed, ok, tables, undisturbed
from tests.e2e.world import spin

IDENT = execution_id(1)
READY = {"grpc", "pid"}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_with_exit_code_0(make_world: MakeWorld, number: signal.Signals) -> None:
    server = make_world().start()
    server.signal(number)
    assert server.wait() == 0


@pytest.mark.timeout(30)
def test_the_ready_line_is_all_of_stdout(make_world: MakeWorld) -> None:
    world = make_world()
    server = world.start()
    assert world.client(server, "execution", "submit", FIBOA, "[10, 3]", "--follow").code == 0
    assert server.stop() == 0
    assert server.rest_of_stdout() == b""


@pytest.mark.timeout(30)
def test_the_ready_line_tells_address_and_pid(make_world: MakeWorld) -> None:
    server = make_world().start()
    assert set(server.pairs) >= READY
    assert server.pairs["pid"] == str(server.pid)
    host, port = server.address.split(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


@pytest.mark.timeout(30)
def test_a_second_signal_ends_the_server_at_once_with_130(make_world: MakeWorld) -> None:
    server = make_world(tables=spin(LONG_LOCK)).start()
    with connected(server.address) as client:
        client.submit(IDENT, SPIN_FOREVER, [])
        client.wait_for_status(IDENT, "locked")
        server.signal(signal.SIGINT)
        server.wait_for_log("SIGINT: stopping")
        server.signal(signal.SIGINT)
        assert server.wait(5) == 130


@pytest.mark.timeout(30)
async def test_an_activity_that_outlasts_the_shutdown_timeout_is_given_back(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "200ms"', tables=spin(LONG_LOCK))
    server = world.start()
    with connected(server.address) as client:
        client.submit(IDENT, SPIN_FOREVER, [])
        client.wait_for_status(IDENT, "locked")
    assert server.stop() == 0
    found = await world.logs()
    assert [event.reason for event in found.unlocks()] == ["server is stopping"]
    assert found.used_retries() == []


@pytest.mark.timeout(60)
async def test_a_series_goes_on_after_graceful_stops(make_world: MakeWorld) -> None:
    expected = await undisturbed(make_world(tables=tables()), FIBOA, [10, 3000])
    result, found = await disturbed(
        make_world(tables=tables()), FIBOA, [10, 3000], end_at=(1, 100, 700), end=stop_gracefully
    )
    assert result == ok(55)
    assert len(found.unlocks()) > 0
    assert found.used_retries() == []
    assert found.canonical() == expected.canonical()


def stop_gracefully(server: Server) -> None:
    assert server.stop() == 0


@pytest.mark.timeout(60)
async def test_many_executions_go_on_after_a_graceful_stop(make_world: MakeWorld) -> None:
    idents = [execution_id(number) for number in range(100)]
    world = make_world(tables=tables())
    server = world.start()
    with connected(server.address) as client:
        for ident in idents:
            client.submit(ident, CONCURRENT, [10, 20])
    assert server.stop() == 0
    server = world.start()
    with connected(server.address) as client:
        assert [client.result(ident) for ident in idents] == [ok(55)] * len(idents)
    assert server.stop() == 0
    found = await world.logs()
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}
