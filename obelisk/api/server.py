"""The gRPC server."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from obelisk.api.calls import Calls
from obelisk.api.execution_service import ExecutionService
from obelisk.api.function_service import FunctionService
from obelisk.api.health import DESCRIPTOR as HEALTH
from obelisk.api.health import HealthService
from obelisk.api.pb.obelisk_pb2 import DESCRIPTOR
from obelisk.api.reflection import add_reflection
from obelisk.clock import Clock
from obelisk.errors import ServerError
from obelisk.interfaces.executions import Components, Executions

MAX_REQUEST_BYTES = 16 * 1024 * 1024
KEEPALIVE_ALLOWED_MS = 10_000
MAX_PENDING_CALLS = 100_000
LOGGER = "obelisk.api"

_Place = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

_OPTIONS = (
    # Without this two servers would share a port instead of the second being told that it is in use.
    ("grpc.so_reuseport", 0),
    # By default a thousand calls that wait to be accepted are enough for the next to be reset without a word.
    ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_CALLS),
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_ALLOWED_MS),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", KEEPALIVE_ALLOWED_MS),
    ("grpc.keepalive_permit_without_calls", 1),
)


class ApiServer:
    """A server that listens at ``address``, ``HOST:PORT`` with the port that it really has."""

    def __init__(self, server: grpc.aio.Server, calls: Calls, *, address: str) -> None:
        self.address = address
        self._server = server
        self._calls = calls

    async def stop(self, grace: float) -> None:
        """Stop: streams end with ABORTED, new calls are UNAVAILABLE, open calls get ``grace`` seconds. Idempotent."""
        self._calls.stop()
        await self._server.stop(grace)


@asynccontextmanager
async def serve(
    executions: Executions,
    components: Components,
    *,
    address: str,
    clock: Clock,
    grace: float = 5.0,
    log: logging.Logger | None = None,
) -> AsyncIterator[ApiServer]:
    """Serve the API at ``address`` (``HOST:PORT``, port 0 takes a free one) until the end of the ``async with``.

    It listens when the body begins; leaving stops it with ``grace``. Raises ``ServerError`` naming the address when it
    cannot listen.
    """
    server = grpc.aio.server(options=_OPTIONS)
    calls = Calls(log=log or logging.getLogger(LOGGER))
    _add_services(server, calls, ExecutionService(executions, clock=clock), FunctionService(components))
    api = ApiServer(server, calls, address=_listen(server, address))
    await server.start()
    try:
        yield api
    finally:
        await api.stop(grace)


def _add_services(
    server: grpc.aio.Server, calls: Calls, executions: ExecutionService, functions: FunctionService
) -> None:
    ours = DESCRIPTOR.services_by_name
    names = [ours[name].full_name for name in ours]
    served: list[tuple[ServiceDescriptor, object]] = [
        (ours["ExecutionRepository"], executions),
        (ours["FunctionRepository"], functions),
        (ours["DeploymentRepository"], None),
        (HEALTH, HealthService(names)),
    ]
    server.add_generic_rpc_handlers([calls.handlers(descriptor, service) for descriptor, service in served])
    add_reflection(server, [*names, HEALTH.full_name])


def check_address(address: str) -> None:
    """Raise ``ServerError`` when nobody could listen at ``address`` now."""
    _check_is_free(*_split(address), address)


def _listen(server: grpc.aio.Server, address: str) -> str:
    host, port = _split(address)
    _check_is_free(host, port, address)
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError as error:
        raise ServerError(f"cannot listen at `{address}`: {error}") from error
    return f"{host}:{bound}"


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 2**16):
        raise ServerError(f"cannot listen at `{address}`: expected `HOST:PORT` with a port from 0 to 65535")
    return host, int(port)


def _check_is_free(host: str, port: int, address: str) -> None:
    """Bind for a moment: the system says why that fails, gRPC would only say that it does."""
    try:
        places = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ServerError(f"cannot listen at `{address}`: {error.strerror or error}") from error
    errors = [found for place in places if (found := _bind_error(place)) is not None]
    # A name may stand for an address of a family that the machine does not have; one that can be bound is enough.
    if len(errors) == len(places) or any(found.errno == errno.EADDRINUSE for found in errors):
        raise ServerError(f"cannot listen at `{address}`: {errors[0].strerror or errors[0]}") from errors[0]


def _bind_error(place: _Place) -> OSError | None:
    family, kind, protocol, _, name = place
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(name)
    except OSError as error:
        return error
    return None
