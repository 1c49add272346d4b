"""A shell that is given one command after another, as a person does."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

READY = "obelisk ready "
END = "::the command ended::"
COMMAND_SECONDS = 100
STOP_SECONDS = 30


class ShellError(AssertionError):
    """A command did not do what it should."""


class Shell:
    """bash in a directory. What runs in its background is ended by ``close``, each process by its id."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(self, command: str, *, seconds: float = COMMAND_SECONDS, fails: bool = False) -> list[str]:
        """Return the lines that a command printed; a server in the background is awaited until it is ready."""
        self._write(f'{{\n{command}\n}} </dev/null\necho "{END}$?"\n')
        until = time.monotonic() + seconds
        lines, code = self._until(END, until, command)
        if (code != "0") is not fails:
            raise ShellError(f"`{command}` ended with exit code {code}:\n" + "\n".join(lines))
        if command.endswith("&") and "server run" in command and not any(line.startswith(READY) for line in lines):
            more, rest = self._until(READY, until, command)
            lines += [*more, READY + rest]
        return lines

    def close(self) -> None:
        """End what runs in the background, then the shell."""
        try:
            self._write("kill $(jobs -p) 2>/dev/null; wait; exit\n")
            self._process.wait(STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _until(self, beginning: str, until: float, command: str) -> tuple[list[str], str]:
        """Return the lines before the one with a beginning, and the rest of that one."""
        lines: list[str] = []
        while True:
            try:
                line = self._lines.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                raise ShellError(f"`{command}` takes too long; so far:\n" + "\n".join(lines)) from None
            if line is None:
                raise ShellError(f"`{command}` ended the shell:\n" + "\n".join(lines))
            before, found, rest = line.partition(beginning)
            if found:
                return ([*lines, before] if before else lines), rest
            lines.append(line)
