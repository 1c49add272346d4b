"""The content of a message that a guest sends: from the stream that it writes to whoever puts it on a connection.

Theory of operation
    The guest writes into a buffer of bounded size; ``permit`` says how much fits. The sender takes all that is there with
    ``take`` and takes again once that went out, so that a peer that does not read stops the sender, fills the buffer, and
    makes the guest wait. It ends once: by ``finish`` with trailers; by what the guest does wrong, or its ``abort``; by
    ``fail`` of the sender; or by ``stop``, when the peer wants no more. After a failure the guest's next operation on the
    stream fails with its code, and the ones after it are of a stream that is closed. What the sender met does not fail
    ``finish``: the guest learns it where it waits for the answer.

    Before somebody sends it, nothing drains the buffer: it is larger then, and flushing does not wait. What was permitted
    then may still be written when the sending has begun meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import Final

from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.fields import Entries
from obelisk.wasm.wasi.pollables import Signal
from obelisk.wasm.wasi.streams import CHUNK, StreamEndedError
from obelisk.wasm.wasi.unsent import UnsentBytes

UNSENT_CAPACITY: Final = 1024 * 1024
"""How many bytes of a body the guest can write before it is sent."""
CAPACITY: Final = 128 * 1024
"""How many bytes of a body wait while it is sent."""


class OutgoingContent:
    """See the module's theory of operation. ``length`` is what the guest's ``content-length`` promises."""

    def __init__(self, length: int | None, unsent: UnsentBytes) -> None:
        self.length = length
        self.written = 0
        self.trailers: Entries = ()
        self.changed = Signal()
        self.is_finished = False
        self._unsent = unsent
        self._buffer = bytearray()
        self._taken = 0
        self._permitted = 0
        self._flushing = False
        self._is_sent = False
        self._news = asyncio.Event()
        self._error: HttpFailedError | None = None
        self._mistake: HttpFailedError | None = None
        self._is_over = False
        self._told = False

    # --- the guest's side ---------------------------------------------------------------------------------------------

    def permit(self) -> int:
        """Return how many bytes ``write`` takes now. Raises what ended the content, see ``OutputStream``."""
        self._tell_end()
        if self._flushing:
            if self._buffer or self._taken:
                return 0
            self._flushing = False
        room = min(max(self._capacity - len(self._buffer) - self._taken, 0), CHUNK)
        self._permitted = max(self._permitted, room)
        return self._permitted

    def write(self, content: bytes) -> None:
        """Take bytes. More than the promised length fail the whole content."""
        self._tell_end()
        if self.length is not None and self.written + len(content) > self.length:
            self._break(self._mismatch(self.written + len(content)))
            self._tell_end()
        self._unsent.add(len(content))
        self._permitted = 0
        self.written += len(content)
        self._buffer += content
        self._news.set()

    def flush(self) -> None:
        """Let ``permit`` return 0 until all bytes went out."""
        self._tell_end()
        self._flushing = self._is_sent
        self._permitted = 0

    def is_ready(self) -> bool:
        """Tell whether ``permit`` would return more than 0 or raise."""
        if self._is_over or self.is_finished:
            return True
        waiting = len(self._buffer) + self._taken
        return not waiting if self._flushing else bool(self._permitted) or waiting < self._capacity

    def finish(self, trailers: Entries) -> None:
        """End the content. Raises ``HttpFailedError`` when it is not as long as promised; that fails it as a whole."""
        if self.length is not None and trailers:
            message = "trailers were given for a body with `content-length`; leave `content-length` out"
            self._break(HttpFailedError(message, ErrorCase.HTTP_PROTOCOL_ERROR))
        elif self.length is not None and self.written != self.length and not self._is_over:
            self._break(self._mismatch(self.written))
        if self._mistake is not None:
            raise self._mistake
        self.trailers = trailers
        self.is_finished = True
        self._news.set()

    def abort(self) -> None:
        """End the content before it is complete."""
        if not self.is_finished and not self._is_over:
            message = "the guest dropped the body before it finished it"
            self._break(HttpFailedError(message, ErrorCase.INTERNAL_ERROR, message))

    def _break(self, error: HttpFailedError) -> None:
        self._mistake = self._mistake or error
        self.fail(error)

    # --- the sender's side --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Say that the content is sent from now on."""
        self._is_sent = True

    def whole(self) -> bytes | None:
        """Take all of a content that is complete already and has no trailers; ``None`` when it is not so."""
        if not self.is_finished or self.trailers or self._is_over:
            return None
        content = bytes(self._buffer)
        self.stop()
        return content

    async def begun(self) -> None:
        """Return once there is a byte, or an end."""
        while not (self._buffer or self.is_finished or self._is_over):
            self._news.clear()
            await self._news.wait()

    async def take(self) -> bytes:
        """Return the next bytes, nothing after the last. What was taken before counts as sent.

        Raises ``HttpFailedError`` when the content ended before it was complete.
        """
        self._sent()
        await self.begun()
        if self._error is not None:
            raise self._error
        content = bytes(self._buffer)
        self._buffer.clear()
        self._taken = len(content)
        return content

    def fail(self, error: HttpFailedError) -> None:
        """End the content for both sides; the first end counts. What it holds is forgotten."""
        if not self._is_over:
            self._error = error
            self.stop()

    def stop(self) -> None:
        """Take no more bytes, and forget what is here: nobody wants it."""
        self._is_over = True
        self._unsent.add(-len(self._buffer))
        self._buffer.clear()
        self._news.set()
        self._sent()

    @property
    def is_wrong(self) -> bool:
        """Whether the guest ended the content in a way that makes it useless."""
        return self._mistake is not None

    @property
    def _capacity(self) -> int:
        return CAPACITY if self._is_sent else UNSENT_CAPACITY

    def _sent(self) -> None:
        self._unsent.add(-self._taken)
        self._taken = 0
        self.changed.fire()

    def _tell_end(self) -> None:
        if not self._is_over:
            return
        if self._error is not None and not self._told:
            self._told = True
            raise self._error
        raise StreamEndedError("the body takes no more bytes")

    def _mismatch(self, size: int) -> HttpFailedError:
        message = f"a body of {size} bytes was written, but `content-length` says {self.length}"
        return HttpFailedError(message, ErrorCase.HTTP_REQUEST_BODY_SIZE, size)
