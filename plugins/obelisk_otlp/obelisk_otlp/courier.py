"""The server's side of the process that sends.

Theory of operation
    The child is started by exec in a session of its own, so that Ctrl-C does not reach it. Batches go into its standard
    input, reports come out of its standard output. Its end of input is its order to deliver what it holds and to end; the
    kernel gives that order too, when the server dies in whatever way.

    ``send`` waits until there is a child and the pipe's buffer has room, then hands over a whole frame at once: it either
    fails before a byte was written or not at all, so whoever calls it may try again. The wait is bounded, since a child
    that hangs must not make the caller hang: what is then not taken stays in the kernel's bounded queue.

    A task supervises the child: it reads reports until the child closes its end, reaps it, tells what was lost, which are
    the records that were handed over and never reported as settled, and starts the next one, later each time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from obelisk_otlp.errors import SendingError
from obelisk_otlp.plan import Kind, Plan, counted
from obelisk_otlp.wire import REPORT_HEAD, Notice, Report, Settled, Severity, frame, plan_frame

BUFFER_BYTES: Final = 4 * 1024 * 1024
ROOM_SECONDS: Final = 5.0
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 60.0
STEADY_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 0.5
"""How much longer than its own deadline the child may take to end."""
TAIL_BYTES: Final = 2000
MODULE: Final = "obelisk_otlp.child"
_LEVELS: Final = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING}


def _forget(kind: Kind, count: int) -> None:
    """Do nothing."""


class Courier:
    """Hands batches to a child, and starts another when it ends.

    ``on_lost`` is called with how many records of a kind were handed over and reached nobody.
    """

    def __init__(
        self, plan: Plan, environ: Mapping[str, str], log: logging.Logger, *, room_seconds: float = ROOM_SECONDS
    ) -> None:
        self._plan = plan
        self._environ = child_environment(environ)
        self._log = log
        self._room_seconds = room_seconds
        self._has_child = asyncio.Event()
        self._process: Process | None = None
        self._is_closing = False
        self._open: Counter[Kind] = Counter()
        self.on_lost: Callable[[Kind, int], None] = _forget
        self._wait = FIRST_WAIT
        self._supervisor = asyncio.create_task(self._supervise(), name="obelisk-otlp")

    @property
    def pid(self) -> int | None:
        """The id of the child's process; ``None`` while there is none."""
        return self._process.pid if self._process is not None and self._has_child.is_set() else None

    async def send(self, kind: Kind, count: int, payload: bytes) -> None:
        """Hand over a batch. Raises ``SendingError`` when no child takes it in time; then nothing of it was written."""
        try:
            async with asyncio.timeout(self._room_seconds):
                writer = await self._room()
        except TimeoutError as error:
            raise SendingError(
                f"the process that sends to {self._plan.places} took nothing for {self._room_seconds:g} s"
            ) from error
        self._open[kind] += count
        writer.write(frame(kind, count, payload))

    async def close(self) -> None:
        """Let the child deliver what it has, and wait for its end; after its deadline it is killed."""
        self._is_closing = True
        if self._process is None or self._process.returncode is not None:
            self._supervisor.cancel()  # it starts a child, or waits before that: there is nothing to deliver
        elif self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.wait([self._supervisor], timeout=self._plan.flush_seconds + GRACE_SECONDS)
        if not self._supervisor.done():
            self._kill()
        with suppress(asyncio.CancelledError):
            await self._supervisor

    async def _room(self) -> asyncio.StreamWriter:
        while True:
            await self._has_child.wait()
            assert self._process is not None and self._process.stdin is not None
            writer = self._process.stdin
            try:
                await writer.drain()
            except OSError:  # it ended just now: the supervisor will start another
                self._has_child.clear()
            if self._has_child.is_set():
                return writer

    async def _supervise(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self._is_closing:
            started = clock()
            reason = await self._run_child()
            if clock() - started > STEADY_SECONDS:
                self._wait = FIRST_WAIT
            self._tell_end(reason)
            if not self._is_closing:
                await asyncio.sleep(self._wait)
                self._wait = min(self._wait * 2, LONGEST_WAIT)

    async def _run_child(self) -> str:
        """Run a child to its end; return why it ended, for people, empty when it was to end."""
        try:
            process = await self._start()
        except OSError as error:
            return f"cannot be started: {error.strerror or error}"
        try:
            tail = await self._follow(process)
        finally:
            self._has_child.clear()
        code = await process.wait()
        if code == 0:
            return "" if self._is_closing else "ended by itself"
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how}: {tail}" if tail else how

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", MODULE,
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environ, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        self._process = process
        process.stdin.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        process.stdin.write(plan_frame(self._plan))
        self._has_child.set()
        if self._is_closing:
            process.stdin.close()
        return process

    async def _follow(self, process: Process) -> str:
        """Read what a child says until it says no more; return the last line that it wrote as an error."""
        assert process.stdout is not None and process.stderr is not None
        errors = asyncio.create_task(_tail(process.stderr))
        with suppress(asyncio.IncompleteReadError):
            while True:
                (length,) = REPORT_HEAD.unpack(await process.stdout.readexactly(REPORT_HEAD.size))
                payload = await process.stdout.readexactly(length)
                self._hear(msgspec.msgpack.decode(payload, type=Report))
        return await errors

    def _hear(self, report: Report) -> None:
        match report:
            case Notice(severity, text):
                self._log.log(_LEVELS[severity], "%s", text)
            case Settled(kind, count, dropped):
                self._open[kind] -= count
                if dropped:
                    self.on_lost(kind, dropped)

    def _tell_end(self, reason: str) -> None:
        lost = +self._open  # those above nothing
        self._open.clear()
        for kind, count in lost.items():
            self.on_lost(kind, count)
        if not reason and not lost:
            return
        parts = [f"the process that sends to {self._plan.places} {reason or 'ended'}"]
        if lost:
            parts.append(f"lost: {counted(lost)}")
        if not self._is_closing:
            parts.append(f"another one is started in {self._wait:g} s")
        self._log.warning("%s", "; ".join(parts))

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


def child_environment(environ: Mapping[str, str], path: Sequence[str] | None = None) -> dict[str, str]:
    """Return the variables of the child. It finds the modules that this process finds; the plan has what ``OTEL_`` says."""
    kept = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}
    modules = os.pathsep.join(entry for entry in (sys.path if path is None else path) if entry)
    return {"GRPC_VERBOSITY": "NONE", **kept, "PYTHONPATH": modules}


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while part := await stream.read(TAIL_BYTES):
        kept = (kept + part)[-TAIL_BYTES:]
    lines = kept.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
