"""A real server process of ``obelisk server run``, or another program that says when it serves."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.places import ROOT

READY = re.compile(r"obelisk ready (.*)")
LISTENS = re.compile(r"listens at (\S+)")
START_SECONDS = 600
"""Components in Python and JavaScript are compiled in it."""
STOP_SECONDS = 60
GONE_SECONDS = 1
LAST_LINES = 15
OBELISK = (sys.executable, "-m", "obelisk")
SLOWS_STARTS = "PYTHONDONTWRITEBYTECODE"
"""A variable under which each process would compile anew what an installed Obelisk has compiled."""


class Server:
    """A server that is ready; ``startup_seconds`` is how long that took from the start of its process."""

    def __init__(self, process: subprocess.Popen[str], ready: str, log: Path, *, startup_seconds: float) -> None:
        self.startup_seconds = startup_seconds
        self._process = process
        self._pairs = dict(pair.split("=", 1) for pair in ready.split())
        self._log = log

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Where it serves gRPC, ``HOST:PORT``."""
        return self._pairs["grpc"]

    @property
    def http(self) -> str:
        """Where its HTTP server listens, ``HOST:PORT``; raises ``BenchmarkError`` when it has none."""
        found = LISTENS.search(self._log.read_text())
        if found is None:
            raise BenchmarkError(f"the server did not say where its HTTP server listens:\n{self._log.read_text()}")
        return found[1]

    def resident_bytes(self) -> int:
        """Return how much memory it has right now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(config: Path, directory: Path, cache: Path) -> Iterator[Server]:
    """Run a server whose data is in ``directory`` and whose compiled components are in ``cache``; it has to end cleanly."""
    log = directory / "server.log"
    started = time.perf_counter()
    with running([*OBELISK, "server", "run", "--config", str(config)], variables(directory, cache), log) as process:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], START_SECONDS)[0]:
            raise BenchmarkError(f"the server was not ready within {START_SECONDS} s:\n{_end_of(log)}")
        found = READY.match(process.stdout.readline())
        if found is None:
            raise BenchmarkError(f"the server did not start:\n{_end_of(log)}")
        server = Server(process, found[1], log, startup_seconds=time.perf_counter() - started)
        try:
            yield server
        except Exception as error:
            if _has_ended(process):
                said = f"the server ended with {process.returncode} while it was measured:\n{_end_of(log)}"
                raise BenchmarkError(said) from error
            raise
    if process.returncode != 0:
        raise BenchmarkError(f"the server ended with {process.returncode}, expected 0:\n{_end_of(log)}")


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program whose standard error goes to ``log``, and ask it to stop at the end."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, text=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:  # also at a second interrupt, since nobody else ends it
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _has_ended(process: subprocess.Popen[str]) -> bool:
    """Tell whether it has ended; a client may notice the end before that is so."""
    try:
        process.wait(GONE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])


def variables(directory: Path, cache: Path) -> dict[str, str]:
    """Return the environment of a server on a free port, or of a command; see ``SLOWS_STARTS``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBELISK", SLOWS_STARTS))}
    return {
        **kept,
        "OBELISK_DATA_DIR": str(directory / "data"),
        "OBELISK_CACHE_DIR": str(cache),
        "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
    }
