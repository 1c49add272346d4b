"""The gRPC server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from obelisk.api.address import check_address, split_address
from obelisk.api.authentication import Authentication, headers_kept_out_of_logs
from obelisk.api.calls import Calls
from obelisk.api.deletion_service import DeletionService
from obelisk.api.execution_service import ExecutionService
from obelisk.api.function_service import FunctionService
from obelisk.api.health import DESCRIPTOR as HEALTH
from obelisk.api.health import HealthService
from obelisk.api.operations_service import OperationsService
from obelisk.api.pb.obelisk_admin_pb2 import DESCRIPTOR as ADMIN
from obelisk.api.pb.obelisk_pb2 import DESCRIPTOR
from obelisk.api.protection import Protection
from obelisk.api.reflection import add_reflection
from obelisk.clock import Clock
from obelisk.errors import ServerError
from obelisk.interfaces.executions import Components, Executions
from obelisk.runtime.server_log.logs import ServerLogs

KEEPALIVE_ALLOWED_MS = 10_000
MAX_PENDING_CALLS = 100_000
LOGGER = "obelisk.api"
UNPROTECTED = Protection()


_Served = tuple[ServiceDescriptor, object]

_OPTIONS = (
    # Without this two servers would share a port instead of the second being told that it is in use.
    ("grpc.so_reuseport", 0),
    # By default a thousand calls that wait to be accepted are enough for the next to be reset without a word.
    ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_CALLS),
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
    logs: ServerLogs | None = None,
    protection: Protection = UNPROTECTED,
) -> AsyncIterator[ApiServer]:
    """Serve the API at ``address`` (``HOST:PORT``, port 0 takes a free one) until the end of the ``async with``.

    It listens when the body begins; leaving stops it with ``grace``. Clients may change ``logs``. Raises ``ServerError``
    naming the address when it cannot listen.
    """
    server = _server(protection)
    calls = Calls(log=log or logging.getLogger(LOGGER))
    ours, admin = DESCRIPTOR.services_by_name, ADMIN.services_by_name
    services: list[_Served] = [
        (ours["ExecutionRepository"], ExecutionService(executions, clock=clock)),
        (ours["FunctionRepository"], FunctionService(components)),
        (ours["DeploymentRepository"], None),
        (admin["Executions"], DeletionService(executions)),
        (admin["Operations"], OperationsService(logs or ServerLogs(), executions, clock=clock)),
    ]
    _add_services(server, calls, services)
    api = ApiServer(server, calls, address=_listen(server, address, protection.credentials))
    with headers_kept_out_of_logs():
        await server.start()
        try:
            yield api
        finally:
            await api.stop(grace)


def _server(protection: Protection) -> grpc.aio.Server:
    limit = ("grpc.max_receive_message_length", protection.max_request_size)
    interceptors = () if protection.tokens is None else (Authentication(protection.tokens),)
    return grpc.aio.server(options=(*_OPTIONS, limit), interceptors=interceptors)


def _add_services(server: grpc.aio.Server, calls: Calls, services: list[_Served]) -> None:
    names = [descriptor.full_name for descriptor, _ in services]
    served = [*services, (HEALTH, HealthService(names))]
    server.add_generic_rpc_handlers([calls.handlers(descriptor, service) for descriptor, service in served])
    add_reflection(server, [*names, HEALTH.full_name])


def _listen(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None) -> str:
    host, _ = split_address(address)
    check_address(address)
    try:
        bound = (
            server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
        )
    except RuntimeError as error:
        raise ServerError(f"cannot listen at `{address}`: {error}") from error
    return f"{host}:{bound}"
