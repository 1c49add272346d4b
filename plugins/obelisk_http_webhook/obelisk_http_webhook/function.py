"""``[[webhook_function]]``: requests that start a function, and requests that ask how it went.

The execution is a top-level one and outlives the request: a client that is gone, a timeout, or a server that stops end the
wait for it and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import UNSET

from obelisk.core.events import ExecutionResult, TypedValue
from obelisk.errors import (
    ExecutionConflictError,
    ExecutionNotFoundError,
    FunctionNotFoundError,
    InvalidIdError,
    InvalidValueError,
    StorageError,
)
from obelisk.ids import ULID_RANDOM_BYTES, ExecutionId, new_execution_id, parse_execution_id
from obelisk.interfaces.executions import FinishedExecution
from obelisk.interfaces.triggers import TriggerHost
from obelisk.names import Ffqn
from obelisk_http_webhook.parameters import Parameters
from obelisk_http_webhook.permit import Permit
from obelisk_http_webhook.replies import (
    EXECUTION_ID,
    JSON,
    Headers,
    RefusedError,
    Reply,
    bad_request,
    not_found,
    unauthorized,
    unavailable,
)
from obelisk_http_webhook.request import Request
from obelisk_http_webhook.settings import WebhookFunctionSettings
from obelisk_http_webhook.signature import SignatureCheck
from obelisk_http_webhook.tracing import metadata_of, request_id_header

IDEMPOTENCY_KEY: Final = b"idempotency-key"
MAX_KEY_LENGTH: Final = 255
TIME_BYTES: Final = 6
"""A ULID's time has 48 bits."""


class FunctionService:
    """Starts the function. See the module's documentation."""

    def __init__(
        self, settings: WebhookFunctionSettings, host: TriggerHost, *, signature: SignatureCheck | None
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._host = host
        self._ffqn = Ffqn(settings.ffqn)
        self._parameters = Parameters(settings, host.calls)
        self._signature = signature

    async def serve(self, request: Request, permit: Permit) -> None:
        """Answer a request; see ``server.Service``."""
        request.extra = request_id_header(request)
        body = await request.read_body(self._settings.request_timeout.total_seconds())
        if self._signature is not None and not self._signature.fits(request, body):
            raise unauthorized()
        execution_id = await self._started(request, body)
        request.extra = (*request.extra, (EXECUTION_ID, execution_id.encode()))
        finished = await self._finished(request, execution_id) if self._settings.wait else None
        await request.reply(answer_of(self._settings, execution_id, finished))

    async def _started(self, request: Request, body: bytes) -> ExecutionId:
        key = _idempotency_key(request)
        wanted = None if key is None else derived_id(self._settings, key)
        try:
            params = self._parameters.of_request(request.params, request.query, body)
            submission = await self._host.executions.submit(
                self._ffqn, params, execution_id=wanted, metadata=metadata_of(request)
            )
        except InvalidValueError as error:
            raise _problem(HTTPStatus.BAD_REQUEST, str(error)) from None
        except ExecutionConflictError:
            text = "the Idempotency-Key was used with other parameters"
            raise _problem(HTTPStatus.CONFLICT, text, execution_id=wanted) from None
        except (FunctionNotFoundError, StorageError):
            raise unavailable("The function cannot be started now") from None
        return submission.execution_id

    async def _finished(self, request: Request, execution_id: ExecutionId) -> FinishedExecution | None:
        """Wait for the end; return ``None`` when that takes too long. Raises when the client is gone."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_task(self._host.executions.wait(execution_id))
        gone: asyncio.Future[None] = loop.create_future()
        request.watch(lambda: gone.set_result(None))
        try:
            seconds = self._settings.request_timeout.total_seconds()
            await asyncio.wait((waiting, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not waiting.done():
                raise ConnectionResetError("the client is gone")
            return waiting.result() if waiting.done() else None
        finally:
            request.watch(None)
            waiting.cancel()


class StatusService:
    """Tells how an execution of the function goes. Executions of others are not found.

    Who has to sign to start one has to sign to see it too: the id follows from the Idempotency-Key, which may be guessed.
    """

    def __init__(
        self, settings: WebhookFunctionSettings, host: TriggerHost, *, signature: SignatureCheck | None
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._host = host
        self._signature = signature

    async def serve(self, request: Request, permit: Permit) -> None:
        """Answer a request; see ``server.Service``."""
        request.extra = request_id_header(request)
        body = await request.read_body(self._settings.request_timeout.total_seconds())
        if self._signature is not None and not self._signature.fits(request, body):
            raise unauthorized()
        try:
            execution_id = parse_execution_id(request.params["execution_id"])
            state = await self._host.executions.get(execution_id)
            finished = await self._host.executions.finished(execution_id)
        except (InvalidIdError, ExecutionNotFoundError):
            raise not_found() from None
        if state.ffqn != self._settings.ffqn or state.parent is not None:
            raise not_found()
        request.extra = (*request.extra, (EXECUTION_ID, execution_id.encode()))
        await request.reply(answer_of(self._settings, execution_id, finished))


def answer_of(
    settings: WebhookFunctionSettings, execution_id: ExecutionId, finished: FinishedExecution | None
) -> Reply:
    """Return how an execution went: its value, its error, or where its status is told."""
    if finished is not None:
        return _result(settings, finished.result)
    url = settings.status_path.replace(":execution_id", execution_id)
    content = msgspec.json.encode({"execution_id": execution_id, "status_url": url})
    return Reply(HTTPStatus.ACCEPTED, content, (JSON, (b"location", url.encode()), (b"retry-after", b"1")))


def _result(settings: WebhookFunctionSettings, result: ExecutionResult) -> Reply:
    if result.execution_failure is not UNSET:
        # Why is the operator's to know; the execution's id leads there.
        return _json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "the execution failed"})
    if result.err is not UNSET:
        return _json(settings.err_status, _payload(result.err))
    return _json(HTTPStatus.OK, _payload(result.ok))


def _payload(payload: Any) -> Any:
    return payload.value if isinstance(payload, TypedValue) else None


def _json(status: int, value: Any, headers: Headers = ()) -> Reply:
    return Reply(status, msgspec.json.encode(value), (JSON, *headers))


def _problem(status: HTTPStatus, text: str, *, execution_id: ExecutionId | None = None) -> RefusedError:
    refused = RefusedError(status, text)
    headers: Headers = () if execution_id is None else ((EXECUTION_ID, execution_id.encode()),)
    refused.reply = _json(status, {"error": text}, headers)
    return refused


def _idempotency_key(request: Request) -> str | None:
    found = [value for name, value in request.fields if name == IDEMPOTENCY_KEY]
    if not found:
        return None
    key = request.field(IDEMPOTENCY_KEY)
    if not key or len(key) > MAX_KEY_LENGTH:
        raise bad_request(f"Idempotency-Key: expected one value of 1 to {MAX_KEY_LENGTH} characters")
    return key


def derived_id(settings: WebhookFunctionSettings, key: str) -> ExecutionId:
    """Return the execution id that stands for a key: equal for equal function entries, routes and keys."""
    digest = hashlib.sha256(msgspec.json.encode([settings.name, settings.route, key])).digest()
    time, rest = digest[:TIME_BYTES], digest[TIME_BYTES : TIME_BYTES + ULID_RANDOM_BYTES]
    return new_execution_id(int.from_bytes(time), rest)
