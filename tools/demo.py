"""Start a real server in a temporary directory and run a workflow of 500 steps through the command line.

``OBELISK_DEMO_PYTHON`` is the command that runs Python, if it is not the interpreter of this script.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = "testing:fibo-workflow/workflow.fiboa"
STEPS = 500
EXPECTED = 55
MANY = "100000"
STOP_TIMEOUT = 30
PYTHON = shlex.split(os.environ.get("OBELISK_DEMO_PYTHON", shlex.quote(sys.executable)))


def main() -> int:
    """Run the demo; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="obelisk-demo-") as directory:
        environ = environment(Path(directory))
        with server(environ) as address:
            client = [*PYTHON, "-m", "obelisk", "client"]
            url = ["--api-url", f"http://{address}"]
            show([*client, "component", "list", *url], environ)
            params = json.dumps([10, STEPS])
            command = [*client, "execution", "submit", FUNCTION, params, "--follow", "--json", *url]
            last = json.loads(show(command, environ).splitlines()[-1])
            command = [*client, "execution", "events", last["execution_id"], "--limit", MANY, "--json", *url]
            seconds = duration(run(command, environ))
    result = last["result"].get("ok")
    print(f"result {result}, wall time {seconds:.3f} s, {STEPS / seconds:.0f} steps/s")
    return 0 if result == EXPECTED else 1


def duration(events: str) -> float:
    """Return the seconds from the first event to the last; ``events`` holds one JSON object per line."""
    times = [datetime.fromisoformat(json.loads(line)["created_at"]) for line in events.splitlines()]
    return (times[-1] - times[0]).total_seconds()


def environment(directory: Path) -> dict[str, str]:
    """Return the variables of a server that keeps everything in ``directory`` and listens on a free port."""
    return {
        **os.environ,
        "OBELISK_DATA_DIR": str(directory / "data"),
        "OBELISK_CACHE_DIR": str(directory / "cache"),
        "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
    }


@contextmanager
def server(environ: Mapping[str, str]) -> Iterator[str]:
    """Run a server; the value is the address of its gRPC interface. It has to stop cleanly."""
    command = [*PYTHON, "-m", "obelisk", "server", "run", "--config", str(ROOT / "obelisk.toml")]
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, text=True)
    try:
        yield ready_address(process)
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_TIMEOUT)
        if code:
            raise SystemExit(f"the server stopped with exit code {code}")
        print("the server stopped")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ready_address(process: subprocess.Popen[str]) -> str:
    """Return the address that the server prints once it serves."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith("obelisk ready"):
        raise SystemExit(f"the server did not start: {line or 'it printed nothing'}")
    print(line)
    pairs = dict(pair.split("=", 1) for pair in line.split()[2:])
    return pairs["grpc"]


def show(command: list[str], environ: Mapping[str, str]) -> str:
    """Run a command, print what it prints, and return it."""
    print(f"$ obelisk {shlex.join(command[len(PYTHON) + 2 :])}", flush=True)
    output = run(command, environ)
    print(output, end="", flush=True)
    return output


def run(command: list[str], environ: Mapping[str, str]) -> str:
    """Run a command and return what it prints; it has to end well."""
    return subprocess.run(command, env=dict(environ), stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
