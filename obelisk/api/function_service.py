"""``FunctionRepository``: the components of the current deployment."""

from __future__ import annotations

import grpc

from obelisk.api.convert.components import component_detail_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import function_argument, require
from obelisk.api.status import CallRefusedError
from obelisk.interfaces.components import Component
from obelisk.interfaces.executions import Components


class FunctionService:
    """The calls of ``FunctionRepository``; see ``calls`` for how they are served."""

    def __init__(self, components: Components) -> None:
        self._components = components

    async def list_components(self, request: pb.ListComponentsRequest) -> pb.ListComponentsResponse:
        """Answer with the components that the request does not filter out."""
        self._check_deployment(request)
        messages = [
            component_detail_message(
                component.id,
                exports=self._components.exports(component, extensions=request.extensions),
                imports=self._components.imports(component),
            )
            for component in self._components.list()
            if self._is_wanted(component, request)
        ]
        return pb.ListComponentsResponse(components=messages)

    async def get_wit(self, request: pb.GetWitRequest) -> pb.GetWitResponse:
        """Answer with the WIT text of a component."""
        require(request, "component_digest")
        self._check_deployment(request)
        digest = request.component_digest.digest
        for component in self._components.list():
            if component.id.component_digest == digest:
                return pb.GetWitResponse(content=self._components.wit(component))
        raise CallRefusedError(grpc.StatusCode.NOT_FOUND, f"no component of the deployment has the digest `{digest}`")

    def _check_deployment(self, request: pb.ListComponentsRequest | pb.GetWitRequest) -> None:
        asked, current = request.deployment_id.id, self._components.deployment_id
        if request.HasField("deployment_id") and asked != current:
            raise CallRefusedError(
                grpc.StatusCode.NOT_FOUND, f"deployment `{asked}` is not known, expected the current `{current}`"
            )

    def _is_wanted(self, component: Component, request: pb.ListComponentsRequest) -> bool:
        digest = component.id.component_digest
        if request.HasField("component_digest") and digest != request.component_digest.digest:
            return False
        if not request.HasField("function_name"):
            return True
        name = function_argument(request.function_name)
        return any(detail.ffqn == name for detail in self._components.exports(component, extensions=True))
