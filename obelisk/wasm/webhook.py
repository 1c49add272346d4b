"""Webhooks that are WebAssembly components: a fresh instance for each HTTP request.

Theory of operation
    The guest's exported ``handle`` gets two resources of its sandbox: the request, whose body is fed by whoever serves it,
    and the place for the response. When the guest sets the response, its head is known; the body may be written until the
    guest ends, and is taken from the content by whoever serves it. The guest may go on after its response is complete.

    An exchange knows three ends, and each comes once: that there is an answer or none, that the guest ended, and ``close``,
    which ends the guest wherever it is. What the guest left unfinished is aborted with its sandbox, so that nobody waits for
    it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from obelisk.errors import ComponentError, ObeliskError
from obelisk.interfaces.components import ActivityCall, Component, Crashed, Outcome
from obelisk.interfaces.http_handlers import (
    FailureOf,
    Fields,
    HandlerFailure,
    HandlerRequest,
    HandlerResponse,
    RequestContext,
)
from obelisk.interfaces.provider import Host
from obelisk.names import Ffqn, ffqn
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits, Poll
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.sandboxed_run import SandboxedRun, wasi_handlers
from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.fields import received
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.http.requests import IncomingRequest
from obelisk.wasm.wasi.http.responses import OutgoingResponse, ResponseOutparam
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.setup import SandboxSetup
from obelisk.wasm.webhook_support import Caller, webhook_handler
from obelisk.wit.wasi import wasi_base_name

HANDLER: Final = "wasi:http/incoming-handler"
HANDLE: Final = "handle"
WHO: Final = "webhook"


class WasmWebhook:
    """A component that answers HTTP requests; implements ``interfaces.http_handlers.HttpHandler``."""

    def __init__(
        self, component: Component, linked: LinkedComponent, engine: WasmEngine, *, setup: SandboxSetup, host: Host,
        limits: GuestLimits,
    ) -> None:  # fmt: skip
        self.component = component
        self.function = handle_of(component)
        self._linked = linked
        self._engine = engine
        self._setup = setup
        self._host = host
        self._limits = limits
        self._handlers = wasi_handlers(linked)
        for function in linked.imports:
            if not function.recorded and function not in self._handlers:
                self._handlers[function] = webhook_handler(function)

    def start(self, request: HandlerRequest, context: RequestContext) -> WebhookExchange:
        """Start an instance for a request."""
        exchange = WebhookExchange()
        sandbox = None
        try:
            sandbox = self._sandbox(context)
            params = [sandbox.resources.add(exchange.incoming(request)), sandbox.resources.add(exchange.outparam())]
            running = self._engine.new_guest(
                self._linked, self._linked.export(self.function), params, limits=self._limits, brief=True
            )
        except ObeliskError as error:
            if sandbox is not None:
                sandbox.close()
            exchange.cannot_start(str(error))
            return exchange
        log = context.session.log if sandbox.access is None else sandbox.access.log
        exchange.run = SandboxedRun(
            self._engine, running, exchange.end, log, sandbox=sandbox, handlers=self._handlers, who=WHO
        )
        exchange.run.back(Poll.YIELDED)
        return exchange

    def _sandbox(self, context: RequestContext) -> Sandbox:
        session, now = context.session, self._host.clock.now()
        call = ActivityCall(session.execution_id, session.run_id, self.function, [], now, now, context.trace)
        caller = Caller(session, context.executions)
        return self._setup.open(call, session.log, environment=context.environment, caller=caller)


def handle_of(component: Component) -> Ffqn:
    """Return the full name of the function that answers requests; raise ``ComponentError`` when there is none."""
    names = [interface.name for interface in component.world.exports]
    for name in names:
        if wasi_base_name(name) == HANDLER:
            return ffqn(name, HANDLE)
    raise ComponentError(
        f"webhook `{component.id.name}` exports {', '.join(f'`{name}`' for name in names) or 'nothing'}, expected "
        f"`{HANDLER}@0.2.x`"
    )


class WebhookExchange:
    """See the module's theory of operation, and ``interfaces.http_handlers.HttpExchange``."""

    def __init__(self) -> None:
        self.run: SandboxedRun | None = None
        self.outcome: Outcome | None = None
        self._content = IncomingContent(lambda: None)
        self._answer: HandlerResponse | HandlerFailure | None = None
        self._changed: asyncio.Event | None = None
        self._outgoing: OutgoingContent | None = None

    def incoming(self, request: HandlerRequest) -> IncomingRequest:
        """Return the request as the guest gets it."""
        return IncomingRequest(
            request.method, request.target, scheme=request.scheme, authority=request.authority,
            fields=received(request.fields), content=self._content,
        )  # fmt: skip

    def outparam(self) -> ResponseOutparam:
        """Return the place for the response."""
        return ResponseOutparam(self._answered)

    async def feed(self, content: bytes) -> None:
        """See ``HttpExchange``."""
        await self._content.feed(content)

    def finish_body(self, trailers: Fields) -> None:
        """See ``HttpExchange``."""
        self._content.finish(received(trailers))

    def break_body(self, reason: str) -> None:
        """See ``HttpExchange``."""
        self._content.fail(HttpFailedError(reason, ErrorCase.CONNECTION_TERMINATED))

    async def answer(self) -> HandlerResponse | HandlerFailure:
        """See ``HttpExchange``."""
        while self._answer is None:
            await self._next_change()
        return self._answer

    async def ended(self) -> Outcome:
        """See ``HttpExchange``."""
        while self.outcome is None:
            await self._next_change()
        return self.outcome

    def close(self, reason: str) -> None:
        """See ``HttpExchange``."""
        traces = () if self.run is None else self.run.http_client_traces()
        if self.run is not None:
            self.run.cancel()
        if self._outgoing is not None:
            self._outgoing.fail(HttpFailedError(reason, ErrorCase.CONNECTION_TERMINATED))
        if self.outcome is None:
            self._fail(FailureOf.CLOSED, reason)
            self.end(Crashed(f"{WHO} was ended: {reason}", http_client_traces=traces))

    # --- called by the guest's run ------------------------------------------------------------------------------------

    def cannot_start(self, reason: str) -> None:
        """Take note that there is no instance."""
        self._fail(FailureOf.START, reason)
        self.outcome = Crashed(f"{WHO} cannot start: {reason}")

    def end(self, outcome: Outcome) -> None:
        """Take note of the guest's end."""
        self.outcome = outcome
        self._content.discard()
        if isinstance(outcome, Crashed):
            was_called = self.run is None or self.run.was_called
            self._fail(FailureOf.TRAP if was_called else FailureOf.START, outcome.reason)
        else:
            self._fail(FailureOf.SILENCE, "the handler returned without a response")
        self._wake()

    def _answered(self, response: OutgoingResponse | str) -> None:
        if isinstance(response, str):
            self._fail(FailureOf.ERROR_CODE, f"the handler answered with the error {response}")
            return
        content = response.content or response.empty()
        content.start()
        self._outgoing = content
        self._answer = HandlerResponse(response.status, response.fields, _Body(content))
        self._wake()

    def _fail(self, kind: FailureOf, reason: str) -> None:
        if self._answer is None:
            self._answer = HandlerFailure(kind, reason)
            self._wake()

    async def _next_change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        self._changed.clear()
        await self._changed.wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()


class _Body:
    """See ``interfaces.http_handlers.ResponseBody``."""

    def __init__(self, content: OutgoingContent) -> None:
        self._content = content

    @property
    def trailers(self) -> Fields:
        return self._content.trailers

    def whole(self) -> bytes | None:
        return self._content.whole()

    async def read(self) -> bytes:
        return await self._content.take()

    def stop(self) -> None:
        self._content.stop()
