"""``[[webhook_endpoint_wasm]]``: requests that a component answers.

Theory of operation
    A request is an execution: a *session* is opened for it, and an *exchange* with a fresh instance. The request's body is
    handed over as it comes, by a task of its own unless all of it is here already; the response goes out as it is written.
    Three things end the exchange early: the client is gone, the time is over, and a body that is too large or malformed.
    The instance then ends, what it started runs on, and the session ends as a failure.

    The instance may go on after its response; so the end of the session is written in the background when there is
    something to write. The request's permit is held until then.
"""

from __future__ import annotations

import asyncio
import logging
import math
from enum import Enum
from typing import Final

import h11

from obelisk.core.events import ComponentId, ExecutionResult, FailureKind, failed
from obelisk.core.trace_context import TraceContext, trace_of
from obelisk.errors import ExecutionStateError, GuestError, ObeliskError
from obelisk.interfaces.components import Crashed, Outcome
from obelisk.interfaces.http_handlers import (
    FailureOf,
    HandlerFailure,
    HandlerRequest,
    HandlerResponse,
    HttpExchange,
    HttpHandler,
    RequestContext,
)
from obelisk.interfaces.sessions import Persistence, Session, SessionOpening
from obelisk.interfaces.triggers import TriggerHost
from obelisk.names import Ffqn
from obelisk_http_webhook.background import Background
from obelisk_http_webhook.permit import Permit
from obelisk_http_webhook.replies import (
    EXECUTION_ID,
    NO_INSTANCE,
    STOPPING,
    RefusedError,
    timed_out,
    unauthorized,
    unavailable,
)
from obelisk_http_webhook.replies import (
    failed as failed_reply,
)
from obelisk_http_webhook.request import Request
from obelisk_http_webhook.settings import WebhookEndpointSettings
from obelisk_http_webhook.signature import SignatureCheck
from obelisk_http_webhook.tracing import metadata_of, request_id_header

FINAL_STATUS: Final = range(200, 1000)
"""What h11 takes as the status of a final response; those below are informational (RFC 9110, section 15.2)."""
FIRST_BYTES: Final = 64 * 1024
"""How much of a body is looked for before the instance starts."""
DONE: Final = ExecutionResult(ok=None)
_log = logging.getLogger("obelisk.http_webhook")


class EndedBy(Enum):
    """What ended an exchange before the component did."""

    CLIENT = "the client is gone"
    TIMEOUT = "the request took longer than `request_timeout`"
    BODY = "the body of the request was refused"
    ANSWER = "its response could not be sent"
    STOP = "the server stopped"


class Endpoint:
    """One endpoint of the configuration."""

    def __init__(
        self, settings: WebhookEndpointSettings, handler: HttpHandler, host: TriggerHost, *, background: Background,
        signature: SignatureCheck | None, scheme: str,
    ) -> None:  # fmt: skip
        self.name = settings.name
        self._settings = settings
        self._handler = handler
        self._host = host
        self._background = background
        self._signature = signature
        self._scheme = scheme
        self._component: ComponentId = handler.component.id
        self._function = Ffqn(handler.function)
        limiter = settings.exec.instance_limiter
        self._free = math.inf if limiter == "unlimited" else limiter

    async def serve(self, request: Request, permit: Permit) -> None:
        """Answer a request; see ``server.Service``."""
        request.extra = request_id_header(request)
        request.check_announced()
        body: bytes | None = None
        if self._signature is not None:
            body = await request.read_body(self.timeout)
            if not self._signature.fits(request, body):
                raise unauthorized()
        if self._free < 1:
            raise unavailable(NO_INSTANCE)
        first = request.parts_here(FIRST_BYTES) if body is None else [body]
        metadata = metadata_of(request)
        session = self._session(request, metadata)
        self._free -= 1
        request.extra = (*request.extra, (EXECUTION_ID, session.execution_id.encode()))
        trace = trace_of(session.execution_id, metadata) if metadata else None
        await _Served(self, request, session, permit, trace=trace).run(first, is_whole=body is not None)

    def _session(self, request: Request, metadata: dict[str, str]) -> Session:
        settings = self._settings
        opening = SessionOpening(
            component=self._component,
            ffqn=self._function,
            params=[request.method, request.target],
            metadata=metadata,
            persist=settings.persist,
            forward_stdout=settings.forward_stdout,
            forward_stderr=settings.forward_stderr,
            logs_store_min_level=settings.logs_store_min_level,
        )
        try:
            return self._host.sessions.open(opening)
        except ExecutionStateError:
            raise unavailable(STOPPING) from None

    def start(self, request: Request, session: Session, trace: TraceContext | None) -> HttpExchange:
        """Start an instance."""
        head = HandlerRequest(
            method=request.method,
            target=request.target,
            scheme=self._scheme,
            authority=request.field(b"host"),
            fields=tuple((name.decode(), value) for name, value in request.fields),
        )
        context = RequestContext(session, self._host.executions, request.params, trace)
        return self._handler.start(head, context)

    @property
    def timeout(self) -> float:
        """Seconds that a request may last."""
        return self._settings.request_timeout.total_seconds()

    @property
    def persists(self) -> bool:
        """Whether every request is kept."""
        return self._settings.persist is Persistence.ALWAYS

    def give_back(self) -> None:
        """Take note that an instance is gone."""
        self._free += 1

    def spawn(self, work: _Served) -> None:
        """Let a request that was answered come to its end."""
        self._background.spawn(work.settle())


class _Served:
    """One request that an instance answers. See the module's theory of operation."""

    def __init__(
        self, endpoint: Endpoint, request: Request, session: Session, permit: Permit, *, trace: TraceContext | None
    ) -> None:
        self._endpoint = endpoint
        self._request = request
        self._session = session
        self._permit = permit
        self._trace = trace
        self._exchange: HttpExchange
        self._ended_by: EndedBy | None = None
        self._refused: RefusedError | None = None
        self._pump: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, first: list[bytes], *, is_whole: bool) -> None:
        self._request.invite_body()
        self._exchange = self._endpoint.start(self._request, self._session, self._trace)
        if self._exchange.outcome is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._endpoint.timeout, self._end, EndedBy.TIMEOUT)
            self._request.watch(lambda: self._end(EndedBy.CLIENT))
        self._hand_over(first, is_whole=is_whole)
        try:
            await self._answer(await self._exchange.answer())
        except asyncio.CancelledError:
            self._end(EndedBy.STOP)
            raise
        except BaseException:
            self._end(EndedBy.ANSWER)
            raise
        finally:
            self._request.watch(None)
            self._stop_pump()
            await self._finish()

    # --- the body of the request ----------------------------------------------------------------------------------------

    def _hand_over(self, first: list[bytes], *, is_whole: bool) -> None:
        if not first and not is_whole and self._request.next_part() == b"":
            self._finish_body()
        elif self._exchange.outcome is None:
            self._pump = asyncio.get_running_loop().create_task(self._pump_body(first))

    async def _pump_body(self, first: list[bytes]) -> None:
        try:
            for part in first:
                await self._exchange.feed(part)
            while (more := self._request.next_part()) != b"":
                if more is None:
                    await self._request.receive()
                else:
                    await self._exchange.feed(more)
        except RefusedError as refused:
            self._refused = refused
            self._end(EndedBy.BODY)
            return
        self._finish_body()

    def _finish_body(self) -> None:
        self._exchange.finish_body(tuple((name.decode(), value) for name, value in self._request.trailers))

    def _stop_pump(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            self._exchange.break_body("the request was answered before its body was read")

    # --- the answer -------------------------------------------------------------------------------------------------------

    async def _answer(self, answer: HandlerResponse | HandlerFailure) -> None:
        if isinstance(answer, HandlerFailure):
            raise self._refusal(answer)
        if answer.status not in FINAL_STATUS:
            raise self._bad_answer(f"the status {answer.status}, expected one from 200 to 999")
        fields = [(name.encode(), value.strip()) for name, value in answer.fields]
        try:
            whole = answer.body.whole()
            if whole is not None:
                await self._request.send_whole(answer.status, fields, whole)
                return
            self._request.begin(answer.status, fields)
        except h11.LocalProtocolError as error:
            if self._request.has_begun:
                raise
            raise self._bad_answer(str(error)) from None
        await self._stream(answer)

    async def _stream(self, answer: HandlerResponse) -> None:
        try:
            while part := await answer.body.read():
                await self._request.send(part)
        except GuestError as error:
            self._tell(f"its response was broken off: {self._reason(str(error))}")
            self._request.break_off()
            return
        await self._request.end((name.encode(), value.strip()) for name, value in answer.body.trailers)

    def _refusal(self, failure: HandlerFailure) -> Exception:
        """Return what a request without a response is answered with; why is for the log only."""
        if self._ended_by is EndedBy.CLIENT:
            return ConnectionResetError(EndedBy.CLIENT.value)
        if self._ended_by is EndedBy.BODY and self._refused is not None:
            return self._refused
        self._tell(self._reason(failure.reason))
        if self._ended_by is EndedBy.TIMEOUT:
            return timed_out()
        return unavailable(NO_INSTANCE) if failure.kind is FailureOf.START else failed_reply()

    def _bad_answer(self, found: str) -> RefusedError:
        self._tell(f"it answered with {found}")
        return failed_reply()

    # --- the end --------------------------------------------------------------------------------------------------------

    def _end(self, by: EndedBy) -> None:
        if self._ended_by is None and self._exchange.outcome is None:
            self._ended_by = by
            self._exchange.close(by.value)

    async def _finish(self) -> None:
        """End the session, at once when nothing has to be waited for."""
        if self._exchange.outcome is None or self._session.has_effects or self._endpoint.persists:
            self._permit.keep()
            self._endpoint.spawn(self)
        else:
            await self.settle()

    async def settle(self) -> None:
        """Let the instance come to its end, and end the session."""
        try:
            outcome = await self._exchange.ended()
            traces = outcome.http_client_traces
            await self._session.finish(self._result(outcome), http_client_traces=traces)
        except ObeliskError as error:
            self._tell(f"its end cannot be written: {error}")
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._exchange.close(EndedBy.STOP.value)
            self._endpoint.give_back()
            self._permit.release()

    def _result(self, outcome: Outcome) -> ExecutionResult:
        if self._ended_by is not None:
            kind = FailureKind.TIMED_OUT if self._ended_by is EndedBy.TIMEOUT else FailureKind.UNCATEGORIZED
            return failed(kind, self._ended_by.value)
        return failed(outcome.kind, outcome.reason) if isinstance(outcome, Crashed) else DONE

    def _reason(self, reason: str) -> str:
        return reason if self._ended_by is None else self._ended_by.value

    def _tell(self, text: str) -> None:
        _log.warning("webhook `%s`, execution `%s`: %s", self._endpoint.name, self._session.execution_id, text)
