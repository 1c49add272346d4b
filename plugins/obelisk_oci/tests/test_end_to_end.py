"""Push, pull and run, with real commands, real servers and a real registry."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from plugins.obelisk_oci.tests.registry import PASSWORD, USER, Registry
from plugins.obelisk_oci.tests.workplace import QUICK, Workplace, table_of
from tests.e2e.process import OBELISK

FIBOA = "testing:fibo-workflow/workflow.fiboa"


def login(registry: Registry) -> dict[str, str]:
    return {"OBELISK_OCI_REGISTRY": registry.host, "OBELISK_OCI_USERNAME": USER, "OBELISK_OCI_PASSWORD": PASSWORD}


def tables(locations: dict[str, str]) -> str:
    return "\n".join(
        f'[[{table_of(name)}]]\nname = "{name}"\nlocation = "{location}"\n' for name, location in locations.items()
    )


def run_fibo(workplace: Workplace) -> str:
    """Start a server, run the workflow that calls the activity, and stop the server."""
    server = workplace.start()
    submitted = workplace.run_process(
        "client", "execution", "submit", FIBOA, "[10, 3]", "--follow", "--json", OBELISK_API_URL=server.url
    )
    assert submitted.code == 0, (submitted, server.log)
    assert server.stop() == 0
    return submitted.stdout


@pytest.mark.parametrize("kind", ["registry", "guarded", "tls_registry", "guarded_tls"])
def test_the_fibo_components_are_pushed_pulled_and_run(
    workplace: Workplace, kind: str, request: pytest.FixtureRequest, ca_file: Path
) -> None:
    registry: Registry = request.getfixturevalue(kind)
    workplace.environ |= login(registry) if "guarded" in kind else {}
    oci = f'{QUICK}ca_file = "{ca_file}"\n' if "tls" in kind else QUICK
    workplace.write("", oci=oci)
    pushed = workplace.push_fibo(registry.host, "fibo", "fibo-workflow")
    workplace.write(tables(pushed), oci=oci)
    assert '"ok"' in run_fibo(workplace)


def test_a_server_whose_components_are_all_pinned_starts_without_the_registry_until_its_cache_is_cleaned(
    workplace: Workplace, start_registry, registry: Registry
) -> None:
    own = start_registry()
    workplace.write(tables(workplace.push_fibo(own.host)))
    run_fibo(workplace)
    assert len(workplace.kept()) == 6
    own.stop()
    assert '"ok"' in run_fibo(workplace)
    refused = workplace.run_process("server", "run", "--clean-cache")
    assert refused.code == 1
    assert "cannot reach" in refused.stderr
    assert workplace.kept() == []


def test_a_component_without_a_digest_needs_the_registry_and_is_warned_of(workplace: Workplace, start_registry) -> None:
    own = start_registry()
    pinned = workplace.push("fibo", own.host)
    workplace.write(f'[[activity_wasm]]\nname = "fibo"\nlocation = "oci://{own.host}/fibo/fibo:1"\n')
    verified = workplace.run_process("server", "verify")
    assert verified.code == 0
    assert f'write `location = "{pinned}"`' in verified.stderr
    own.stop()
    refused = workplace.run_process("server", "verify")
    assert refused.code == 1
    assert "component `fibo`" in refused.stderr
    assert f"oci://{own.host}/fibo/fibo:1" in refused.stderr
    assert "cannot reach" in refused.stderr


def test_a_server_that_waits_for_a_silent_registry_stops_when_it_is_told_to(workplace: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        location = f"oci://127.0.0.1:{silent.getsockname()[1]}/fibo:1"
        workplace.write(f'[[activity_wasm]]\nname = "fibo"\nlocation = "{location}"\n', oci='oci.timeout = "100s"\n')
        process = subprocess.Popen(
            [*OBELISK, "server", "run"], env=workplace.environ, cwd=workplace.directory, stdout=subprocess.PIPE
        )
        silent.settimeout(30)
        try:
            with silent.accept()[0]:
                process.send_signal(signal.SIGTERM)
                printed, _ = process.communicate(timeout=20)
        finally:
            process.kill()
            process.communicate()
    assert (process.returncode, printed) == (0, b"")


def test_what_was_pulled_is_what_was_pushed(workplace: Workplace, registry: Registry) -> None:
    pinned = workplace.push("fibo", registry.host)
    line = json.loads(workplace.ok("component", "pull", pinned, "-o", "fibo.wasm", "--json"))
    assert (line["file"], line["reference"]) == ("fibo.wasm", pinned)
    inspected = workplace.ok("component", "inspect", "fibo.wasm")
    assert "testing:fibo/fibo.fibo: func(n: u8) -> result<u64>" in inspected
