"""``incoming-body``, ``outgoing-body``, ``future-trailers`` and their streams."""

from __future__ import annotations

from typing import Any, Final

from obelisk.errors import GuestTrapError
from obelisk.wasm.wasi.calls import Handlers, err, ok
from obelisk.wasm.wasi.http.error_codes import HttpFailedError
from obelisk.wasm.wasi.http.fields import Fields
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.pollables import Unsubscribe
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.streams import InputStream, OutputStream


class BodyInput(InputStream):
    """The stream of an incoming body."""

    def __init__(self, body: IncomingBody) -> None:
        super().__init__()
        self._body = body
        self._content = body.content
        self.changed = body.content.changed

    def read(self, size: int) -> bytes:
        """See ``InputStream``."""
        return self._content.read(size)

    def is_ready(self) -> bool:
        """See ``InputStream``."""
        return self._content.is_ready()

    def close(self) -> None:
        """Let the body be finished."""
        self._body.stream_closed()


class IncomingBody:
    """The resource. Content that the guest has no handle of any more is abandoned."""

    def __init__(self, content: IncomingContent) -> None:
        self.content = content
        self.has_stream = False
        self._was_streamed = False
        self._is_dropped = False

    def stream(self) -> BodyInput | None:
        """Return the stream, ``None`` after the first call."""
        if self._was_streamed:
            return None
        self._was_streamed = self.has_stream = True
        return BodyInput(self)

    def stream_closed(self) -> None:
        """Take note that the guest dropped the stream."""
        self.has_stream = False
        if self._is_dropped:
            self.content.abandon()

    def close(self) -> None:
        """Abandon the content, unless its stream is still read."""
        self._is_dropped = True
        if not self.has_stream:
            self.content.abandon()


class FutureTrailers:
    """The resource: ready when the content has come to its end."""

    def __init__(self, content: IncomingContent) -> None:
        self.content = content
        self.was_taken = False

    def is_ready(self) -> bool:
        """See ``Pollable``."""
        return self.content.is_ended

    def subscribe(self, wake: Any) -> Unsubscribe:
        """See ``Pollable``."""
        return self.content.changed.subscribe(wake)

    def close(self) -> None:
        """Abandon the content."""
        self.content.abandon()


class BodyOutput(OutputStream):
    """The stream of an outgoing body."""

    def __init__(self, body: OutgoingBody) -> None:
        super().__init__()
        self._body = body
        self._content = body.content
        self.changed = body.content.changed

    def check_write(self) -> int:
        """See ``OutputStream``."""
        return self._content.permit()

    def write(self, content: bytes) -> None:
        """See ``OutputStream``."""
        self._content.write(content)

    def flush(self) -> None:
        """See ``OutputStream``."""
        self._content.flush()

    def is_ready(self) -> bool:
        """See ``OutputStream``."""
        return self._content.is_ready()

    def close(self) -> None:
        """Let the body be finished."""
        self._body.has_stream = False


class OutgoingBody:
    """The resource. Dropped without being finished, its content is not complete."""

    def __init__(self, content: OutgoingContent) -> None:
        self.content = content
        self.has_stream = False
        self._was_streamed = False

    def write(self) -> BodyOutput | None:
        """Return the stream, ``None`` after the first call."""
        if self._was_streamed:
            return None
        self._was_streamed = self.has_stream = True
        return BodyOutput(self)

    def close(self) -> None:
        """Abort the content."""
        self.content.abort()


def _stream(sandbox: Sandbox, number: int) -> dict[str, Any]:
    stream = sandbox.resources.get(number, IncomingBody).stream()
    return err() if stream is None else ok(sandbox.resources.add(stream))


def _finish_incoming(sandbox: Sandbox, number: int) -> int:
    body = sandbox.resources.take(number, IncomingBody)
    if body.has_stream:
        body.close()
        raise GuestTrapError("an incoming-body was finished while its stream is held; drop the stream before")
    body.content.discard()
    return sandbox.resources.add(FutureTrailers(body.content))


def _subscribe_trailers(sandbox: Sandbox, number: int) -> int:
    return sandbox.hold(sandbox.resources.get(number, FutureTrailers))


def _trailers(sandbox: Sandbox, number: int) -> dict[str, Any] | None:
    future = sandbox.resources.get(number, FutureTrailers)
    if not future.is_ready():
        return None
    if future.was_taken:
        return ok_of_future(None)
    future.was_taken = True
    error, trailers = future.content.error, future.content.trailers
    if error is not None:
        return ok_of_future(err(error.code.lifted))
    return ok_of_future(ok(sandbox.resources.add(Fields(trailers, immutable=True)) if trailers else None))


def ok_of_future(answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return what a future's ``get`` gives: the answer, or the err of one that was taken before."""
    return err() if answer is None else ok(answer)


def _write(sandbox: Sandbox, number: int) -> dict[str, Any]:
    stream = sandbox.resources.get(number, OutgoingBody).write()
    return err() if stream is None else ok(sandbox.resources.add(stream))


def _finish_outgoing(sandbox: Sandbox, number: int, trailers: int | None) -> dict[str, Any]:
    fields = () if trailers is None else sandbox.resources.take(trailers, Fields).entries
    body = sandbox.resources.take(number, OutgoingBody)
    if body.has_stream:
        body.close()
        raise GuestTrapError("an outgoing-body was finished while its stream is held; drop the stream before")
    try:
        body.content.finish(fields)
    except HttpFailedError as error:
        return err(error.code.lifted)
    return ok()


_INCOMING = "wasi:http/types.[method]incoming-body."
_TRAILERS = "wasi:http/types.[method]future-trailers."
FUNCTIONS: Final[Handlers] = {
    _INCOMING + "stream": _stream,
    "wasi:http/types.[static]incoming-body.finish": _finish_incoming,
    _TRAILERS + "subscribe": _subscribe_trailers,
    _TRAILERS + "get": _trailers,
    "wasi:http/types.[method]outgoing-body.write": _write,
    "wasi:http/types.[static]outgoing-body.finish": _finish_outgoing,
}
