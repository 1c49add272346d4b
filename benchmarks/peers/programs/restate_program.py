"""Restate does the shared work: its server calls the handler that this process serves over HTTP/2.

Arguments: the port to serve the handler at, the port of the server's ingress, the port of its admin interface. A step is
``ctx.run``, which is what Restate has for an outside effect inside of a handler; its result is in the server's log before
the handler goes on. What it runs is a coroutine: for a function that is none the SDK takes a thread. The client is aiohttp:
with 200 requests at once httpx took two thirds of this process's time to look through its connections.
"""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

import aiohttp
import restate
from exchange import Timings, Work, serve
from hypercorn.asyncio import serve as serve_http
from hypercorn.config import Config


def declared(step_seconds: list[float]) -> restate.Service:
    """Declare a service with a handler of steps; it notes how long each step took."""
    service = restate.Service("benchmark")

    async def add(left: int, right: int) -> int:
        return left + right

    @service.handler()
    async def steps(ctx: restate.Context, count: int) -> int:
        total = 0
        for number in range(count):
            asked = perf_counter()
            total = await ctx.run_typed("add", add, restate.RunOptions(), total, number)
            step_seconds.append(perf_counter() - asked)
        return total

    return service


async def one_workflow(client: aiohttp.ClientSession, steps: int) -> float:
    """Call the handler once through the ingress; returns how many seconds it took."""
    started = perf_counter()
    async with client.post("/benchmark/steps", json=steps, raise_for_status=True) as answer:
        await answer.read()
    return perf_counter() - started


async def run(client: aiohttp.ClientSession, step_seconds: list[float], work: Work) -> Timings:
    """Do the work once."""
    step_seconds.clear()
    started = perf_counter()
    workflow_seconds = await asyncio.gather(*(one_workflow(client, work.steps) for _ in range(work.workflows)))
    return Timings(perf_counter() - started, tuple(step_seconds), tuple(workflow_seconds))


async def main(service_port: int, ingress_port: int, admin_port: int) -> None:
    """Serve the handler, tell the server of it, and do work until the input ends."""
    step_seconds: list[float] = []
    config = Config()
    config.bind = [f"127.0.0.1:{service_port}"]
    config.h2_max_concurrent_streams = 1_000
    ended = asyncio.Event()
    served = asyncio.create_task(serve_http(restate.app([declared(step_seconds)]), config, shutdown_trigger=ended.wait))
    ingress = aiohttp.ClientSession(
        f"http://127.0.0.1:{ingress_port}",
        timeout=aiohttp.ClientTimeout(total=600),
        connector=aiohttp.TCPConnector(limit=0),
    )
    async with ingress:
        await register(ingress, f"http://127.0.0.1:{admin_port}", f"http://127.0.0.1:{service_port}")
        await serve([], lambda work: run(ingress, step_seconds, work))
    ended.set()
    await served


async def register(client: aiohttp.ClientSession, admin: str, service: str) -> None:
    """Tell the server where the handler is; the server looks it up there, so this also waits for the handler."""
    async with client.post(f"{admin}/deployments", json={"uri": service}, raise_for_status=True) as answer:
        await answer.read()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
