"""Streams from and to files. Each has one blocking call under way at most, and no more than a chunk in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from obelisk.wasm.wasi.filesystem.error_codes import error_code
from obelisk.wasm.wasi.filesystem.handles import Files, Handle
from obelisk.wasm.wasi.filesystem.operations import append_all, write_all
from obelisk.wasm.wasi.streams import CHUNK, InputStream, OutputStream, StreamEndedError, StreamFailedError

T = TypeVar("T")


class FileInput(InputStream):
    """A file from ``offset`` on.

    Only what is asked for is read, so a guest sees what was written to the file until then. Where it waits without saying
    for how much, that is a chunk.
    """

    def __init__(self, files: Files, handle: Handle, offset: int) -> None:
        super().__init__()
        handle.share()
        self._calls = _Calls(files, handle)
        self._offset = offset
        self._content = b""
        self._error: OSError | None = None
        self._is_ended = False

    def read(self, size: int) -> bytes:
        """See ``InputStream``."""
        if self._error is not None:
            error, self._error = self._error, None
            raise failed(error)
        content, self._content = self._content[:size], self._content[size:]
        if content or not size:
            return content
        if self._is_ended:
            raise StreamEndedError("the file has no more bytes")
        self.prepare(size)
        return b""

    def prepare(self, size: int) -> None:
        """See ``InputStream``."""
        if not self._calls.is_busy and not self._is_known():
            count, offset = min(size, CHUNK), self._offset
            self._calls.start(lambda number: os.pread(number, count, offset), self._arrived)

    def is_ready(self) -> bool:
        """See ``InputStream``. Who asks wants to read: a read begins if none is under way."""
        self.prepare(CHUNK)
        return self._is_known()

    def close(self) -> None:
        """See ``InputStream``."""
        self._calls.close()

    def _is_known(self) -> bool:
        return bool(self._content) or self._is_ended

    def _arrived(self, result: bytes | OSError) -> None:
        if isinstance(result, OSError):
            self._error = result
            self._is_ended = True
        else:
            self._content = result
            self._offset += len(result)
            self._is_ended = not result
        self.changed.fire()


class FileOutput(OutputStream):
    """A file from ``offset`` on, or its end when that is ``None``. A chunk is taken when the one before is written."""

    def __init__(self, files: Files, handle: Handle, offset: int | None) -> None:
        super().__init__()
        handle.share()
        self._calls = _Calls(files, handle)
        self._offset = offset
        self._error: OSError | None = None
        self._is_ended = False

    def check_write(self) -> int:
        """See ``OutputStream``."""
        if self._error is not None:
            error, self._error = self._error, None
            raise failed(error)
        if self._is_ended:
            raise StreamEndedError("writing to the file failed before")
        return 0 if self._calls.is_busy else CHUNK

    def write(self, content: bytes) -> None:
        """See ``OutputStream``."""
        if not content:
            return
        offset = self._offset
        if offset is None:
            self._calls.start(lambda number: append_all(number, content), self._written)
            return
        self._offset = offset + len(content)
        self._calls.start(lambda number: write_all(number, content, offset), self._written)

    def flush(self) -> None:
        """Do nothing: ``check_write`` returns 0 until all is written."""

    def is_ready(self) -> bool:
        """See ``OutputStream``."""
        return not self._calls.is_busy

    def close(self) -> None:
        """See ``OutputStream``. What was taken is written, but nobody hears of its failure."""
        self._calls.close()

    def _written(self, result: OSError | None) -> None:
        if result is not None:
            self._error = result
            self._is_ended = True
        self.changed.fire()


def failed(error: OSError) -> StreamFailedError:
    """Return what a stream raises; the message names no path."""
    return StreamFailedError(os.strerror(error.errno or 0), code=error_code(error))


class _Calls:
    """The blocking calls of a stream, one at a time."""

    def __init__(self, files: Files, handle: Handle) -> None:
        self._files = files
        self._handle = handle
        self._is_closed = False
        self.is_busy = False
        files.streams += 1

    def start(self, call: Callable[[int], T], done: Callable[[T | OSError], None]) -> None:
        """Call ``call`` with the file in a thread, and ``done`` on the loop unless the stream is closed before."""
        number = self._handle.number
        self.is_busy = True
        future = asyncio.wrap_future(self._files.start(lambda: _result(call, number), self._handle))
        future.add_done_callback(lambda ended: self._ended(ended, done))

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._handle.release()
            if not self.is_busy:
                self._files.streams -= 1

    def _ended(self, future: asyncio.Future[Any], done: Callable[[Any], None]) -> None:
        self.is_busy = False
        if self._is_closed:
            self._files.streams -= 1  # not before, else closed streams could fill the memory with what they still write
        else:
            done(future.result())


def _result(call: Callable[[int], T], number: int) -> T | OSError:
    try:
        return call(number)
    except OSError as error:
        return error
