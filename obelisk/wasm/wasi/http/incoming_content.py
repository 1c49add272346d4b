"""The content of a message that a guest receives: from whoever reads it off a connection to the guest's stream.

Theory of operation
    The reader hands over bytes with ``feed``, which waits while as much as fits is waiting for the guest; a guest that does
    not read stops the reader, and the peer with it. It ends once: by ``finish`` with trailers or by ``fail``. A failure is
    seen after the bytes that came before it, once; then the stream is closed.

    The guest may have done with it: ``discard`` throws away what is here and what comes, until the trailers;
    ``abandon`` says that not even those matter, so that the reader stops and closes its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from obelisk.wasm.wasi.http.error_codes import HttpFailedError
from obelisk.wasm.wasi.http.fields import Entries
from obelisk.wasm.wasi.pollables import Signal
from obelisk.wasm.wasi.streams import StreamEndedError

CAPACITY: Final = 128 * 1024
"""How many bytes wait for the guest before ``feed`` waits."""


class IncomingContent:
    """See the module's theory of operation. ``abandoned`` is called once the guest is not interested any more."""

    def __init__(self, abandoned: Callable[[], None]) -> None:
        self.changed = Signal()
        self.error: HttpFailedError | None = None
        self.trailers: Entries = ()
        self._abandoned = abandoned
        self._buffer = bytearray()
        self._ended = False
        self._told = False
        self._discards = False
        self._room = asyncio.Event()

    # --- the reader's side --------------------------------------------------------------------------------------------

    async def feed(self, content: bytes) -> None:
        """Hand over bytes; return when there is room for more."""
        if not self._discards:
            self._buffer += content
            self.changed.fire()
        while len(self._buffer) >= CAPACITY:
            self._room.clear()
            await self._room.wait()

    def finish(self, trailers: Entries) -> None:
        """Say that the content is complete."""
        if not self._ended:
            self.trailers = trailers
            self._end()

    def fail(self, error: HttpFailedError) -> None:
        """Say that the content ends before it is complete. Does nothing after an end."""
        if not self._ended:
            self.error = error
            self._end()

    # --- the guest's side ---------------------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        """See ``InputStream``."""
        if not self._buffer and self._ended:
            self._tell_end()
        content = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._room.set()
        return content

    def is_ready(self) -> bool:
        """See ``InputStream``."""
        return bool(self._buffer) or self._ended

    @property
    def is_ended(self) -> bool:
        """Whether the trailers, or why there are none, are known."""
        return self._ended

    def discard(self) -> None:
        """Throw away what is here and what will come."""
        self._discards = True
        self._buffer.clear()
        self._room.set()

    def abandon(self) -> None:
        """Say that nobody will look at it any more."""
        self.discard()
        self._abandoned()

    def _end(self) -> None:
        self._ended = True
        self.changed.fire()

    def _tell_end(self) -> None:
        if self.error is not None and not self._told:
            self._told = True
            raise self.error
        raise StreamEndedError("the body has no more bytes")
