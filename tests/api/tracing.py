"""Executions whose traces tests look at."""

from __future__ import annotations

from datetime import datetime, timedelta

from obelisk.core.events import (
    NO_TIME,
    ComponentId,
    ComponentRole,
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    Finished,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    JoinSetRequest,
    Locked,
    RetryConfig,
    Schedule,
    ScheduleAt,
    TemporarilyFailed,
)
from obelisk.ids import DelayId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn
from tests.api.calls import ID, OTHER_ID
from tests.api.fakes import COMPONENT, DEPLOYMENT, DIGEST, FIBOA, NOW, FakeExecutions

ACTIVITY = ComponentId(ComponentRole.ACTIVITY, "fibo", DIGEST)
FIBO = Ffqn("testing:fibo/fibo.fibo")
CHILD = ExecutionId(f"{ID}.g:1_1")
GRANDCHILD = ExecutionId(f"{CHILD}.o:1-fibo_1")
JOIN_SET = JoinSetId("o:1-sleep")
DELAY, OPEN_DELAY = (DelayId(f"Delay_{ID[2:]}.o:{index}-sleep_1") for index in (1, 2))
RUN, NEXT_RUN = RunId("Run_1"), RunId("Run_2")
OK = ExecutionResult(ok=None)
START = NOW - timedelta(seconds=10)
"""When the executions began; the server's time is ``NOW``."""


def at(seconds: float) -> datetime:
    """Return a time after the start."""
    return START + timedelta(seconds=seconds)


def child_of(parent: ExecutionId) -> Created:
    """Return the first event of an activity below ``parent``."""
    return Created(FIBO, [], (parent, JOIN_SET), START, ACTIVITY, DEPLOYMENT)


def top_level() -> Created:
    """Return the first event of a workflow."""
    return Created(FIBOA, [], None, START, COMPONENT, DEPLOYMENT)


def locked(run: RunId = RUN) -> Locked:
    """Return the begin of a run."""
    return Locked(COMPONENT, ExecutorId("Exr_1"), DEPLOYMENT, run, NOW + timedelta(hours=1), RetryConfig(5, NO_TIME))


def sent(code: int, *, begin: float, end: float) -> HttpClientTrace:
    """Return a request that was answered."""
    status = HttpTraceStatus(ok=code)
    return HttpClientTrace(
        HttpTraceRequest(at(begin), "https://api.example.com/v1", "GET"), HttpTraceResponse(at(end), status)
    )


def requested(delay: DelayId) -> JoinSetRequest:
    """Return the request for a delay of an hour."""
    return JoinSetRequest(JOIN_SET, DelayRequest(delay, NOW + timedelta(hours=1), ScheduleAt(at=NOW)))


class Story:
    """Tells an engine what happened, and when."""

    def __init__(self, engine: FakeExecutions) -> None:
        self._engine = engine

    async def tell(self, execution_id: ExecutionId, *happenings: tuple[float, Event]) -> None:
        """Append events; each comes with the seconds since the start."""
        for seconds, event in happenings:
            await self._engine.append(execution_id, event, after=at(seconds) - NOW)

    async def tree(self) -> None:
        """A workflow that slept and scheduled, waits again, and has a child that was tried twice and sent requests."""
        await self.tell(ID, (0, top_level()), (0, locked()), (1, requested(DELAY)))
        self._engine.respond(ID, DelayFinished(JOIN_SET, DELAY), after=at(3) - NOW)
        failed = TemporarilyFailed(at(4), "activity trap: unreachable", None, [sent(503, begin=3, end=3.25)])
        await self.tell(CHILD, (3, child_of(ID)), (3, locked()), (3.5, failed), (4, locked(NEXT_RUN)))
        await self.tell(CHILD, (5, Finished(OK, [sent(200, begin=4, end=4.5)])))
        await self.tell(GRANDCHILD, (3, child_of(CHILD)))
        await self.tell(OTHER_ID, (6, top_level()), (6, locked()), (7, Finished(OK)))
        await self.tell(ID, (6, Schedule(OTHER_ID, ScheduleAt(at=NOW))), (8, requested(OPEN_DELAY)))
