"""The process that compiles components: ``python -m obelisk.wasm.compile_child <Setup as JSON>``.

It reads a line of JSON, a ``Request``, and then the binary, compiles it, writes the machine code to a file, and answers
with a line of JSON, a ``Reply``; until its input ends. A component that wants too much memory ends the process, one that
takes too much processor time gets it killed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct
from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from obelisk.wasm.debug_names import MAX_LENGTH, longest_name
from obelisk.wasm.settings import EngineSettings, new_engine

if sys.platform != "win32":
    import resource

MAX_ERROR_LENGTH = 8192


class Setup(Struct, frozen=True):
    """What the process is started with: the engine's settings, bytes of address space, seconds per component."""

    engine: EngineSettings
    memory: int
    cpu_seconds: int


class Request(Struct, frozen=True):
    """Compile the ``size`` bytes that follow, and move the result to ``target`` through ``temporary``."""

    size: int
    target: str
    temporary: str


class Reply(Struct, frozen=True):
    """The component was compiled, unless ``error`` says why not."""

    error: str = ""


def main(argument: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Serve ``requests`` until they end."""
    setup = msgspec.json.decode(argument, type=Setup)
    limit_memory(setup.memory)
    engine = new_engine(setup.engine)
    while line := requests.readline():
        request = msgspec.json.decode(line, type=Request)
        limit_cpu(setup.cpu_seconds)
        reply = serve(engine, request, requests.read(request.size))
        replies.write(msgspec.json.encode(reply) + b"\n")
        replies.flush()


def serve(engine: Engine, request: Request, binary: bytes) -> Reply:
    """Compile one component."""
    if len(binary) != request.size:
        return Reply("the input ended early")
    try:
        code = Component(engine, binary).serialize()
        found = longest_name(binary)
        if found > MAX_LENGTH:
            return Reply(f"its `name` section has a name of {found} bytes, expected at most {MAX_LENGTH}; strip it")
        write_atomically(code, request)
    except (WasmtimeError, OSError) as error:
        return Reply(str(error).strip()[:MAX_ERROR_LENGTH])
    return Reply()


def write_atomically(code: bytearray, request: Request) -> None:
    """Write the code so that other processes, also after a power failure, see all of it or nothing."""
    with Path(request.temporary).open("wb") as file:
        file.write(code)
        file.flush()
        os.fsync(file.fileno())
    Path(request.temporary).replace(request.target)


def limit_memory(size: int) -> None:
    """Bound the address space of this process, where the system can, and leave no memory image when it ends for that."""
    if sys.platform != "win32":
        set_limit(resource.RLIMIT_AS, size)
        set_limit(resource.RLIMIT_CORE, 0)


def limit_cpu(seconds: int) -> None:
    """Let this process use ``seconds`` more of processor time, where the system can."""
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        set_limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + seconds + 1)


if sys.platform != "win32":

    def set_limit(kind: int, value: int) -> None:
        """Set a limit, or the highest value that is allowed when that is lower."""
        _, highest = resource.getrlimit(kind)
        resource.setrlimit(kind, (value if highest == resource.RLIM_INFINITY else min(value, highest), highest))


if __name__ == "__main__":
    # What libraries print must not get among the replies.
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)
        main(sys.argv[1], sys.stdin.buffer, output)
