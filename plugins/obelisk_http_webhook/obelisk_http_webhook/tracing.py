"""What a request carries into the executions that it starts: its trace (W3C Trace Context) and its ``x-request-id``."""

from __future__ import annotations

from typing import Final

from obelisk.core.trace_context import MAX_STATE_LENGTH, PARENT_KEY, STATE_KEY
from obelisk_http_webhook.replies import REQUEST_ID, Headers
from obelisk_http_webhook.request import Request

REQUEST_ID_KEY: Final = "http:x-request-id"


def metadata_of(request: Request) -> dict[str, str]:
    """Return the metadata of an execution that a request starts.

    It is kept with each execution of the trace. So what is longer than has to be passed on is left out.
    """
    found: dict[str, str] = {}
    parent, request_id = request.field(b"traceparent"), request.request_id
    if parent is not None and len(parent) <= MAX_STATE_LENGTH:
        found[PARENT_KEY] = parent
        # Several fields are one list (section 3.3.1).
        states = [value.decode("latin-1") for name, value in request.fields if name == b"tracestate"]
        state = ",".join(states)
        if state and len(state) <= MAX_STATE_LENGTH:
            found[STATE_KEY] = state
    if request_id is not None:
        found[REQUEST_ID_KEY] = request_id
    return found


def request_id_header(request: Request) -> Headers:
    """Return the header that gives the client its ``x-request-id`` back."""
    found = request.request_id
    return () if found is None else ((REQUEST_ID, found.encode()),)
