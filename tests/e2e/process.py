"""A real server process, and real commands of the command line."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OBELISK = (sys.executable, "-m", "obelisk")
READY_SECONDS = 30
STOP_SECONDS = 30
RUN = ("server", "run")
COMMAND_SECONDS = 60


class NotReadyError(AssertionError):
    """A server that was to serve does not."""


class Server:
    """A server process that has printed its ready line."""

    def __init__(self, process: subprocess.Popen[bytes], stderr: Path) -> None:
        self._process = process
        self._stderr = stderr
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return once the next ready line is printed; a server that is run by ``obelisk dev`` prints one each time."""
        self.ready = _next_line(self._process, self, seconds)
        if not self.ready.startswith("obelisk ready "):
            self.close()
            raise NotReadyError(f"the server did not start; it printed {self.ready!r}, and\n{self.log}")
        self.pairs = dict(pair.split("=", 1) for pair in self.ready.split()[2:])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def address(self) -> str:
        """Where it serves gRPC, ``HOST:PORT``."""
        return self.pairs["grpc"]

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return self._stderr.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Return the exit code once the process has ended."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"the server did not stop within {seconds} s:\n{self.log}") from error

    def wait_for_log(self, text: str, seconds: float = STOP_SECONDS) -> None:
        """Return once standard error holds ``text``; the process's own writes are awaited, not a length of time."""
        with self._stderr.open(errors="replace") as file:
            seen, until = "", time.monotonic() + seconds
            while text not in seen:
                seen += file.read()
                if time.monotonic() > until or (not self.is_running and text not in self.log):
                    raise AssertionError(f"the server did not log {text!r}:\n{seen}")

    def stop(self) -> int:
        """Ask it to stop and return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it without a chance to write anything; idempotent."""
        if self.is_running:
            self._process.kill()
        self._process.wait()

    def rest_of_stdout(self) -> bytes:
        """Return what it printed after the ready line, once it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.read()

    def close(self) -> None:
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def printed(self) -> str:
        """Everything that it printed."""
        return self.stdout + self.stderr

    @property
    def lines(self) -> list[Any]:
        """Standard output as one JSON value per line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def last(self) -> Any:
        return self.lines[-1]


def start_server(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stderr: Path,
    prefix: Sequence[str] = (),
    command: Sequence[str] = RUN,
) -> Server:
    """Start a server and return once it serves; ``prefix`` is a command that runs it."""
    return Server(spawn_server(arguments, env=env, cwd=cwd, stderr=stderr, prefix=prefix, command=command), stderr)


def spawn_server(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stderr: Path,
    prefix: Sequence[str] = (),
    command: Sequence[str] = RUN,
) -> subprocess.Popen[bytes]:
    """Start a server and return at once."""
    with stderr.open("ab") as file:
        return subprocess.Popen(
            [*prefix, *OBELISK, *command, *arguments],
            env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file,
        )  # fmt: skip


def run_obelisk(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: str = "") -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [*OBELISK, *arguments],
        env=dict(env), cwd=cwd, input=stdin, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def start_obelisk(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> subprocess.Popen[str]:
    """Start a command and leave it running. It can be interrupted also where these tests cannot, in the background."""
    return subprocess.Popen(
        [*OBELISK, *arguments],
        env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_take_interrupts,
    )  # fmt: skip


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _next_line(process: subprocess.Popen[bytes], server: Server, seconds: float) -> str:
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    line, until = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], max(until - time.monotonic(), 0))
        if not readable:
            process.kill()
            process.wait()
            raise NotReadyError(f"the server was not ready within {seconds} s:\n{server.log}")
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return line.decode().rstrip("\n")
