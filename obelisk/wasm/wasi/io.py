"""``wasi:io``: error, poll, streams."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from obelisk.errors import GuestTrapError
from obelisk.wasm.wasi.calls import Handlers, Later, err, ok
from obelisk.wasm.wasi.pollables import Pollable, wait_any
from obelisk.wasm.wasi.sandbox import Held, Sandbox
from obelisk.wasm.wasi.streams import CHUNK, InputStream, OutputStream, StreamEndedError, StreamFailedError


class IoError(Struct, frozen=True):
    """The resource ``error``: what a failed operation says for people, and its code in the stream's own package."""

    message: str
    code: Any = None


def stream_error(sandbox: Sandbox, error: StreamEndedError | StreamFailedError) -> dict[str, Any]:
    """Return the error side of a stream's result."""
    if isinstance(error, StreamEndedError):
        return err("closed")
    return err({"last_operation_failed": sandbox.resources.add(IoError(str(error), error.code))})


def _to_debug_string(sandbox: Sandbox, error: int) -> str:
    return sandbox.resources.get(error, IoError).message


# --- poll -------------------------------------------------------------------------------------------------------------


def _pollable(sandbox: Sandbox, number: int) -> Pollable:
    return sandbox.resources.get(number, Held).pollable


def _ready(sandbox: Sandbox, pollable: int) -> bool:
    return _pollable(sandbox, pollable).is_ready()


def _block(sandbox: Sandbox, pollable: int) -> Any:
    found = _pollable(sandbox, pollable)
    return None if found.is_ready() else Later(wait_any([found]))


def _poll(sandbox: Sandbox, numbers: list[int]) -> Any:
    if not numbers:
        raise GuestTrapError("poll was called with no pollable, expected at least one")
    pollables = [_pollable(sandbox, number) for number in numbers]
    return _ready_ones(pollables) or Later(_wait_ready(pollables))


def _ready_ones(pollables: list[Pollable]) -> list[int]:
    return [index for index, pollable in enumerate(pollables) if pollable.is_ready()]


async def _wait_ready(pollables: list[Pollable]) -> list[int]:
    while not (ready := _ready_ones(pollables)):
        await wait_any(pollables)
    return ready


# --- input streams ----------------------------------------------------------------------------------------------------


def _read(sandbox: Sandbox, number: int, size: int) -> Any:
    return _read_now(sandbox, sandbox.resources.get(number, InputStream), size)


def _read_now(sandbox: Sandbox, stream: InputStream, size: int) -> Any:
    try:
        return ok(stream.read(min(size, CHUNK)))
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)


def _blocking_read(sandbox: Sandbox, number: int, size: int) -> Any:
    stream = sandbox.resources.get(number, InputStream)
    stream.prepare(size)
    if stream.is_ready() or not size:
        return _read_now(sandbox, stream, size)
    return Later(_wait_read(sandbox, stream, size))


async def _wait_read(sandbox: Sandbox, stream: InputStream, size: int) -> Any:
    await wait_any([stream])
    return _read_now(sandbox, stream, size)


def _skip(sandbox: Sandbox, number: int, size: int) -> Any:
    return _length(_read(sandbox, number, size))


def _blocking_skip(sandbox: Sandbox, number: int, size: int) -> Any:
    answer = _blocking_read(sandbox, number, size)
    return Later(_wait_length(answer)) if isinstance(answer, Later) else _length(answer)


async def _wait_length(answer: Later) -> Any:
    return _length(await answer.work)


def _length(answer: dict[str, Any]) -> dict[str, Any]:
    return ok(len(answer["ok"])) if "ok" in answer else answer


def _subscribe_input(sandbox: Sandbox, number: int) -> int:
    return sandbox.hold(sandbox.resources.get(number, InputStream))


# --- output streams ---------------------------------------------------------------------------------------------------


def _check_write(sandbox: Sandbox, number: int) -> Any:
    try:
        return ok(sandbox.resources.get(number, OutputStream).check_write())
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)


def _write(sandbox: Sandbox, number: int, content: bytes) -> Any:
    stream = sandbox.resources.get(number, OutputStream)
    try:
        permitted = stream.check_write()
        if len(content) > permitted:
            raise GuestTrapError(f"write of {len(content)} bytes, but check-write permitted {permitted}")
        stream.write(content)
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return ok()


def _flush(sandbox: Sandbox, number: int) -> Any:
    try:
        sandbox.resources.get(number, OutputStream).flush()
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return ok()


def _blocking_flush(sandbox: Sandbox, number: int) -> Any:
    return _write_all(sandbox, sandbox.resources.get(number, OutputStream), b"")


def _blocking_write(sandbox: Sandbox, number: int, content: bytes) -> Any:
    return _write_all(sandbox, sandbox.resources.get(number, OutputStream), content)


def _write_all(sandbox: Sandbox, stream: OutputStream, content: bytes) -> Any:
    try:
        if len(content) <= stream.check_write():
            stream.write(content)
            content = b""
            stream.flush()
            if stream.is_ready():
                stream.check_write()
                return ok()
            return Later(_wait_flushed(sandbox, stream))
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return Later(_wait_write(sandbox, stream, content))


async def _wait_write(sandbox: Sandbox, stream: OutputStream, content: bytes) -> Any:
    try:
        while content:
            await wait_any([stream])
            size = stream.check_write()
            stream.write(content[:size])
            content = content[size:]
        stream.flush()
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return await _wait_flushed(sandbox, stream)


async def _wait_flushed(sandbox: Sandbox, stream: OutputStream) -> Any:
    await wait_any([stream])
    try:
        stream.check_write()
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return ok()


def _write_zeroes(sandbox: Sandbox, number: int, size: int) -> Any:
    return _write(sandbox, number, bytes(_bounded(size)))


def _blocking_write_zeroes(sandbox: Sandbox, number: int, size: int) -> Any:
    return _blocking_write(sandbox, number, bytes(_bounded(size)))


def _bounded(size: int) -> int:
    if size > CHUNK:
        raise GuestTrapError(f"{size} zeroes were to be written, expected at most {CHUNK} in one call")
    return size


def _splice(sandbox: Sandbox, number: int, source: int, size: int) -> Any:
    target = sandbox.resources.get(number, OutputStream)
    return _splice_now(sandbox, target, sandbox.resources.get(source, InputStream), size)


def _splice_now(sandbox: Sandbox, target: OutputStream, source: InputStream, size: int) -> Any:
    try:
        content = source.read(min(size, target.check_write(), CHUNK))
        target.write(content)
    except (StreamEndedError, StreamFailedError) as error:
        return stream_error(sandbox, error)
    return ok(len(content))


def _blocking_splice(sandbox: Sandbox, number: int, source: int, size: int) -> Any:
    target = sandbox.resources.get(number, OutputStream)
    from_ = sandbox.resources.get(source, InputStream)
    if not size or (target.is_ready() and from_.is_ready()):
        return _splice_now(sandbox, target, from_, size)
    return Later(_wait_splice(sandbox, target, from_, size))


async def _wait_splice(sandbox: Sandbox, target: OutputStream, source: InputStream, size: int) -> Any:
    await wait_any([target])
    await wait_any([source])
    return _splice_now(sandbox, target, source, size)


def _subscribe_output(sandbox: Sandbox, number: int) -> int:
    return sandbox.hold(sandbox.resources.get(number, OutputStream))


_INPUT = "wasi:io/streams.[method]input-stream."
_OUTPUT = "wasi:io/streams.[method]output-stream."
FUNCTIONS: Final[Handlers] = {
    "wasi:io/error.[method]error.to-debug-string": _to_debug_string,
    "wasi:io/poll.[method]pollable.ready": _ready,
    "wasi:io/poll.[method]pollable.block": _block,
    "wasi:io/poll.poll": _poll,
    _INPUT + "read": _read,
    _INPUT + "blocking-read": _blocking_read,
    _INPUT + "skip": _skip,
    _INPUT + "blocking-skip": _blocking_skip,
    _INPUT + "subscribe": _subscribe_input,
    _OUTPUT + "check-write": _check_write,
    _OUTPUT + "write": _write,
    _OUTPUT + "blocking-write-and-flush": _blocking_write,
    _OUTPUT + "flush": _flush,
    _OUTPUT + "blocking-flush": _blocking_flush,
    _OUTPUT + "subscribe": _subscribe_output,
    _OUTPUT + "write-zeroes": _write_zeroes,
    _OUTPUT + "blocking-write-zeroes-and-flush": _blocking_write_zeroes,
    _OUTPUT + "splice": _splice,
    _OUTPUT + "blocking-splice": _blocking_splice,
}
