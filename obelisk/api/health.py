"""The health service that load balancers and orchestrators ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2

from obelisk.api.status import CallRefusedError

DESCRIPTOR: ServiceDescriptor = health_pb2.DESCRIPTOR.services_by_name["Health"]
WHOLE_SERVER = ""

_Response = health_pb2.HealthCheckResponse


class HealthService:
    """The calls of ``Health``: everything is served as long as anything is; see ``calls`` for how a server stops."""

    def __init__(self, services: Iterable[str]) -> None:
        self._services = frozenset((WHOLE_SERVER, *services))

    async def check(self, request: health_pb2.HealthCheckRequest) -> health_pb2.HealthCheckResponse:
        """Answer that a service is served."""
        if request.service not in self._services:
            raise CallRefusedError(grpc.StatusCode.NOT_FOUND, f"service `{request.service}` is not served here")
        return _Response(status=_Response.SERVING)

    async def watch(self, request: health_pb2.HealthCheckRequest) -> AsyncGenerator[health_pb2.HealthCheckResponse]:
        """Send that a service is served, or not known. Nothing changes until the server stops."""
        known = request.service in self._services
        yield _Response(status=_Response.SERVING if known else _Response.SERVICE_UNKNOWN)
        await asyncio.Event().wait()
