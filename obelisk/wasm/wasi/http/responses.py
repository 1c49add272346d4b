"""``incoming-response``, ``future-incoming-response``, ``outgoing-response``, ``response-outparam``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from obelisk.wasm.wasi.calls import Handlers, err, ok
from obelisk.wasm.wasi.http.bodies import ok_of_future
from obelisk.wasm.wasi.http.error_codes import ErrorCase, ErrorCode, HttpFailedError, lifted_text
from obelisk.wasm.wasi.http.fields import Entries, Fields, memory_size
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.message_bodies import HasIncomingBody, HasOutgoingBody
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.pollables import Signal, Unsubscribe
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.unsent import UnsentBytes

STATUS_CODES: Final = range(100, 1000)
"""RFC 9110, section 15: a status code has three digits."""
INFORMATIONAL: Final = range(100, 200)


class IncomingResponse(HasIncomingBody):
    """The resource: the answer to a guest's request."""

    def __init__(self, status: int, fields: Entries, content: IncomingContent) -> None:
        super().__init__(content)
        self.status = status
        self.fields = fields

    @property
    def weight(self) -> int:
        """How many bytes it takes without its body, roughly; see ``Resources``."""
        return memory_size(self.fields)


class FutureIncomingResponse:
    """The resource: ready when the response, or why there is none, is known.

    ``awaited`` is called when the guest begins to wait for it, ``dropped`` when the guest drops it.
    """

    def __init__(self, *, awaited: Callable[[], None], dropped: Callable[[], None]) -> None:
        self.changed = Signal()
        self.answer: IncomingResponse | HttpFailedError | None = None
        self._awaited = awaited
        self._dropped = dropped
        self._was_taken = False

    def resolve(self, answer: IncomingResponse | HttpFailedError) -> None:
        """Say how it ended; the first call counts."""
        if self.answer is None:
            self.answer = answer
            self.changed.fire()

    def take(self) -> IncomingResponse | HttpFailedError | None:
        """Return the answer, ``None`` after the first call. Call it when it is ready."""
        if self._was_taken:
            return None
        self._was_taken = True
        return self.answer

    def is_ready(self) -> bool:
        """See ``Pollable``."""
        return self.answer is not None

    def ask(self) -> None:
        """Take note that the guest wants the answer now."""
        self._awaited()

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """See ``Pollable``."""
        self.ask()
        return self.changed.subscribe(wake)

    def close(self) -> None:
        """Give up a request whose answer the guest did not take."""
        if not self._was_taken:
            self._dropped()


class OutgoingResponse(HasOutgoingBody):
    """The resource: a response that a guest puts together."""

    def __init__(self, fields: Entries, unsent: UnsentBytes) -> None:
        super().__init__(fields, unsent)
        self.status = 200

    @property
    def weight(self) -> int:
        """How many bytes it takes without its body, roughly; see ``Resources``."""
        return memory_size(self.fields)

    def empty(self) -> OutgoingContent:
        """Return the content of a response whose body nobody asked for."""
        content = OutgoingContent(None, self._unsent)
        content.finish(())
        return content


class ResponseOutparam:
    """The resource: where the guest's answer to an incoming request goes.

    ``answer`` is called at most once, with the response, whose content may still be written, or with the error that the
    guest gave instead, as text. A guest that ends without it has not answered.
    """

    def __init__(self, answer: Callable[[OutgoingResponse | str], None]) -> None:
        self.answer = answer


def _consume(sandbox: Sandbox, number: int) -> dict[str, Any]:
    body = sandbox.resources.get(number, IncomingResponse).consume()
    return err() if body is None else ok(sandbox.resources.add(body))


def _status(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.get(number, IncomingResponse).status


def _headers(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.add(Fields(sandbox.resources.get(number, IncomingResponse).fields, immutable=True))


def _subscribe(sandbox: Sandbox, number: int) -> int:
    return sandbox.hold(sandbox.resources.get(number, FutureIncomingResponse))


def _get(sandbox: Sandbox, number: int) -> dict[str, Any] | None:
    future = sandbox.resources.get(number, FutureIncomingResponse)
    if not future.is_ready():
        future.ask()
        return None
    answer = future.take()
    if isinstance(answer, HttpFailedError):
        return ok_of_future(err(answer.code.lifted))
    return ok_of_future(None if answer is None else ok(sandbox.resources.add(answer)))


def _new(sandbox: Sandbox, headers: int) -> int:
    return sandbox.resources.add(OutgoingResponse(sandbox.resources.take(headers, Fields).entries, sandbox.unsent))


def _status_code(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.get(number, OutgoingResponse).status


def _set_status_code(sandbox: Sandbox, number: int, status: int) -> dict[str, Any]:
    if status not in STATUS_CODES:
        return err()
    sandbox.resources.get(number, OutgoingResponse).status = status
    return ok()


def _outgoing_headers(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.add(Fields(sandbox.resources.get(number, OutgoingResponse).fields, immutable=True))


def _body(sandbox: Sandbox, number: int) -> dict[str, Any]:
    body = sandbox.resources.get(number, OutgoingResponse).body()
    return err() if body is None else ok(sandbox.resources.add(body))


def _send_informational(sandbox: Sandbox, number: int, status: int, headers: int) -> dict[str, Any]:
    sandbox.resources.get(number, ResponseOutparam)
    sandbox.resources.take(headers, Fields)
    if status not in INFORMATIONAL:
        return err(ErrorCode(ErrorCase.HTTP_PROTOCOL_ERROR).lifted)
    return err(ErrorCode(ErrorCase.INTERNAL_ERROR, "informational responses are not supported").lifted)


def _set(sandbox: Sandbox, number: int, response: dict[str, Any]) -> None:
    outparam = sandbox.resources.take(number, ResponseOutparam)
    if "ok" in response:
        outparam.answer(sandbox.resources.take(response["ok"], OutgoingResponse))
    else:
        outparam.answer(lifted_text(response["err"]))


_INCOMING = "wasi:http/types.[method]incoming-response."
_FUTURE = "wasi:http/types.[method]future-incoming-response."
_OUTGOING = "wasi:http/types.[method]outgoing-response."
FUNCTIONS: Final[Handlers] = {
    _INCOMING + "status": _status,
    _INCOMING + "headers": _headers,
    _INCOMING + "consume": _consume,
    _FUTURE + "subscribe": _subscribe,
    _FUTURE + "get": _get,
    "wasi:http/types.[constructor]outgoing-response": _new,
    _OUTGOING + "status-code": _status_code,
    _OUTGOING + "set-status-code": _set_status_code,
    _OUTGOING + "headers": _outgoing_headers,
    _OUTGOING + "body": _body,
    "wasi:http/types.[method]response-outparam.send-informational": _send_informational,
    "wasi:http/types.[static]response-outparam.set": _set,
}
