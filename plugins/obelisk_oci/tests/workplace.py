"""A directory with a configuration, the commands that run in it, and servers."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from click.testing import CliRunner

from obelisk.cli.main import cli
from tests.e2e.process import Ended, Server, run_obelisk, start_server

ROOT = Path(__file__).resolve().parents[3]
WAT = ROOT / "examples" / "wat"
FIBO = {"fibo": "fibo_activity", "fibo-workflow": "fibo_workflow", "fibo-workflow-outer": "fibo_workflow_outer"}
"""The components of the fibo example, by name, and their files."""
QUICK = '[oci]\nmax_retries = 2\nretry_exp_backoff = "5ms"\n'


def table_of(name: str) -> str:
    """Return the table that a component of the fibo example belongs to."""
    return "workflow_wasm" if "workflow" in name else "activity_wasm"


class Workplace:
    """See the module's documentation. ``environ`` has no credentials of whoever runs the tests."""

    def __init__(self, directory: Path, home: Path) -> None:
        self.directory = directory
        self.home = home
        self.config = directory / "obelisk.toml"
        self.cache = directory / "cache"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "OBELISK_DATA_DIR": str(directory / "data"),
            "OBELISK_CACHE_DIR": str(self.cache),
            "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
        }
        self._servers: list[Server] = []
        self.write("")

    def write(self, tables: str, *, oci: str = QUICK) -> None:
        """Write the configuration."""
        self.config.write_text(f"{oci}\n{tables}")

    def run(self, *arguments: str, **variables: str) -> Ended:
        """Run a command of ``component`` to its end, in this process: that saves the time that imports take."""
        gone = dict.fromkeys(os.environ)
        with contextlib.chdir(self.directory):
            result = CliRunner(env={**gone, **self.environ, **variables}).invoke(cli, arguments, catch_exceptions=False)
        return Ended(result.exit_code, result.stdout, result.stderr)

    def run_process(self, *arguments: str, **variables: str) -> Ended:
        """Run any command to its end, in a process of its own."""
        return run_obelisk(arguments, env={**self.environ, **variables}, cwd=self.directory)

    def ok(self, *arguments: str, **variables: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        ended = self.run(*arguments, **variables)
        assert ended.code == 0, ended
        return ended.stdout.strip()

    def start(self) -> Server:
        """Start a server and return once it serves."""
        log = self.directory / f"server-{len(self._servers)}.log"
        self._servers.append(start_server([], env=self.environ, cwd=self.directory, stderr=log))
        return self._servers[-1]

    def push(self, name: str, host: str) -> str:
        """Push a component of the fibo example, with a process of its own; return its pinned reference."""
        ended = self.run_process("component", "push", str(WAT / f"{FIBO[name]}.wat"), f"oci://{host}/fibo/{name}:1")
        assert ended.code == 0, ended
        return ended.stdout.strip()

    def push_fibo(self, host: str, *names: str) -> dict[str, str]:
        """Push components of the fibo example, all unless some are named; return their pinned references by name."""
        return {name: self.push(name, host) for name in names or FIBO}

    def kept(self) -> list[str]:
        """Return the names of the files that the cache of pulled components holds."""
        return sorted(path.name for path in (self.cache / "wasm").rglob("*") if path.is_file())

    def close(self) -> None:
        for server in self._servers:
            server.close()
