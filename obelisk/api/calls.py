"""How services are served: what every call has in common, whichever service it belongs to.

A service is a plain object with a coroutine or an async generator per call, ``get_status`` for ``GetStatus``: it takes
the request and returns, or yields, answers. It raises errors and does not see gRPC's contexts; one that has a second
parameter gets the ``Caller``. A call that it lacks is UNIMPLEMENTED.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from obelisk.api.caller import caller_of
from obelisk.api.status import CallRefusedError, status_of
from obelisk.names import snake_case

SHUTTING_DOWN = "server is shutting down"

T = TypeVar("T")

_Context = grpc.aio.ServicerContext[Any, Any]
_Unary = Callable[[Any, _Context], Awaitable[Message]]
_Streaming = Callable[[Any, _Context], AsyncGenerator[Message]]
_Reader = Callable[[bytes], Message]


class Calls:
    """Serves calls until ``stop``; after that new calls are UNAVAILABLE and open streams end with ABORTED."""

    def __init__(self, *, log: logging.Logger) -> None:
        self._log = log
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Refuse new calls and end open streams; calls that are being answered go on."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    def handlers(self, descriptor: ServiceDescriptor, service: object) -> grpc.GenericRpcHandler[Any, Any]:
        """Return what a gRPC server needs to serve ``service`` as ``descriptor``."""
        handlers = {method.name: self._handler(method, service) for method in descriptor.methods}
        return grpc.method_handlers_generic_handler(descriptor.full_name, handlers)

    def _handler(self, method: MethodDescriptor, service: object) -> grpc.RpcMethodHandler[Any, Any]:
        name = f"{method.containing_service.name}.{method.name}"
        call = getattr(service, snake_case(method.name), None) or _unimplemented(name, streams=method.server_streaming)
        kind = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
        told, read = _telling_who_calls(call), reader_of(GetMessageClass(method.input_type))
        serve = self._streaming(name, told, read) if method.server_streaming else self._unary(name, told, read)
        return kind(serve, response_serializer=GetMessageClass(method.output_type).SerializeToString)

    def _unary(self, name: str, call: _Unary, read: _Reader) -> Callable[..., Any]:
        async def serve(request: bytes, context: _Context) -> Message:
            try:
                self._refuse_when_stopping()
                return await call(read(request), context)
            except Exception as error:  # noqa: BLE001 - every error becomes a status
                await self._abort(name, context, error)

        return serve

    def _streaming(self, name: str, call: _Streaming, read: _Reader) -> Callable[..., Any]:
        async def serve(request: bytes, context: _Context) -> AsyncIterator[Message]:
            try:
                self._refuse_when_stopping()
                async for answer in self._until_stopping(call(read(request), context)):
                    yield answer
            except Exception as error:  # noqa: BLE001 - every error becomes a status
                await self._abort(name, context, error)

        return serve

    async def until_stopping(self, work: Awaitable[T]) -> T:
        """Return what ``work`` returns; cancel it and raise ``CallRefusedError`` when the server stops first."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(_look_at)  # it may fail while it is stopped, and nobody asks for its result then
        try:
            await asyncio.wait((task, self._stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped = not task.done()
            if stopped:
                task.cancel()
                await asyncio.wait((task,))
        if stopped:
            raise CallRefusedError(grpc.StatusCode.ABORTED, SHUTTING_DOWN)
        return task.result()

    async def _until_stopping(self, answers: AsyncGenerator[Message]) -> AsyncIterator[Message]:
        try:
            while (answer := await self.until_stopping(_next(answers))) is not None:
                yield answer
        finally:
            await answers.aclose()

    def _refuse_when_stopping(self) -> None:
        if self._stopping.done():
            raise CallRefusedError(grpc.StatusCode.UNAVAILABLE, SHUTTING_DOWN)

    async def _abort(self, name: str, context: _Context, error: Exception) -> NoReturn:
        status = status_of(error, call=name, log=self._log)
        await context.abort(status.code, status.details)


def reader_of(kind: type[Message]) -> Callable[[bytes], Message]:
    """Return what reads requests of a kind, and raises ``CallRefusedError`` for bytes that are none.

    A deserializer of gRPC's own calls must not raise: that is logged with a traceback, and told to nobody.
    """

    def read(request: bytes) -> Message:
        try:
            return kind.FromString(request)
        except DecodeError as error:
            message = f"the request is not a `{kind.DESCRIPTOR.full_name}`"
            raise CallRefusedError(grpc.StatusCode.INVALID_ARGUMENT, message) from error

    return read


def _look_at(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


async def _next(answers: AsyncGenerator[Message]) -> Message | None:
    return await anext(answers, None)


def _telling_who_calls(call: Callable[..., Any]) -> Callable[[Any, _Context], Any]:
    """Return ``call`` as one that gets gRPC's context; whether it wants the caller is asked here, once."""
    if len(inspect.signature(call).parameters) > 1:
        return lambda request, context: call(request, caller_of(context))
    return lambda request, _: call(request)


def _unimplemented(name: str, *, streams: bool) -> Callable[[Any], Any]:
    def refused() -> CallRefusedError:
        return CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, f"`{name}` is not implemented by this server")

    async def answer(request: Any) -> Message:
        raise refused()

    async def stream(request: Any) -> AsyncGenerator[Message]:
        raise refused()
        yield  # makes it a generator

    return stream if streams else answer
