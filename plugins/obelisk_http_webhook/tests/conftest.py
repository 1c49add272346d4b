"""Real engines that serve, and clients that speak to them byte by byte. Modules of tests cannot import each other."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import h11
import pytest

from obelisk.config.load import config_from_text
from obelisk.core.events import Event
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import FinishedExecution
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine
from obelisk.testing.engine import environment_in

ROOT = Path(__file__).resolve().parents[3]
LISTENS = re.compile(r"HTTP server `([^`]+)` listens at \S+:(\d+)")
SECONDS = 20.0
ASK_AGAIN_SECONDS = 0.01
T = TypeVar("T")
MEMORY = 'storage.use = "memory"\n'
SERVER = '[[http_server]]\nname = "external"\nlistening_addr = "127.0.0.1:0"\n'


class Answer:
    """A response as it came."""

    def __init__(self, head: h11.Response, body: bytes, trailers: dict[str, str], *, is_whole: bool) -> None:
        self.status = head.status_code
        self.headers = {name.decode(): value.decode() for name, value in head.headers}
        self.body = body
        self.trailers = trailers
        self.is_whole = is_whole

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def execution_id(self) -> ExecutionId:
        return ExecutionId(self.headers["x-obelisk-execution-id"])


class Client:
    """A connection whose bytes the test chooses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""

    async def send(self, content: bytes | str) -> None:
        self._writer.write(content.encode("latin-1") if isinstance(content, str) else content)
        await self._writer.drain()

    async def answer(self, *, method: str = "GET") -> Answer:
        """Read one response."""
        async with asyncio.timeout(SECONDS):
            return await self._answer(method)

    async def _answer(self, method: str) -> Answer:
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=10_000_000)
        http.send(h11.Request(method=method, target="/", headers=[("host", "test")]))
        http.send(h11.EndOfMessage())
        if self._rest:
            http.receive_data(self._rest)
        head, body = None, bytearray()
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError:
                assert head is not None, "no response came"
                return Answer(head, bytes(body), {}, is_whole=False)
            if event is h11.NEED_DATA:
                try:
                    http.receive_data(await self._reader.read(65536))
                except ConnectionError:
                    http.receive_data(b"")
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._rest = http.trailing_data[0]
                assert head is not None
                trailers = {name.decode(): value.decode() for name, value in event.headers}
                return Answer(head, bytes(body), trailers, is_whole=True)
            elif isinstance(event, h11.ConnectionClosed):
                raise AssertionError("the connection ended without a response")

    async def read(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        async with asyncio.timeout(SECONDS):
            return await self._reader.readexactly(count)

    async def rest(self) -> bytes:
        """Read until the server ends the connection."""
        async with asyncio.timeout(SECONDS):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    def close(self) -> None:
        self._writer.close()


class Served:
    """An engine that serves."""

    def __init__(self, engine: Engine, ports: dict[str, int]) -> None:
        self.engine = engine
        self.ports = ports
        self._clients: list[Client] = []

    @property
    def port(self) -> int:
        return self.ports["external"]

    async def connect(self, server: str = "external", **how: Any) -> Client:
        """Connect a client that is closed with the test."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.ports[server], **how))
        self._clients.append(client)
        return client

    async def ask(
        self, target: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None,
        server: str = "external",
    ) -> Answer:  # fmt: skip
        """Send one request on a connection of its own."""
        fields = {"host": "test", **(headers or {})}
        if body is not None:
            fields["content-length"] = str(len(body))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        client = await self.connect(server)
        await client.send("\r\n".join(lines).encode() + (body or b""))
        answer = await client.answer(method=method)
        client.close()
        return answer

    async def finished(self, execution_id: ExecutionId) -> FinishedExecution:
        """Wait until an execution is there and has ended: that of a request may be written after its answer."""
        async with asyncio.timeout(SECONDS):
            await self.until(lambda: self._exists(execution_id))
            return await self.engine.executions.wait(execution_id)

    async def _exists(self, execution_id: ExecutionId) -> bool:
        try:
            await self.engine.executions.get(execution_id)
        except ExecutionNotFoundError:
            return False
        return True

    async def until(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again and again until there is something, and return it."""
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(SECONDS):
            while not (found := await ask()):
                await asyncio.wait((never,), timeout=ASK_AGAIN_SECONDS)
        return found

    async def events(self, execution_id: ExecutionId) -> list[Event]:
        found = await self.engine.executions.events(execution_id, from_version=0, limit=1000)
        return [each.event for each in found]

    async def executions(self) -> list[ExecutionId]:
        query = ExecutionQuery(self.engine.clock.now(), limit=1000)
        return [held.execution_id for held in await self.engine.executions.list(query)]

    def close(self) -> None:
        for client in self._clients:
            client.close()


OpenServed = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
async def serving(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[OpenServed]:
    """Open an engine that serves; ``toml`` are its tables after those of the storage and of a server at a free port."""
    caplog.set_level(logging.INFO, logger="obelisk.http_webhook")

    opened: list[Served] = []

    @asynccontextmanager
    async def open_served(
        toml: str, *, head: str = MEMORY, server: str = SERVER, **environ: str
    ) -> AsyncIterator[Served]:
        variables = environment_in(tmp_path, environ)
        plugins = Plugins.load(environ={})
        config = config_from_text(head + server + toml, plugins=plugins, base=ROOT, environ=variables)
        caplog.clear()
        async with Engine(config, environ=variables) as engine:
            ports = {found[1]: int(found[2]) for found in LISTENS.finditer(caplog.text)}
            served = Served(engine, ports)
            opened.append(served)
            yield served

    yield open_served
    for served in opened:
        served.close()


class Tables:
    """Tables of webhooks and of what they call."""

    hello = '[[webhook_endpoint_wasm]]\nname = "hello"\nlocation = "examples/wat/hello_webhook.wat"\n'

    def hook(self, *keys: str, name: str = "hook") -> str:
        """Return the table of the webhook whose path says what it does."""
        head = ["[[webhook_endpoint_wasm]]", f'name = "{name}"', 'location = "tests/guests/webhook.wat"']
        return "\n".join([*head, *keys, ""])

    def fibo(self) -> str:
        """Return the tables of the fibo activity and its workflows."""
        return (
            '[[activity_wasm]]\nname = "fibo"\nlocation = "examples/wat/fibo_activity.wat"\n'
            '[[workflow_wasm]]\nname = "fibo-workflow"\nlocation = "examples/wat/fibo_workflow.wat"\n'
        )

    def server(self, *keys: str, name: str = "external") -> str:
        """Return the table of a server at a free port."""
        return "\n".join(["[[http_server]]", f'name = "{name}"', 'listening_addr = "127.0.0.1:0"', *keys, ""])


@pytest.fixture
def tables() -> Tables:
    """What writes tables."""
    return Tables()
