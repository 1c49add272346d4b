"""Who calls, as far as a service may know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from msgspec import Struct

from obelisk.core.trace_context import outer_metadata


class Caller(Struct, frozen=True):
    """What came along with a request.

    ``metadata`` are gRPC's texts by their names, which are in small letters; several of one name are a list with commas
    between them. Those that are bytes are left out.
    """

    metadata: Mapping[str, str] = {}

    @property
    def trace_metadata(self) -> dict[str, str]:
        """What makes an execution part of the caller's trace (W3C Trace Context); empty when it has none."""
        return outer_metadata(self.metadata.get("traceparent", ""), self.metadata.get("tracestate", ""))


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> Caller:
    """Return who makes the call that gRPC describes."""
    found: dict[str, str] = {}
    for name, value in context.invocation_metadata() or ():
        if isinstance(value, str):
            found[name] = f"{found[name]},{value}" if name in found else value
    return Caller(found)
