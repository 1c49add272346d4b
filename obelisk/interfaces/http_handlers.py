"""Components that answer HTTP requests: what a trigger that serves HTTP gets from the engine.

A handler is a component that exports ``wasi:http/incoming-handler@0.2``. Each request gets an instance of its own. Whoever
serves it hands over the request and its body, and takes the response and its body; what the component asks of the engine
goes through the session that the request was started with.

One request::

    exchange = handler.start(request, RequestContext(session, host.executions))
    exchange.finish_body(())
    answer = await exchange.answer()
    if isinstance(answer, HandlerFailure):
        ...
    else:
        while chunk := await answer.body.read():
            ...
    outcome = await exchange.ended()
    exchange.close("the request is over")
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from obelisk.core.trace_context import TraceContext
from obelisk.interfaces.components import Component, ComponentHost, Outcome
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.sessions import Session
from obelisk.interfaces.settings import ProgramSettings

Fields = tuple[tuple[str, bytes], ...]
"""Names and values of headers or trailers in their order."""


class HandlerRequest(Struct, frozen=True, kw_only=True):
    """A request without its body.

    ``target`` is the path with the query, ``scheme`` is ``http`` or ``https``. Fields that belong to a connection are taken
    out of ``fields`` before the component sees them.
    """

    method: str
    target: str
    scheme: str
    authority: str | None
    fields: Fields


class RequestContext(Struct, frozen=True):
    """What a request is part of. ``environment`` is added to the component's own, and wins."""

    session: Session
    executions: Executions
    environment: Mapping[str, str] = {}
    trace: TraceContext | None = None


class FailureOf(Enum):
    """Why there is no response.

    ``START``: no instance could be made. ``TRAP``: the component trapped, or ran out of something. ``SILENCE``: it
    returned without a response. ``ERROR_CODE``: it answered with an error of ``wasi:http`` in place of one. ``CLOSED``:
    the exchange was closed before there was one.
    """

    START = "start"
    TRAP = "trap"
    SILENCE = "silence"
    ERROR_CODE = "error_code"
    CLOSED = "closed"


class HandlerFailure(Struct, frozen=True):
    """There is no response. ``reason`` is for the server's log: it may tell of the component's inside."""

    kind: FailureOf
    reason: str


class ResponseBody(Protocol):
    """The body of a response. ``trailers`` are known once ``read`` has returned nothing."""

    @property
    def trailers(self) -> Fields:
        """The fields that end the body."""

    def whole(self) -> bytes | None:
        """Return all of it when it is complete already and has no trailers; ``read`` is then not to be called."""

    async def read(self) -> bytes:
        """Return the next bytes, nothing after the last; what was returned before counts as sent.

        Raises ``GuestError`` when the component ended the body before it was complete.
        """

    def stop(self) -> None:
        """Say that nobody wants the rest."""


class HandlerResponse(Struct, frozen=True):
    """What the component answered; its body may still be written."""

    status: int
    fields: Fields
    body: ResponseBody


class HttpExchange(Protocol):
    """One request with its instance. ``close`` it in the end."""

    async def feed(self, content: bytes) -> None:
        """Hand over bytes of the request's body; return when there is room for more."""

    def finish_body(self, trailers: Fields) -> None:
        """Say that the request's body is complete."""

    def break_body(self, reason: str) -> None:
        """Say that no more of the request's body comes; who reads it is told. Does nothing after its end."""

    async def answer(self) -> HandlerResponse | HandlerFailure:
        """Return the response, once its head is known, or why there is none."""

    async def ended(self) -> Outcome:
        """Return how the component ended. It may go on after its response is complete."""

    @property
    def outcome(self) -> Outcome | None:
        """How the component ended, ``None`` while it has not."""

    def close(self, reason: str) -> None:
        """End the instance, wherever it is; its children run on. Idempotent.

        One that had not ended has then crashed for ``reason``; a response that is not complete is broken off.
        """


class HttpHandler(Protocol):
    """An opened component that answers requests."""

    component: Component

    @property
    def function(self) -> str:
        """The exported function that requests run, by its full name."""

    def start(self, request: HandlerRequest, context: RequestContext) -> HttpExchange:
        """Start an instance for a request. Raises nothing: what goes wrong is told by ``answer`` and ``ended``."""


@runtime_checkable
class HttpHandlers(Protocol):
    """Opens components that answer HTTP requests; ``ComponentHost.service(HttpHandlers)`` returns it to triggers."""

    def open(
        self, settings: ProgramSettings, location: str, host: ComponentHost
    ) -> AbstractAsyncContextManager[HttpHandler]:
        """Fetch, compile and link a component.

        ``settings`` may have the keys of ``SandboxSettings`` and ``LimitSettings``; those of the first are needed. Raises
        ``ComponentError`` for what cannot be opened, ``LinkError`` when it imports what the deployment does not offer.
        """
