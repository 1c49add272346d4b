"""The operator port over real sockets: what it answers, and what it makes of clients that misbehave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime

import httpx
import pytest

from obelisk.api import operator, operator_answers, operator_connection
from obelisk.api.operator import MAX_CONNECTIONS, OperatorPort, serve_operator
from obelisk.errors import ServerError
from obelisk.interfaces.signals import Metric, MetricKind, MetricsSnapshot, NumberPoint
from obelisk.testing.clock import ManualClock
from tests.runtime.scripting import reaches

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANY = "127.0.0.1:0"


class Server:
    """What the port tells of."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.steps: float = 0
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def metrics(self) -> MetricsSnapshot:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        points = (NumberPoint(self.steps),)
        return MetricsSnapshot(NOW, NOW, (Metric("obelisk.steps", "Steps.", "{step}", MetricKind.COUNTER, points),))


class Raw:
    """A client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def head(self) -> str:
        """Return the head of an answer."""
        return (await self._reader.readuntil(b"\r\n\r\n")).decode()

    async def rest(self) -> str:
        """Return what comes until the port ends the connection."""
        try:
            return (await self._reader.read()).decode()
        except ConnectionResetError:
            return ""

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            pass


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def port(server: Server) -> AsyncIterator[OperatorPort]:
    async with serve_operator(
        server.metrics, address=ANY, clock=ManualClock(), is_stopping=lambda: server.is_stopping
    ) as port:
        yield port


@pytest.fixture
async def client(port: OperatorPort) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{port.address}") as client:
        yield client


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def connected(port: OperatorPort, stack: AsyncExitStack) -> Raw:
    host, number = port.address.split(":")
    raw = Raw(*await asyncio.open_connection(host, int(number)))
    stack.push_async_callback(raw.close)
    return raw


async def test_health_is_ok_before_the_server_is_ready(client: httpx.AsyncClient):
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_readiness_follows_the_server(client: httpx.AsyncClient, port: OperatorPort, server: Server):
    starting = await client.get("/readyz")
    port.ready()
    ready = await client.get("/readyz")
    server.is_stopping = True
    stopping = await client.get("/readyz")
    assert [(answer.status_code, answer.text) for answer in (starting, ready, stopping)] == [
        (503, "not ready: the server is starting\n"),
        (200, "ready\n"),
        (503, "not ready: the server is stopping\n"),
    ]


async def test_metrics_are_told_in_the_text_format(client: httpx.AsyncClient, server: Server):
    server.steps = 3
    answer = await client.get("/metrics?name=all")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert (
        answer.text == "# HELP obelisk_steps_total Steps.\n# TYPE obelisk_steps_total counter\nobelisk_steps_total 3\n"
    )


async def test_scraping_often_measures_once(client: httpx.AsyncClient, server: Server):
    server.gate.clear()
    scrapes = [asyncio.ensure_future(client.get("/metrics")) for _ in range(20)]
    await reaches(lambda: server.asked)
    server.gate.set()
    texts = {(await scrape).text for scrape in scrapes}
    await client.get("/metrics")
    assert (len(texts), server.asked) == (1, 1)


async def test_metrics_are_measured_again_when_they_are_old(
    client: httpx.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator_answers, "KEPT_SECONDS", 0)
    await client.get("/metrics")
    server.steps = 7
    assert (await client.get("/metrics")).text.endswith("obelisk_steps_total 7\n")


async def test_metrics_that_fail_are_an_error_and_the_port_goes_on(
    client: httpx.AsyncClient, server: Server, caplog: pytest.LogCaptureFixture
):
    server.error = RuntimeError("mistake")
    assert (await client.get("/metrics")).status_code == 500
    assert "the metrics cannot be told" in caplog.text
    assert (await client.get("/healthz")).status_code == 200


async def test_health_is_told_while_metrics_are_waited_for(client: httpx.AsyncClient, server: Server):
    server.gate.clear()
    scrape = asyncio.ensure_future(client.get("/metrics"))
    assert (await client.get("/healthz")).status_code == 200
    server.gate.set()
    assert (await scrape).status_code == 200


async def test_head_has_the_headers_only(client: httpx.AsyncClient):
    answers = [await client.head(path) for path in ("/healthz", "/metrics")]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "")] * 2
    assert answers[0].headers["content-length"] == "3"


async def test_other_paths_are_not_found_and_are_told_which_there_are(client: httpx.AsyncClient):
    answer = await client.get("/")
    assert (answer.status_code, answer.text) == (404, "there are /metrics, /healthz and /readyz\n")


async def test_other_methods_are_not_allowed(client: httpx.AsyncClient):
    answer = await client.delete("/metrics")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_connection_is_kept_for_the_next_request(port: OperatorPort, stack: AsyncExitStack):
    raw = await connected(port, stack)
    for _ in range(3):
        raw.send(b"HEAD /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        assert (await raw.head()).startswith("HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
async def test_the_last_request_of_a_connection_ends_it(
    port: OperatorPort, stack: AsyncExitStack, request_bytes: bytes
):
    raw = await connected(port, stack)
    raw.send(request_bytes)
    answer = await raw.rest()
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert answer.endswith("\r\nConnection: close\r\n\r\nok\n")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01 garbage\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),  # without a host
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello", 400),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: " + b"a" * 100_000, 431),
        (b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", 404),
    ],
)
async def test_what_is_no_request_is_refused_and_the_port_goes_on(
    port: OperatorPort, client: httpx.AsyncClient, stack: AsyncExitStack, request_bytes: bytes, status: int
):
    raw = await connected(port, stack)
    raw.send(request_bytes)
    assert (await raw.head()).startswith(f"HTTP/1.1 {status} ")
    assert (await client.get("/healthz")).status_code == 200


async def test_a_head_that_comes_slowly_is_given_up(
    port: OperatorPort, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator_connection, "HEAD_SECONDS", 0.05)
    raw = await connected(port, stack)
    raw.send(b"GET /healthz HTTP/1.1\r\n")
    assert await raw.rest() == ""


async def test_an_answer_that_is_not_taken_is_given_up(
    port: OperatorPort, server: Server, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator_connection, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(operator_answers, "exposed", lambda metric: "x" * 20_000_000)
    host, number = port.address.split(":")
    with socket.create_connection((host, int(number))) as deaf:
        deaf.send(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
        await reaches(lambda: server.asked)
        await reaches(lambda: not port._connections)
    assert server.asked == 1


async def test_a_thousand_silent_connections_keep_nobody_out(
    port: OperatorPort, client: httpx.AsyncClient, stack: AsyncExitStack
):
    silent = await asyncio.gather(*[connected(port, stack) for _ in range(1000)])
    for raw in silent[:500]:
        raw.send(b"GET ")
    assert (await client.get("/healthz")).status_code == 200
    assert len(port._connections) <= MAX_CONNECTIONS


async def test_connections_that_linger_keep_nobody_out(
    port: OperatorPort, client: httpx.AsyncClient, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator, "MAX_CONNECTIONS", 4)
    for _ in range(6):
        raw = await connected(port, stack)
        raw.send(b"garbage\r\n\r\n")
        assert (await raw.head()).startswith("HTTP/1.1 400 ")
    assert (await client.get("/healthz")).status_code == 200


async def test_connections_that_take_no_answer_keep_nobody_out(
    port: OperatorPort, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator, "MAX_CONNECTIONS", 4)
    monkeypatch.setattr(operator_answers, "exposed", lambda metric: "x" * 20_000_000)
    host, number = port.address.split(":")
    with ExitStack() as deaf:
        for _ in range(6):
            one = deaf.enter_context(socket.create_connection((host, int(number))))
            one.send(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
        assert (await client.get("/healthz")).status_code == 200


async def test_a_connection_in_use_outlasts_those_that_are_not(
    port: OperatorPort, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator, "MAX_CONNECTIONS", 2)
    used, unused = await connected(port, stack), await connected(port, stack)
    for _ in range(2):
        used.send(b"HEAD /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        assert (await used.head()).startswith("HTTP/1.1 200 OK\r\n")
        await connected(port, stack)
        assert await unused.rest() == ""


async def test_a_client_that_leaves_before_its_answer_leaves_nothing_behind(
    port: OperatorPort, server: Server, stack: AsyncExitStack
):
    server.gate.clear()
    raw = await connected(port, stack)
    raw.send(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
    await reaches(lambda: server.asked)
    raw._writer.transport.abort()
    server.gate.set()
    await reaches(lambda: not port._connections)


async def test_an_address_in_use_is_named_with_its_setting(port: OperatorPort, server: Server):
    with pytest.raises(ServerError, match=rf"`\[operator\] listening_addr`.*{port.address}.*in use"):
        async with serve_operator(server.metrics, address=port.address, clock=ManualClock(), is_stopping=lambda: False):
            pass


@pytest.mark.parametrize("address", ["no-such-host.invalid:1", "192.0.2.1:0"])
async def test_an_address_that_is_not_of_this_machine_is_named(server: Server, address: str):
    with pytest.raises(ServerError, match=address):
        async with serve_operator(server.metrics, address=address, clock=ManualClock(), is_stopping=lambda: False):
            pass


@pytest.mark.parametrize(("address", "warns"), [("0.0.0.0:0", True), ("localhost:0", False), ("[::1]:0", False)])
async def test_an_address_that_others_reach_is_warned_of(
    server: Server, address: str, warns: bool, caplog: pytest.LogCaptureFixture
):
    async with serve_operator(server.metrics, address=address, clock=ManualClock(), is_stopping=lambda: False) as port:
        host, _ = address.rsplit(":", 1)
        assert port.address.startswith(f"{host}:")
        assert not port.address.endswith(":0")
    assert ("everybody who reaches it" in caplog.text) == warns
