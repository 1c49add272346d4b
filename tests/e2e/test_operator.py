"""The operator port of a real server: before it is ready, while it works, and while it stops."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import MakeWorld
from tests.e2e.process import OBELISK, Server
from tests.e2e.rpc import FIBOA, SPIN_FOREVER, connected, execution_id
from tests.e2e.test_crash import LONG_LOCK
from tests.e2e.world import fibo, spin

IDENT = execution_id(1)
OPERATOR = 'operator.listening_addr = "127.0.0.1:0"\n'


@pytest.fixture
def silent_registry() -> Iterator[str]:
    """The address of somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def get(server: Server, path: str) -> httpx.Response:
    return httpx.get(f"http://{server.pairs['operator']}{path}", timeout=10)


def scraped(server: Server) -> dict[str, float]:
    """Return what Prometheus reads: samples by their name, those of different attributes added up."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(get(server, "/metrics").text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.timeout(60)
def test_a_server_that_waits_for_a_component_lives_and_is_not_ready(
    make_world: MakeWorld, silent_registry: str
) -> None:
    component = f'[[activity_wasm]]\nname = "far"\nlocation = "oci://{silent_registry}/far:1"\n'
    world = make_world(OPERATOR, tables=component)
    command = [*OBELISK, "server", "run", "--config", str(world.config)]
    with subprocess.Popen(
        command, env=world.env, cwd=world.directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            lines = (re.search(r"served at (http://\S+)", line) for line in process.stderr)
            url = next(found[1] for found in lines if found)
            ready, health = httpx.get(f"{url}/readyz"), httpx.get(f"{url}/healthz")
            assert (ready.status_code, ready.text) == (503, "not ready: the server is starting\n")
            assert health.status_code == 200
            assert "obelisk_build_info" in httpx.get(f"{url}/metrics").text
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.timeout(60)
def test_a_server_tells_what_it_does_and_is_not_ready_while_it_stops(make_world: MakeWorld) -> None:
    config = OPERATOR + 'server.shutdown_timeout = "1h"'
    server = make_world(config, tables=spin(LONG_LOCK) + fibo()).start()
    assert get(server, "/readyz").text == "ready\n"
    with connected(server.address) as client:
        client.submit(execution_id(2), FIBOA, [10, 3])
        client.result(execution_id(2))
        client.submit(IDENT, SPIN_FOREVER, [])
        client.wait_for_status(IDENT, "locked")
    found = scraped(server)
    assert found["obelisk_steps_total"] == 3
    assert found["obelisk_executions"] == found["obelisk_guests"] == 1
    assert found["process_memory_usage_bytes"] > 0
    server.signal(signal.SIGTERM)
    server.wait_for_log("SIGTERM: stopping")
    stopping = get(server, "/readyz")
    assert (stopping.status_code, stopping.text) == (503, "not ready: the server is stopping\n")
    assert get(server, "/healthz").status_code == 200
    assert scraped(server)["obelisk_guests"] == 1
    server.signal(signal.SIGTERM)
    assert server.wait() == 130


@pytest.mark.timeout(30)
def test_an_operator_address_in_use_ends_the_start_before_anything_is_written(
    make_world: MakeWorld, silent_registry: str
) -> None:
    world = make_world(f'operator.listening_addr = "{silent_registry}"\n')
    ended = world.run_server()
    assert ended.code == 1
    assert f"`[operator] listening_addr`: cannot listen at `{silent_registry}`: Address already in use" in ended.stderr
    assert not world.database.exists()
