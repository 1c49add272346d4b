"""What scripts of the probe guest share, and how a test runs them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.wasi.probing import Probe, open_probe

ALLOWED = """
[[{table}]]
pattern = "*://{host}:*"
methods = "*"
"""
HELPERS = """
def build(authority, path="/", method=None, headers=(), scheme=None):
    request = http.OutgoingRequest(http.Fields.from_list(list(headers)))
    request.set_scheme(scheme or http.Scheme_Http())
    request.set_authority(authority)
    request.set_path_with_query(path)
    if method is not None:
        request.set_method(method)
    return request

def post(authority, headers=()):
    return build(authority, method=http.Method_Post(), headers=headers)

def send(request, options=None):
    return outgoing_handler.handle(request, options)

def wait(future):
    with future.subscribe() as pollable:
        pollable.block()
    return future.get()

def response_of(future):
    answer = wait(future).value
    if isinstance(answer, Err):
        raise answer
    return answer.value

def fetch(*args, options=None, **kwargs):
    return response_of(send(build(*args, **kwargs), options))

def drain(stream):
    content = b""
    while True:
        try:
            content += stream.blocking_read(65536)
        except Err as failure:
            if isinstance(failure.value, streams.StreamError_Closed):
                return content
            raise Err(http.http_error_code(failure.value.value)) from None

def content_of(response):
    body = response.consume()
    with body.stream() as stream:
        return drain(stream)

def options(**timeouts):
    made = http.RequestOptions()
    for name, milliseconds in timeouts.items():
        getattr(made, "set_" + name)(milliseconds * 1_000_000)
    return made

def write(stream, content):
    while content:
        with stream.subscribe() as pollable:
            pollable.block()
        size = stream.check_write()
        stream.write(content[:size])
        content = content[size:]

def refused(function, *args):
    try:
        function(*args)
    except Err as failure:
        return failure.value
    return "not refused"

def kinds(found):
    return type(found).__name__
"""


class HttpProbe:
    """Runs scripts with the helpers, and the names given, in scope."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe

    async def run(self, script: str, **names: Any) -> Any:
        """Return what a script leaves."""
        return await self.probe.run(script_of(script, **names))

    async def error(self, script: str, **names: Any) -> Any:
        """Return the value of the ``Err`` that a script raises."""
        text = await self.probe.error(script_of(script, **names))
        kind, _, value = text.partition(": ")
        assert kind == "Err", text
        return json.loads(value)

    async def trap(self, script: str, **names: Any) -> str:
        """Return why a run ended that did not return."""
        failure = await self.probe.failure(script_of(script, **names))
        return str(failure.reason)


def script_of(script: str, **names: Any) -> str:
    """Return a whole script."""
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    return HELPERS + given + script


def code(name: str, **payload: Any) -> dict[str, Any]:
    """Return an ``error-code`` as a script leaves it."""
    return {"case": f"ErrorCode_{name}", **payload}


@asynccontextmanager
async def open_http_probe(
    component: Path,
    directory: Path,
    *,
    host: str = "127.0.0.1",
    lock_expiry: str = "60s",
    tables: str = "",
) -> AsyncIterator[HttpProbe]:
    """Open an engine whose probe may send requests to any port of ``host``."""
    allowed = ALLOWED.format(table="activity_wasm.allowed_host", host=host)
    operator = ALLOWED.format(table="outbound_http.allowed_host", host=host)
    async with open_probe(
        component, directory, keys=allowed, tables=operator + tables, lock_expiry=lock_expiry
    ) as probe:
        yield HttpProbe(probe)
