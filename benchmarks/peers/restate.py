"""Restate: a server that keeps the log, and a service that it calls over HTTP/2."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from benchmarks.peers.environment import Environment
from benchmarks.peers.processes import free_ports, started
from benchmarks.peers.program import Program, program

VERSION: Final = "1.7.12"
SDK: Final = "1.3.0"
ENVIRONMENT: Final = Environment(
    name="restate",
    pip=(f"restate-sdk=={SDK}", "hypercorn==0.18.0", "aiohttp==3.14.5"),
    npm=(f"@restatedev/restate-server@{VERSION}",),
)
LOOK_SECONDS: Final = 2
CONFIG: Final = """\
node-name = "benchmark"
listen-mode = "tcp"
bind-address = "127.0.0.1:{node}"
log-filter = "warn,octocrab=off"
disable-telemetry = true

[admin]
bind-address = "127.0.0.1:{admin}"
disable-web-ui = true

[ingress]
bind-address = "127.0.0.1:{ingress}"

[log-server]
rocksdb-disable-wal-fsync = false
"""
"""Only what a run beside others needs, and that the log is synced, which it is anyway.

The server asks for its newest version when it starts, and has no setting that turns this off; it goes on when it gets no
answer, and ``octocrab=off`` leaves its complaint out of the log.
"""


class Restate:
    """Restate's server and a service of ours."""

    name = "restate"
    summary = f"Restate {VERSION}, a step is `ctx.run` of its Python SDK {SDK}"
    durability = "RocksDB, fsync of the write-ahead log (rocksdb-disable-wal-fsync=false)"

    def missing(self) -> str | None:
        """Return why it cannot run here."""
        if (reason := ENVIRONMENT.missing()) is not None:
            return reason
        return (
            None if binary().exists() else f"npm brought no program for {platform.machine()}: {binary()} is not there"
        )

    def opened(self, directory: Path) -> AbstractAsyncContextManager[Program]:
        """Run the server with new data, and the service."""
        return _opened(directory)


def binary() -> Path:
    """Return the server's own program; the script in front of it is left out, so that the process is our child."""
    system = platform.system().lower()
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return ENVIRONMENT.node_module(f"@restatedev/restate-server-{system}-{machine}/bin/restate-server")


@asynccontextmanager
async def _opened(directory: Path) -> AsyncIterator[Program]:
    node, admin, ingress, service = free_ports(4)
    config = directory / "restate.toml"
    config.write_text(CONFIG.format(node=node, admin=admin, ingress=ingress))
    server = [str(binary()), "--config-file", str(config), "--base-dir", str(directory / "data"), "--no-logo"]
    async with started("restate-server", server, directory) as running:
        await running.until(lambda: _answers(admin, "/health"))
        await running.until(lambda: _answers(ingress, "/restate/health"))
        command = ENVIRONMENT.program("restate_program.py", service, ingress, admin)
        async with program("restate", command, directory, beside=running) as opened:
            yield opened


async def _answers(port: int, path: str) -> bool:
    return await asyncio.to_thread(_get, port, path)


def _get(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=LOOK_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


PEER: Final = Restate()
