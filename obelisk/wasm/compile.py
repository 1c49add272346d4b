"""The cache of machine code, and the child process that fills it.

Theory of operation
    A component's machine code is kept in a file whose name says for what it was compiled. Files appear whole or not at
    all, so any number of processes may share the directory. Loading maps the file into memory; nothing in it is
    verified beyond what wasmtime does, so the directory is made for this user only.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import math
import os
import platform
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec
from msgspec import Struct
from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from obelisk.errors import ComponentError
from obelisk.interfaces.settings import Duration, Size
from obelisk.wasm.compile_child import Reply, Request, Setup
from obelisk.wasm.interpreter import interpreter_command
from obelisk.wasm.settings import EngineSettings

LIMITS_TABLE = "wasm.compile"
_CHILD_MODULE = "obelisk.wasm.compile_child"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_MAX_ERROR_OUTPUT = 64 * 1024
_OUT_OF_MEMORY = ("memory allocation of", "MemoryError", "Cannot allocate memory", "os error 12")


class CompileLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """What compiling one component may take.

    * ``timeout``: how long it may take. The process may use as much time of every processor, so that it also ends when
      this one is gone.
    * ``memory``: the address space of the process that compiles.
    """

    timeout: Duration = Duration(minutes=5)
    memory: Size = Size(4 * 1024**3)


class CompileJob(Struct, frozen=True):
    """A component to compile; ``name`` is what errors call it."""

    digest: str
    binary: bytes
    name: str


class CodeCache:
    """Compiled components in ``directory``, for engines with ``settings``."""

    def __init__(self, directory: Path, settings: EngineSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._key = _key(settings)

    def path_of(self, digest: str) -> Path:
        """Return where the code of a component is kept; raise ``ComponentError`` when ``digest`` is none."""
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise ComponentError(f"`{digest[:100]}` is not a digest, expected `sha256:` and 64 hexadecimal digits")
        return self._directory / f"{match[1]}-{self._key}.cwasm"

    def load(self, engine: Engine, digest: str) -> Component | None:
        """Return the component, ``None`` when its code is not here. A file that cannot be used is removed."""
        path = self.path_of(digest)
        if not path.is_file():
            return None
        try:
            return Component.deserialize_file(engine, str(path))
        except WasmtimeError:
            # Damaged, or compiled for a processor with other features.
            path.unlink(missing_ok=True)
            return None

    def load_if_it_fits(self, engine: Engine, digest: str) -> Component | None:
        """Return the component, ``None`` when its code is not here or needs more than the engine's pool has."""
        try:
            return Component.deserialize_file(engine, str(self.path_of(digest)))
        except WasmtimeError:
            return None

    async def compile_missing(self, jobs: Sequence[CompileJob], limits: CompileLimits | None = None) -> None:
        """Compile those of ``jobs`` whose code is not here, one after another in one child process.

        Raises ``ComponentError`` that names every component that is not valid; or the one that went over a limit, which
        ends the process, so that those after it were not tried.
        """
        missing = self._missing(jobs)
        if not missing:
            return
        compiler = _Compiler(self._settings, limits or CompileLimits())
        problems: list[str] = []
        async with compiler.running() as child:
            for path, job in missing.items():
                reply = await compiler.compile(child, job, path)
                if reply.error:
                    problems.append(f"{job.name} cannot be compiled: {reply.error}")
        if problems:
            raise ComponentError("\n".join(problems))

    async def components(
        self, engine: Engine, jobs: Sequence[CompileJob], limits: CompileLimits | None = None
    ) -> dict[str, Component]:
        """Return all of ``jobs`` by digest, compiled where that is needed. Raises what ``compile_missing`` does."""
        found = {job.digest: self.load(engine, job.digest) for job in jobs}
        await self.compile_missing([job for job in jobs if found[job.digest] is None], limits)
        components = {digest: component or self.load(engine, digest) for digest, component in found.items()}
        for job in jobs:
            if components[job.digest] is None:
                raise ComponentError(f"{job.name}: the code in {self.path_of(job.digest)} cannot be loaded")
        return {digest: component for digest, component in components.items() if component is not None}

    def _missing(self, jobs: Sequence[CompileJob]) -> dict[Path, CompileJob]:
        missing = {path: job for job in jobs if not (path := self.path_of(job.digest)).is_file()}
        if missing:
            self._make_directory()
        return missing

    def _make_directory(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ComponentError(
                f"cannot make the directory for compiled components {self._directory}: {error.strerror}"
            ) from error


class _Compiler:
    """Runs the child process and talks to it."""

    def __init__(self, settings: EngineSettings, limits: CompileLimits) -> None:
        self._limits = limits
        self._setup = Setup(settings, int(limits.memory), _processor_seconds(limits))
        self._output = b""
        self._temporary: Path | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        arguments = ("-P", "-m", _CHILD_MODULE, msgspec.json.encode(self._setup).decode())
        child = await _started(*arguments)
        self._said = asyncio.create_task(self._collect(child))
        try:
            yield child
        except BaseException:
            _kill(child)
            raise
        finally:
            await self._ended(child)
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)

    async def compile(self, child: Process, job: CompileJob, path: Path) -> Reply:
        """Have one component compiled; raise ``ComponentError`` when the child did not survive it."""
        self._temporary = path.with_name(f"{path.name}.{child.pid}.tmp")
        request = Request(len(job.binary), str(path), str(self._temporary))
        try:
            async with asyncio.timeout(self._limits.timeout.total_seconds()):
                line = await _exchange(child, msgspec.json.encode(request) + b"\n", job.binary)
        except TimeoutError:
            raise self._over(job, "timeout", f"took longer than {_text(self._limits.timeout)}") from None
        if line:
            reply = msgspec.json.decode(line, type=Reply)
            if any(sign in reply.error for sign in _OUT_OF_MEMORY):
                raise self._over(job, "memory", f"took more than {self._limits.memory} bytes of memory")
            return reply
        await self._ended(child)
        raise self._died(job, child.returncode or 0)

    async def _ended(self, child: Process) -> None:
        """Let the child end, and wait until it has and its output is read."""
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.close()
        await child.stdout.read()
        await child.wait()
        await self._said

    def _died(self, job: CompileJob, status: int) -> ComponentError:
        if sys.platform != "win32" and status == -signal.SIGXCPU:
            return self._over(job, "timeout", f"took more than {self._setup.cpu_seconds} s of processor time")
        output = self._output.decode(errors="replace").strip()
        if any(sign in output for sign in _OUT_OF_MEMORY):
            return self._over(job, "memory", f"took more than {self._limits.memory} bytes of memory")
        said = " ".join(output.split("\n")[:2]) or "it said nothing"
        return ComponentError(f"{job.name}: the process that compiled it {_status_text(status)}: {said}")

    def _over(self, job: CompileJob, key: str, what: str) -> ComponentError:
        return ComponentError(
            f"{job.name} ({len(job.binary)} bytes): compiling it {what}; "
            f"if you trust the component raise `{key}` in [{LIMITS_TABLE}]"
        )

    async def _collect(self, child: Process) -> None:
        assert child.stderr is not None
        while chunk := await child.stderr.read(4096):
            self._output = (self._output + chunk)[-_MAX_ERROR_OUTPUT:]


async def _started(*arguments: str) -> Process:
    start = functools.partial(asyncio.create_subprocess_exec, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        # In a session of its own, so that an interrupt from the terminal reaches this process only.
        return await start(*interpreter_command(), *arguments, env=_environment(), start_new_session=True)
    except OSError as error:
        raise ComponentError(f"cannot start the process that compiles components, {sys.executable}: {error}") from error


async def _exchange(child: Process, header: bytes, binary: bytes) -> bytes:
    """Send a request and return the reply, ``b""`` when the child has ended."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(ConnectionError):
        child.stdin.write(header)
        child.stdin.write(binary)
        await child.stdin.drain()
    line = await child.stdout.readline()
    return line if line.endswith(b"\n") else b""


def _kill(child: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()


def _processor_seconds(limits: CompileLimits) -> int:
    return math.ceil(limits.timeout.total_seconds()) * (os.cpu_count() or 1)


def _environment() -> dict[str, str]:
    """Return this process's environment, with the path that it finds its own modules on."""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path}


def _key(settings: EngineSettings) -> str:
    """Return a name for everything that compiled code depends on besides the component."""
    parts = (version("wasmtime"), msgspec.json.encode(settings).decode(), sys.platform, platform.machine())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _status_text(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _text(time: timedelta) -> str:
    return f"{time.total_seconds():g} s"
