"""A client that has orders, and keeps in mind what it was told: across servers, and across their ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from obelisk.api import pool
from obelisk.api.convert.results import result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import CancellationRequested, ExecutionResult
from obelisk.ids import ExecutionId
from tests.crash.invariants import breaches_between, breaches_of, breaches_of_order
from tests.crash.orders import Order
from tests.crash.seen import Seen, View, see, see_all
from tests.e2e.control import BLOCKED
from tests.e2e.rpc import CHANNEL_OPTIONS, status_request, submit_request

AT_ONCE = 8
CALL_SECONDS = 60
GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.ABORTED)
"""How a call ends whose server is killed or asked to stop."""


class Customer:
    """See the module's documentation. ``breaches`` are sentences, one for each promise that was not kept."""

    def __init__(self, orders: Sequence[Order], source: random.Random) -> None:
        self.orders = {order.ident: order for order in orders}
        self.results: dict[ExecutionId, ExecutionResult] = {}
        self.breaches: list[str] = []
        self.news = 0
        """How often something was acknowledged or told."""
        self._random = source
        self._submitted: set[ExecutionId] = set()
        self._answered: set[ExecutionId] = set()
        self._logs: View = {}
        self._awaited: list[tuple[int, asyncio.Event]] = []

    @property
    def is_served(self) -> bool:
        """Whether every order has ended."""
        return len(self.results) == len(self.orders)

    async def reach(self, news: int) -> None:
        """Return once so much was acknowledged or told."""
        reached = asyncio.Event()
        if self.news < news:
            self._awaited.append((news, reached))
            await reached.wait()

    async def work(self, addresses: Sequence[str]) -> None:
        """Order everything that has not ended, and follow it to its end; what a server does not answer is left."""
        async with connected(addresses) as stubs:
            reading = asyncio.ensure_future(self._read(stubs))
            free = asyncio.Semaphore(AT_ONCE)
            try:
                open_orders = [order for ident, order in self.orders.items() if ident not in self.results]
                await asyncio.gather(*(self._serve(order, self._random.choice(stubs), free) for order in open_orders))
            finally:
                reading.cancel()
                await asyncio.wait({reading})

    async def look(self, addresses: Sequence[str]) -> View:
        """Read everything that there is, and hold it against what was told and seen before."""
        async with connected(addresses) as stubs:
            view, missing = await see_all(self._random.choice(stubs), seconds=CALL_SECONDS)
        self.breaches += [*missing, *breaches_of(view)]
        for ident in self._logs.keys() - view.keys():
            self.breaches.append(f"{ident} was seen before, and does not exist any more")
        for seen in view.values():
            self._saw(seen)
        self.breaches += [f"{ident} was acknowledged, and does not exist" for ident in self._submitted - view.keys()]
        for ident in self._answered & view.keys():
            self._check_answer(self.orders[ident], view)
        for ident, result in self.results.items():
            self.breaches += breaches_of_order(self.orders[ident], result, view)
        return view

    def _check_answer(self, order: Order, view: View) -> None:
        if order.stub is not None and not view[order.stub].is_finished:
            self.breaches.append(f"{order.stub}: its result was acknowledged, and is gone")
        events = [type(logged.event) for logged in view[order.ident].events]
        if order.is_cancelled and CancellationRequested not in events:
            self.breaches.append(f"{order.ident}: its cancellation was acknowledged, and is gone")

    async def _serve(self, order: Order, stub: Any, free: asyncio.Semaphore) -> None:
        async with free:
            try:
                await self._order(order, stub)
            except grpc.RpcError as error:
                if error.code() not in GONE:
                    self.breaches.append(f"{order.ident}: a call was answered by {error.code()}: {error.details()}")

    async def _order(self, order: Order, stub: Any) -> None:
        await stub.Submit(submit_request(order.ident, order.ffqn, order.params), timeout=CALL_SECONDS)
        self._submitted.add(order.ident)
        self._tell()
        if (order.stub is not None or order.is_cancelled) and order.ident not in self._answered:
            await _wait_until_blocked(stub, order.ident)
            await _answer(stub, order)
            self._answered.add(order.ident)
            self._tell()
        result = await _result(stub, order.ident)
        if self.results.setdefault(order.ident, result) != result:
            self.breaches.append(f"{order.ident} has the result {result}, and had {self.results[order.ident]}")
        self._tell()

    async def _read(self, stubs: Sequence[Any]) -> None:
        """Read logs over and over, so that there is something to hold later ones against."""
        while True:
            await asyncio.sleep(0)
            if not self._submitted:
                await self.reach(self.news + 1)
            ident = self._random.choice(sorted(self._submitted))
            try:
                seen = await see(self._random.choice(stubs), ident, seconds=CALL_SECONDS)
            except grpc.RpcError as error:
                if error.code() not in GONE:
                    self.breaches.append(f"reading {ident} was answered by {error.code()}: {error.details()}")
                return
            if seen is None:
                self.breaches.append(f"{ident} was acknowledged, and does not exist")
                return
            self._saw(seen)

    def _saw(self, seen: Seen) -> None:
        before = self._logs.get(seen.ident)
        if before is not None:
            self.breaches += breaches_between(before, seen)
        self._logs[seen.ident] = seen

    def _tell(self) -> None:
        self.news += 1
        for wanted, reached in self._awaited:
            if self.news >= wanted:
                reached.set()


@asynccontextmanager
async def connected(addresses: Sequence[str]) -> AsyncIterator[list[Any]]:
    """Yield a stub for each address."""
    channels = [grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) for address in addresses]
    try:
        yield [ExecutionRepositoryStub(channel) for channel in channels]
    finally:
        for channel in channels:
            await channel.close()


async def _answer(stub: Any, order: Order) -> None:
    if order.stub is not None:
        request = pb.StubRequest(
            execution_id=pb.ExecutionId(id=order.stub), return_value=pool.Any(value=b'{"ok": "given"}')
        )
        await stub.Stub(request, timeout=CALL_SECONDS)
    if order.is_cancelled:
        cancel = pb.CancelExecutionRequest(execution_id=pb.ExecutionId(id=order.ident))
        await stub.CancelExecution(cancel, timeout=CALL_SECONDS)


async def _wait_until_blocked(stub: Any, ident: ExecutionId) -> None:
    async for message in stub.GetStatus(status_request(ident), timeout=CALL_SECONDS):
        status = message.summary.current_status if message.HasField("summary") else message.current_status
        if message.HasField("finished_status") or status.WhichOneof("status") in (BLOCKED, "cancelling"):
            return


async def _result(stub: Any, ident: ExecutionId) -> ExecutionResult:
    async for message in stub.GetStatus(status_request(ident), timeout=CALL_SECONDS):
        if message.HasField("finished_status"):
            return result_of(message.finished_status.value)
    raise AssertionError(f"the stream about {ident} ended without a result")
