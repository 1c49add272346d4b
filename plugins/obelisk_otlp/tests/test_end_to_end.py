"""A real server, with a collector that is there, and with one that is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.process import Ended, Server, run_obelisk, start_server
from tests.otlp_receiver import GRPC, attributes, receiver

ROOT = Path(__file__).resolve().parents[3]
STEPS = 20
COMPONENTS = f"""
[[activity_wasm]]
name = "fibo"
location = "{ROOT}/examples/wat/fibo_activity.wat"

[[workflow_wasm]]
name = "fibo-workflow"
location = "{ROOT}/examples/wat/fibo_workflow.wat"
"""
Start = Callable[..., Server]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    places = {"OBELISK_DATA_DIR": f"{tmp_path}/data", "OBELISK_CACHE_DIR": f"{tmp_path}/cache"}
    return {**kept, **places, "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0"}


@pytest.fixture
def start(tmp_path: Path, environ: dict[str, str]) -> Iterator[Start]:
    """Start servers with some text after the components; they end with the test."""
    servers: list[Server] = []

    def started(table: str) -> Server:
        config = tmp_path / "obelisk.toml"
        config.write_text(COMPONENTS + table)
        servers.append(start_server(["--config", str(config)], env=environ, cwd=tmp_path, stderr=tmp_path / "log"))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


def run_workflow(server: Server, environ: dict[str, str], directory: Path) -> Ended:
    function, params = "testing:fibo-workflow/workflow.fiboa", f"[10, {STEPS}]"
    command = ["client", "execution", "submit", function, params, "--follow", "--json", "--api-url", server.url]
    ended = run_obelisk(command, env=environ, cwd=directory)
    assert ended.code == 0, ended.stderr
    return ended


def test_a_workflow_is_one_trace_at_the_collector(start, environ, tmp_path):
    with receiver(GRPC) as collector:
        server = start(f'[otlp]\nendpoint = "{collector.endpoint}"\nservice_name = "shop"\n')
        run_workflow(server, environ, tmp_path)
        assert server.stop() == 0
        spans = collector.spans()
        assert len(spans) == 2 * (STEPS + 1)
        assert len({span.trace_id for span in spans}) == 1
        (root,) = [span for span in spans if not span.parent_span_id]
        assert root.name == "testing:fibo-workflow/workflow.fiboa"
        assert {span.parent_span_id for span in spans} - {b""} <= {span.span_id for span in spans}
        assert {resource["service.name"] for resource in collector.resources()} == {"shop"}
        assert {resource["process.pid"] for resource in collector.resources()} == {server.pid}
        assert "obelisk.otlp" not in server.log
        assert {attributes(record.attributes)["obelisk.target"] for record in collector.logs()} >= {"obelisk.server"}


def test_a_server_whose_collector_is_gone_works_and_stops_in_time(start, environ, tmp_path):
    server = start('[otlp]\nendpoint = "http://127.0.0.1:1"\n')
    run_workflow(server, environ, tmp_path)
    server.wait_for_log("cannot send")
    children = psutil.Process(server.pid).children()
    assert server.stop() == 0
    assert server.log.count("cannot send") == 1
    assert "did not take all by the end; dropped: " in server.log
    assert "Traceback" not in server.log
    assert psutil.wait_procs(children, 30)[1] == []


def test_a_table_that_cannot_be_ends_the_start_with_one_line(environ, tmp_path):
    config = tmp_path / "obelisk.toml"
    config.write_text('[otlp]\nendpoint = "https://collector"\ncertificate = "none.pem"\n')
    ended = run_obelisk(["server", "run", "--config", str(config)], env=environ, cwd=tmp_path)
    assert ended.code != 0
    assert ended.stderr.startswith(f"error: {config}:3: `otlp.certificate`: expected a file with PEM, found `")
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").rglob("*.sqlite"))
