"""Webhooks of a real server: many clients at once, and a server that is killed while they wait."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from obelisk.core.events import ExecutionResult, TypedValue
from obelisk.ids import ExecutionId
from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Server
from tests.e2e.rpc import FIBOA, connected
from tests.e2e.world import GUESTS, World, fibo

LISTENS = re.compile(r"HTTP server `external` listens at (\S+)")
CLIENTS = 200
INFLIGHT = 50
LONG_LOCK = 'exec.lock_expiry = "1h"\n'
SERVER = '[[http_server]]\nname = "external"\nlistening_addr = "127.0.0.1:0"\n'
FUNCTION = """
[[webhook_function]]
name = "fiboa"
ffqn = "testing:fibo-workflow/workflow.fiboa"
route = "/functions/fiboa"
"""


def hook(keys: str = "", server: str = "") -> str:
    return f'{SERVER}{server}[[webhook_endpoint_wasm]]\nname = "hook"\nlocation = "{GUESTS}/webhook.wat"\n{keys}'


def base_url(server: Server) -> str:
    """Return where the newest start of a server serves HTTP."""
    server.wait_for_log("HTTP server `external` listens at ")
    return f"http://{LISTENS.findall(server.log)[-1]}"


async def test_200_clients_at_once_get_the_right_answer_or_429(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo() + hook(server=f"max_inflight_requests = {INFLIGHT}\n"))
    url = base_url(world.start())
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        answers = await asyncio.gather(*(client.get(f"{url}/c?[10,20]") for _ in range(CLIENTS)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= INFLIGHT
    right = [answer for answer in answers if answer.status_code == 200]
    assert {answer.text for answer in right} == {"55"}
    assert len({answer.headers["x-obelisk-execution-id"] for answer in right}) == len(right)


async def asked(client: httpx.AsyncClient, url: str) -> httpx.Response | None:
    """Ask for what takes long; ``None`` when the server is gone before the answer."""
    try:
        return await client.get(url)
    except httpx.TransportError:
        return None


@pytest.mark.timeout(90)
async def test_a_kill_while_requests_wait_loses_no_execution(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo(LONG_LOCK, LONG_LOCK) + hook())
    server = world.start()
    url = base_url(server)
    async with httpx.AsyncClient(timeout=60) as client:
        requests = [asyncio.create_task(asked(client, f"{url}/c?[10,1000]")) for _ in range(10)]
        while len(children := await asyncio.to_thread(started, world, server)) < 10:
            pass  # each look takes as long as a command takes
        server.kill()
        assert await asyncio.gather(*requests) == [None] * 10
    server = world.start()
    with connected(server.address) as rpc:
        for child in children:
            assert rpc.result(child) == ExecutionResult(ok=TypedValue("u64", 55))
    assert server.stop() == 0
    logs = await world.logs()
    failures = [logs.by_id[root].events[-1].event.retval.execution_failure for root in logs.roots()]
    assert [failure.reason for failure in failures] == ["server stopped during the request"] * 10
    assert logs.used_retries() == []


def started(world: World, server: Server) -> list[ExecutionId]:
    """Return the workflows that requests have started."""
    command = ["execution", "list", "--show-derived", "--ffqn", FIBOA, "--json", "--limit", "1000"]
    return [ExecutionId(line["execution_id"]) for line in world.client(server, *command).lines]


@pytest.mark.timeout(90)
async def test_a_retry_after_a_kill_gets_the_execution_that_was_started(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo(LONG_LOCK, LONG_LOCK) + SERVER + FUNCTION)
    headers = {"idempotency-key": "one"}
    body = {"n": 10, "iterations": 3000}
    server = world.start()
    async with httpx.AsyncClient(timeout=60) as client:
        waiting = asyncio.create_task(asked_to_start(client, base_url(server), body, headers))
        while not (found := await asyncio.to_thread(started, world, server)):
            pass
        server.kill()
        assert await waiting is None
        server = world.start()
        answer = await client.post(f"{base_url(server)}/functions/fiboa", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, 55)
    assert answer.headers["x-obelisk-execution-id"] == found[0]
    assert server.stop() == 0
    assert (await world.logs()).roots() == found


async def asked_to_start(
    client: httpx.AsyncClient, url: str, body: dict[str, int], headers: dict[str, str]
) -> httpx.Response | None:
    try:
        return await client.post(f"{url}/functions/fiboa", json=body, headers=headers)
    except httpx.TransportError:
        return None


async def test_a_server_that_is_told_to_stop_answers_what_is_under_way(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo() + hook())
    server = world.start()
    url = base_url(server)
    async with httpx.AsyncClient(timeout=60) as client:
        waiting = asyncio.create_task(asked(client, f"{url}/c?[10,200]"))
        while not await asyncio.to_thread(started, world, server):
            pass
        assert await asyncio.to_thread(server.stop) == 0
        answer = await waiting
    assert answer is not None
    assert (answer.status_code, answer.text) == (200, "55")


async def test_bad_tables_end_the_start_without_a_traceback(make_world: MakeWorld) -> None:
    world = make_world(tables=hook('routes = ["nonsense"]\n'))
    ended = world.run_server()
    assert ended.code != 0
    assert "begins with `/`" in ended.stderr
    assert "Traceback" not in ended.stderr
