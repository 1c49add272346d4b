"""A child process in a group of its own.

Theory of operation
    The event loop starts the process (``loop.subprocess_exec``, never a bare fork) as the leader of a new session, hence of
    a new process group, and calls ``Child`` back. ``asyncio.subprocess.Process`` is not used: its ``wait`` may wait for the
    ends of pipes that a grandchild holds, and its standard input is a socket in some versions of Python, which programs
    cannot open as ``/dev/stdin``.

    A stream reader pauses its pipe when it is full, so a child that writes endlessly waits for us. Whoever reads yields to
    the loop between small parts.

    ``kill`` sends SIGKILL to the group. After the leader was reaped, its number still belongs to the group as long as that
    has members, and the last kill comes at once: the number would be another's only if all were used up in that moment. A
    descendant that made a session of its own is not reached; it does not keep a run from ending either, since the pipes are
    closed ``DRAIN_SECONDS`` after the leader's end.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import cast

BUFFER = 16 * 1024
DRAIN_SECONDS = 1.0
STDOUT, STDERR = 1, 2


class Child(asyncio.SubprocessProtocol):
    """A process that was started by ``spawn``."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.stdout = asyncio.StreamReader(limit=BUFFER, loop=loop)
        self.stderr = asyncio.StreamReader(limit=BUFFER, loop=loop)
        self._readers = {STDOUT: self.stdout, STDERR: self.stderr}
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: _Input | None = None
        self._exited: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._is_over = False

    async def wait(self) -> int:
        """Return the exit code once the process has ended and was reaped; a negative one is a signal's number."""
        await asyncio.shield(self._exited)
        assert self._transport is not None
        code = self._transport.get_returncode()
        assert code is not None
        return code

    def kill(self) -> None:
        """Kill the process and its group. Does nothing once that was done after the process's end."""
        if self._is_over:
            return
        assert self._transport is not None
        with suppress(ProcessLookupError, PermissionError):  # nobody is left; some systems say it by the second
            os.killpg(self._transport.get_pid(), signal.SIGKILL)
        self._is_over = self._exited.done()

    async def close(self) -> None:
        """Kill the group, wait until the process was reaped, and close our ends of the pipes."""
        self.kill()
        await asyncio.shield(self._exited)  # a transport that is closed before reaps too, at odds with the loop
        assert self._transport is not None
        self._transport.close()
        if self._input is not None:
            await self._input.close()
        await asyncio.shield(self._closed)

    async def write(self, pipe: FileIO, data: bytes) -> None:
        """Write ``data`` to a pipe, which is ours from now on, and close it, while others go on."""
        transport, self._input = await asyncio.get_running_loop().connect_write_pipe(_Input, pipe)
        transport.write(data)
        transport.write_eof()

    # --- called by the loop ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        for descriptor, reader in self._readers.items():
            pipe = self._transport.get_pipe_transport(descriptor)
            assert pipe is not None
            reader.set_transport(pipe)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what it wrote."""
        self._readers[fd].feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Take the end of a stream."""
        if exc is None:
            self._readers[fd].feed_eof()
        else:
            self._readers[fd].set_exception(exc)

    def process_exited(self) -> None:
        """Take the process's end."""
        self._exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of everything."""
        self._closed.set_result(None)


class _Input(asyncio.BaseProtocol):
    """Our end of a process's standard input. It ends when all is written, or when nobody reads it any more."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set_result(None)

    async def close(self) -> None:
        assert self._transport is not None
        if self._transport.get_write_buffer_size():  # else it is closing by itself, and must not be told so twice
            self._transport.abort()
        await asyncio.shield(self._closed)


async def spawn(
    program: Path, arguments: Sequence[bytes], *,
    environment: Mapping[str, str], directory: Path, stdin: bytes | None,
) -> Child:  # fmt: skip
    """Start a program in ``directory``; ``stdin`` is what it can read, ``None`` for nothing. Raises ``OSError``."""
    child = Child()

    async def start(source: int) -> None:
        await asyncio.get_running_loop().subprocess_exec(
            lambda: child, program, *arguments,
            stdin=source, stdout=PIPE, stderr=PIPE, env=environment, cwd=directory, start_new_session=True,
        )  # fmt: skip

    if stdin is None:
        await start(DEVNULL)
    else:
        await _with_input(child, start, stdin)
    return child


async def _with_input(child: Child, start: Callable[[int], Awaitable[None]], data: bytes) -> None:
    source, sink = os.pipe()
    pipe = os.fdopen(sink, "wb", 0)
    try:
        await start(source)
    except BaseException:
        pipe.close()
        raise
    finally:
        os.close(source)
    try:
        await child.write(pipe, data)
    except BaseException:
        pipe.close()
        await child.close()
        raise
