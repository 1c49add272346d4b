"""Calls to a server over gRPC, as a program makes them."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import msgspec
from msgspec import Struct

from benchmarks.errors import BenchmarkError
from obelisk.api import pool
from obelisk.api.convert.basics import PARAMS_TYPE_URL, function_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.names import Ffqn

PAGE = 1000
POLL_SECONDS = 0.1
CALL_SECONDS = 900.0
"""No call takes so long unless the server hangs."""
NS = 10**9
OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
)
STATE_PREFIX = "EXECUTION_STATE_FILTER_"
_Filter = pb.ListExecutionsRequest


class Span(Struct, frozen=True):
    """When an execution was submitted and when its result was here, in seconds of ``time.perf_counter``.

    The log is no substitute: its times are those at which a turn of the engine began, and what a turn wrote is durable only
    after that. A workflow that is done in one turn would take no time at all. ``finished_ns`` is nevertheless what the log
    says, in nanoseconds since the epoch.
    """

    execution_id: ExecutionId
    submitted: float
    ended: float
    finished_ns: int

    @property
    def seconds(self) -> float:
        """From the one to the other."""
        return self.ended - self.submitted


class Client:
    """The calls. Each raises ``grpc.RpcError`` when the server refuses it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._calls: Any = ExecutionRepositoryStub(channel)

    async def submit(self, ffqn: Ffqn, params: Sequence[Any], *, paused: bool = False) -> ExecutionId:
        """Create an execution."""
        ident = new_execution_id(time.time_ns() // 1_000_000, os.urandom(10))
        value = pool.Any(type_url=PARAMS_TYPE_URL + ffqn, value=msgspec.json.encode(params))
        request = pb.SubmitRequest(
            execution_id=pb.ExecutionId(id=ident), function_name=function_message(ffqn), params=value, paused=paused
        )
        await self._calls.Submit(request, timeout=CALL_SECONDS)
        return ident

    async def finished(self, ident: ExecutionId) -> int:
        """Wait until an execution has finished, and return when that was, in nanoseconds since the epoch.

        Raises ``BenchmarkError`` when it did not return ok.
        """
        request = pb.GetStatusRequest(execution_id=pb.ExecutionId(id=ident), follow=True, send_finished_status=True)
        async for message in self._calls.GetStatus(request, timeout=CALL_SECONDS):
            if message.HasField("finished_status"):
                status = message.finished_status
                if not status.value.HasField("ok"):
                    raise BenchmarkError(f"execution {ident} did not return ok: {status.value}")
                return nanoseconds(status.finished_at)
        raise BenchmarkError(f"the server did not say how execution {ident} ended")

    async def blocked(self, ident: ExecutionId) -> None:
        """Wait until an execution waits for something, or has finished."""
        request = pb.GetStatusRequest(execution_id=pb.ExecutionId(id=ident), follow=True)
        async for message in self._calls.GetStatus(request, timeout=CALL_SECONDS):
            status = message.summary.current_status if message.HasField("summary") else message.current_status
            if status.HasField("blocked_by_join_set") or status.HasField("finished"):
                return

    async def run(self, ffqn: Ffqn, params: Sequence[Any]) -> Span:
        """Create an execution and wait until it has finished."""
        submitted = time.perf_counter()
        ident = await self.submit(ffqn, params)
        finished_ns = await self.finished(ident)
        return Span(ident, submitted, time.perf_counter(), finished_ns)

    async def run_many(self, ffqn: Ffqn, params: Sequence[Any], *, count: int) -> list[Span]:
        """Run so many executions at once."""
        return await asyncio.gather(*(self.run(ffqn, params) for _ in range(count)))

    async def events(self, ident: ExecutionId) -> list[Any]:
        """Return an execution's log."""
        events: list[Any] = []
        while True:
            request = pb.ListExecutionEventsRequest(
                execution_id=pb.ExecutionId(id=ident), version_from=len(events), length=PAGE
            )
            answer = await self._calls.ListExecutionEvents(request, timeout=CALL_SECONDS)
            events += answer.events
            if not answer.events or len(events) > answer.max_version:
                return events

    async def step_seconds(self, ident: ExecutionId) -> list[float]:
        """Return how long each step of a finished serial workflow took: from its request to what the workflow did next."""
        events = await self.events(ident)
        starts = [event for event in events if event.history_variant.HasField("join_set_created")]
        times = [nanoseconds(event.created_at) for event in (*starts, events[-1])]
        return [(end - start) / NS for start, end in itertools.pairwise(times)]

    async def replay(self, ident: ExecutionId) -> None:
        """Replay a finished execution. Raises ``BenchmarkError`` when that does not come to its end."""
        request = pb.ReplayExecutionRequest(execution_id=pb.ExecutionId(id=ident))
        answer = await self._calls.ReplayExecution(request, timeout=CALL_SECONDS)
        if not answer.HasField("finished"):
            raise BenchmarkError(f"the replay of {ident} did not come to its end: {answer}")

    async def page(self, **fields: Any) -> Sequence[pb.ExecutionSummary]:
        """Return a page of executions; ``fields`` are those of the request."""
        return await self.listed(pb.ListExecutionsRequest(**fields))

    async def listed(self, request: pb.ListExecutionsRequest) -> Sequence[pb.ExecutionSummary]:
        """Return a page of executions."""
        answer = await self._calls.ListExecutions(request, timeout=CALL_SECONDS)
        return tuple(answer.executions)

    async def until_none(self, *states: str, wait: float) -> None:
        """Wait until no execution is in one of ``states``, such as ``LOCKED``; raise ``BenchmarkError`` after ``wait`` s.

        To look is work for the server, the more the more executions there are.
        """
        until = time.perf_counter() + wait
        while await self.listed(newest(*states)):
            if time.perf_counter() > until:
                raise BenchmarkError(f"after {wait:.0f} s executions are still {' or '.join(states)}")
            await asyncio.sleep(POLL_SECONDS)

    async def follow_while_any(
        self, request: pb.ListExecutionsRequest, *, past: Callable[[ExecutionId], Awaitable[object]], wait: float
    ) -> None:
        """Wait until ``request``, one of ``newest``, finds nothing; the server is hardly disturbed meanwhile.

        What it finds is followed by ``past``, which returns when it would not be found any more, before there is another
        look. Where executions move on in the order of their creation there are two looks, where they do so in any order
        about one for each power of two of them. Raises ``BenchmarkError`` after ``wait`` seconds.
        """
        try:
            async with asyncio.timeout(wait):
                while found := await self.listed(request):
                    await past(ExecutionId(found[0].execution_id.id))
        except TimeoutError:
            raise BenchmarkError(f"after {wait:.0f} s there is still an execution that is {_shown(request)}") from None


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    """Connect to a server, by a connection of its own."""
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        await channel.channel_ready()
        yield Client(channel)


def newest(*states: str) -> pb.ListExecutionsRequest:
    """Return the request for the newest execution in one of ``states``, such as ``LOCKED``; without them, unfinished."""
    filters: Any = [_Filter.ExecutionStateFilter.Value(f"{STATE_PREFIX}{state}") for state in states]
    return _Filter(
        state_filters=filters,
        hide_finished=not states,
        older_than=_Filter.OlderThan(length=1),
    )


def _shown(request: pb.ListExecutionsRequest) -> str:
    names = [_Filter.ExecutionStateFilter.Name(state).removeprefix(STATE_PREFIX) for state in request.state_filters]
    return " or ".join(names) or "unfinished"


def nanoseconds(timestamp: Any) -> int:
    """Return a timestamp as nanoseconds since the epoch."""
    return int(timestamp.seconds) * NS + int(timestamp.nanos)


def together(spans: Sequence[Span]) -> float:
    """Return the seconds from the first submission to the last result."""
    return max(span.ended for span in spans) - min(span.submitted for span in spans)
