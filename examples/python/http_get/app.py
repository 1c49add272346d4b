"""An activity that gets a page. `poll_loop` comes with componentize-py: an event loop of asyncio on `wasi:io/poll`."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

import poll_loop
from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.http_get import Response
from wit_world.imports.types import (
    Fields,
    OutgoingRequest,
    Scheme,
    Scheme_Http,
    Scheme_Https,
    Scheme_Other,
)

SCHEMES = {"http": Scheme_Http(), "https": Scheme_Https()}


class HttpGet(exports.HttpGet):
    """The exported interface `example:http-get/http-get`."""

    def get(self, url: str) -> str:
        """Return the body, raise `Err` for a status that is no success."""
        response = run(fetched(url))
        if not 200 <= response.status < 300:
            raise Err(f"{url} answered with status {response.status}")
        return response.body

    def get_response(self, url: str) -> Response:
        """Return status and body."""
        return run(fetched(url))


def run(coroutine: Coroutine[Any, Any, Response]) -> Response:
    """Run a coroutine on the event loop of componentize-py; what WASI refuses becomes an err of this activity."""
    loop = poll_loop.PollLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(coroutine)
    except Err as refused:
        raise Err(f"there is no answer: {type(refused.value).__name__}") from None


async def fetched(url: str) -> Response:
    """Send the request and read the whole body."""
    response = await poll_loop.send(request_of(url))
    body = poll_loop.Stream(response.consume())
    content = b""
    while (part := await body.next()) is not None:
        content += part
    return Response(response.status(), content.decode(errors="replace"))


def request_of(url: str) -> OutgoingRequest:
    """Return a GET of a URL."""
    parts = urlsplit(url)
    request = OutgoingRequest(Fields.from_list([("accept", b"*/*")]))
    request.set_scheme(scheme_of(parts.scheme))
    request.set_authority(parts.netloc)
    request.set_path_with_query((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return request


def scheme_of(name: str) -> Scheme:
    """Return a scheme as WASI has it."""
    return SCHEMES.get(name) or Scheme_Other(name)
