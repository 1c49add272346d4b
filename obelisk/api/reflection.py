"""Server reflection: clients ask the server for its messages instead of having the proto.

It is served under its current name and under the older one that many clients still use; the messages are the same on
the wire. What answers is imported when the first client asks: few do, and a start does not wait for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import grpc

from obelisk.api.status import CallRefusedError

if TYPE_CHECKING:
    from obelisk.api.descriptions import Descriptions

OLD_NAME = "grpc.reflection.v1alpha.ServerReflection"
NAME = "grpc.reflection.v1.ServerReflection"


def add_reflection(server: grpc.aio.Server, services: Iterable[str]) -> None:
    """Let ``server`` tell clients about ``services`` and about reflection itself."""
    names = (*services, OLD_NAME, NAME)

    @cache
    def descriptions() -> Descriptions:
        from obelisk.api.descriptions import Descriptions

        return Descriptions(names)

    async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            try:
                answers = descriptions().answers(request, context)
            except CallRefusedError as error:
                await context.abort(error.code, str(error))
            for each in answers:
                yield each

    handler = grpc.stream_stream_rpc_method_handler(answer)
    for name in (OLD_NAME, NAME):
        served = grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler})
        server.add_generic_rpc_handlers((served,))
