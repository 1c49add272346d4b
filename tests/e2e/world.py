"""A place of its own for a test: directories, a configuration, and the servers and commands that run in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen

from tests.e2e.logs import Logs, read_logs
from tests.e2e.process import RUN, Ended, Server, run_obelisk, spawn_server, start_obelisk, start_server
from tests.e2e.rpc import ASK, FOO

ROOT = Path(__file__).resolve().parent.parent.parent
WAT = ROOT / "examples" / "wat"
GUESTS = ROOT / "tests" / "guests"


def activity(name: str, path: Path, keys: str = "") -> str:
    """Return the table of an activity; ``keys`` are further lines of it."""
    return _table("activity_wasm", name, path, keys)


def workflow(name: str, path: Path, keys: str = "") -> str:
    """Return the table of a workflow."""
    return _table("workflow_wasm", name, path, keys)


def _table(table: str, name: str, path: Path, keys: str) -> str:
    return f'[[{table}]]\nname = "{name}"\nlocation = "{path}"\n{keys}\n'


def fibo(activity_keys: str = "", workflow_keys: str = "") -> str:
    """Return the tables of the fibo activity and of the workflows that call it."""
    return (
        activity("fibo", WAT / "fibo_activity.wat", activity_keys)
        + workflow("fibo-workflow", WAT / "fibo_workflow.wat", workflow_keys)
        + workflow("fibo-workflow-outer", WAT / "fibo_workflow_outer.wat", workflow_keys)
    )


def spin(keys: str = "") -> str:
    """Return the table of the activity that misbehaves."""
    return activity("spin", GUESTS / "spin.wat", keys)


def scripts(keys: str = "", path: Path = GUESTS / "scripted.wat") -> str:
    """Return the table of the workflow that runs scripts; ``tests.scripts`` writes them."""
    return workflow("scripted", path, keys)


def stub(ffqn: str, result: str, **params: str) -> str:
    """Return the table of a stub; ``params`` are names and types."""
    pairs = ", ".join(f'{{ name = "{name}", type = "{kind}" }}' for name, kind in params.items())
    return f'[[activity_stub]]\nffqn = "{ffqn}"\nparams = [{pairs}]\nreturn_type = "{result}"\n\n'


def stubs() -> str:
    """Return the tables of ``rpc.FOO``, which cannot say why it failed, and of ``rpc.ASK``, which can."""
    return stub(FOO, "result<string>", arg="string") + stub(ASK, "result<string, string>", amount="u64")


class World:
    """See the module's documentation. Everything that was started is ended by ``close``."""

    def __init__(self, directory: Path, cache: Path, config: str) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.config = directory / "obelisk.toml"
        self.config.write_text(config)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OBELISK")},
            "OBELISK_DATA_DIR": str(self.data_dir),
            "OBELISK_CACHE_DIR": str(cache),
            "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
        }
        self._servers: list[Server] = []

    @property
    def database(self) -> Path:
        return self.data_dir / "obelisk-sqlite" / "obelisk.sqlite"

    def start(self, *arguments: str, prefix: Sequence[str] = (), command: Sequence[str] = RUN) -> Server:
        """Start a server and return once it serves; ``prefix`` is a command that runs it."""
        stderr = self.directory / f"server-{len(self._servers) + 1}.log"
        server = start_server(
            ["--config", str(self.config), *arguments],
            env=self.env, cwd=self.directory, stderr=stderr, prefix=prefix, command=command,
        )  # fmt: skip
        self._servers.append(server)
        return server

    def spawn(self, command: Sequence[str] = RUN) -> Popen[bytes]:
        """Start a server and return at once; whoever calls ends it. It logs to ``spawned.log``."""
        stderr = self.directory / "spawned.log"
        arguments = ["--config", str(self.config)]
        return spawn_server(arguments, env=self.env, cwd=self.directory, stderr=stderr, command=command)

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> Ended:
        """Run a command to its end."""
        return run_obelisk(arguments, env={**self.env, **variables}, cwd=self.directory, stdin=stdin)

    def run_server(self, *arguments: str, **variables: str) -> Ended:
        """Run a server that is expected not to start."""
        return self.run("server", "run", "--config", str(self.config), *arguments, **variables)

    def client(self, server: Server, *arguments: str, stdin: str = "") -> Ended:
        """Run a client command against a server."""
        return self.run("client", *arguments, stdin=stdin, OBELISK_API_URL=server.url)

    def start_client(self, server: Server, *arguments: str) -> Popen[str]:
        """Start a client command and leave it running."""
        return start_obelisk(
            ["client", *arguments], env={**self.env, "OBELISK_API_URL": server.url}, cwd=self.directory
        )

    async def logs(self) -> Logs:
        """Read the database once every server has stopped."""
        assert not any(server.is_running for server in self._servers)
        return await read_logs(self.data_dir)

    def close(self) -> None:
        for server in self._servers:
            server.close()
