"""Small logs and lines for the clauses of the storage suite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from obelisk.core.events import (
    OK_OUTCOME,
    CancellationRequested,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    ComponentUpgradeFinished,
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
    JoinNext,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    Paused,
    RequestOutcome,
    Response,
    RetryConfig,
    TimeSpan,
    TryOutcome,
    TypedValue,
    UpgradeOutcome,
)
from obelisk.ids import (
    DelayId,
    DeploymentId,
    ExecutionId,
    ExecutorId,
    JoinSetId,
    RunId,
    child_execution_id,
    delay_id,
    new_deployment_id,
    new_execution_id,
    new_executor_id,
    new_run_id,
)
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import (
    Batch,
    Entry,
    LineQuery,
    LineRow,
    LockWanted,
    Storage,
    StoredLine,
    Write,
)
from obelisk.names import Ffqn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN_FN = Ffqn("test:pkg/ifc.run")
OTHER_FN = Ffqn("test:pkg/ifc.other")
OK = ExecutionResult(ok=TypedValue("u64", 42))
ERR = ExecutionResult(err=TypedValue("string", "no"))
JOIN_SET = JoinSetId("g:1")
OTHER_JOIN_SET = JoinSetId("n:other")


def at(seconds: float) -> datetime:
    """Return the time ``seconds`` after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


def _bytes(number: int) -> bytes:
    return number.to_bytes(10, "big")


def execution(number: int = 1) -> ExecutionId:
    """Return the id of a top-level execution."""
    return new_execution_id(1, _bytes(number))


def executor(number: int = 1) -> ExecutorId:
    """Return the id of an executor."""
    return new_executor_id(1, _bytes(number))


def run(number: int = 1) -> RunId:
    """Return the id of a run."""
    return new_run_id(1, _bytes(number))


def deployment(number: int = 1) -> DeploymentId:
    """Return the id of a deployment."""
    return new_deployment_id(1, _bytes(number))


def digest(letter: str) -> str:
    """Return a component digest."""
    return "sha256:" + letter * 64


def component(letter: str = "a", role: ComponentRole = ComponentRole.WORKFLOW) -> ComponentId:
    """Return a component that is told from others by a letter."""
    return ComponentId(role, f"component-{letter}", digest(letter))


def child(number: int = 1, *, parent: ExecutionId | None = None, join_set: JoinSetId = JOIN_SET) -> ExecutionId:
    """Return the id of a child of an execution."""
    return child_execution_id(parent or execution(), join_set, number)


def delay(number: int = 1, *, owner: ExecutionId | None = None, join_set: JoinSetId = JOIN_SET) -> DelayId:
    """Return the id of a delay of an execution."""
    return delay_id(owner or execution(), join_set, number)


def created(
    ffqn: Ffqn = RUN_FN,
    params: list[Any] | None = None,
    *,
    due: float = 0,
    made_of: str = "a",
    deployed: int = 1,
    parent: tuple[ExecutionId, JoinSetId] | None = None,
    role: ComponentRole = ComponentRole.WORKFLOW,
) -> Created:
    """Return the first event of an execution that is due ``due`` seconds after ``NOW``."""
    return Created(ffqn, params or [], parent, at(due), component(made_of, role), deployment(deployed))


def locked(*, until: float = 60, by: int = 1, run_number: int = 1, made_of: str = "a", deployed: int = 1) -> Locked:
    """Return a lock that expires ``until`` seconds after ``NOW``."""
    retry = RetryConfig(5, TimeSpan(0, 100_000_000))
    return Locked(component(made_of), executor(by), deployment(deployed), run(run_number), at(until), retry)


def wanted(
    *ffqns: Ffqn,
    limit: int = 10,
    now: float = 0,
    lock: Locked | None = None,
    made_of: str | None = None,
    unfit: str | None = None,
) -> LockWanted:
    """Return what an executor wants that runs ``ffqns`` or, when given, the component ``made_of``."""
    return LockWanted(
        ffqns=frozenset(ffqns),
        limit=limit,
        now=at(now),
        locked=lock or locked(until=now + 60),
        component_digest=None if made_of is None else digest(made_of),
        incompatible_digest=None if unfit is None else digest(unfit),
    )


def finished(result: ExecutionResult = OK) -> Finished:
    """Return the last event of an execution."""
    return Finished(result)


def made(join_set: JoinSetId = JOIN_SET) -> JoinSetCreate:
    """Return the creation of a join set."""
    return JoinSetCreate(join_set)


def asked_child(
    number: int = 1,
    *,
    parent: ExecutionId | None = None,
    join_set: JoinSetId = JOIN_SET,
    outcome: RequestOutcome = OK_OUTCOME,
) -> JoinSetRequest:
    """Return the request of a child."""
    id = child(number, parent=parent, join_set=join_set)
    return JoinSetRequest(join_set, ChildExecutionRequest(id, OTHER_FN, [number], outcome))


def asked_delay(
    number: int = 1,
    *,
    due: float = 10,
    owner: ExecutionId | None = None,
    join_set: JoinSetId = JOIN_SET,
    paused: bool = False,
) -> JoinSetRequest:
    """Return the request of a delay that is due ``due`` seconds after ``NOW``."""
    return JoinSetRequest(join_set, DelayRequest(delay(number, owner=owner, join_set=join_set), at(due), "now", paused))


def waits(join_set: JoinSetId = JOIN_SET, *, until: float = 60, closing: bool = False) -> JoinNext:
    """Return the wait for the next response of a join set."""
    return JoinNext(join_set, at(until), closing=closing)


def looks(outcome: TryOutcome, join_set: JoinSetId = JOIN_SET) -> JoinNextTry:
    """Return a look for a response that does not wait."""
    return JoinNextTry(join_set, outcome)


def child_done(
    number: int = 1,
    *,
    parent: ExecutionId | None = None,
    join_set: JoinSetId = JOIN_SET,
    version: int = 2,
    result: ExecutionResult = OK,
) -> ChildExecutionFinished:
    """Return the response of a child."""
    return ChildExecutionFinished(join_set, child(number, parent=parent, join_set=join_set), version, result)


def delay_done(
    number: int = 1, *, owner: ExecutionId | None = None, join_set: JoinSetId = JOIN_SET, success: bool = True
) -> DelayFinished:
    """Return the response of a delay."""
    return DelayFinished(join_set, delay(number, owner=owner, join_set=join_set), success)


def unfit_for(letter: str) -> ComponentUpgradeFinished:
    """Return the mark that an execution cannot go on with a component."""
    return ComponentUpgradeFinished(digest(letter), deployment(), UpgradeOutcome(failed={}))


def pausing() -> tuple[Event, ...]:
    """Return what makes a pending execution paused."""
    return (Paused(),)


def cancelling() -> tuple[Event, ...]:
    """Return what makes an execution cancelling."""
    return (CancellationRequested(),)


def entries(*items: Event | Response, when: float = 0) -> tuple[Entry, ...]:
    """Return entries made ``when`` seconds after ``NOW``."""
    return tuple(Entry(at(when), item) for item in items)


def create(execution_id: ExecutionId, *more: Event | Response, event: Created | None = None, when: float = 0) -> Write:
    """Return the write that creates an execution and appends ``more``."""
    return Write(execution_id, entries(event or created(), *more, when=when), 0)


def ended(number: int, *, when: float = 0) -> Write:
    """Return the write of a whole execution without children that ends ``when`` seconds after ``NOW``."""
    return create(execution(number), locked(), finished(), when=when)


def append(
    execution_id: ExecutionId,
    *items: Event | Response,
    version: int | None = None,
    cursor: int | None = None,
    when: float = 0,
) -> Write:
    """Return a write to an execution that exists; ``None`` does not check."""
    return Write(execution_id, entries(*items, when=when), version, cursor)


def http_trace() -> HttpClientTrace:
    """Return an HTTP request that was answered."""
    answer = HttpTraceResponse(at(1), HttpTraceStatus(ok=200))
    return HttpClientTrace(HttpTraceRequest(at(0), "http://example.org", "GET"), answer)


def children(count: int) -> Sequence[ExecutionId]:
    """Return the ids of so many children."""
    return [child(number) for number in range(1, count + 1)]


def batch(*writes: Write) -> Batch:
    """Return a batch."""
    return Batch(writes)


def logged(
    text: str, *, of: ExecutionId | None = None, when: float = 0, level: LogLevel = LogLevel.INFO, by: int = 1
) -> StoredLine:
    """Return a line of ``obelisk:log`` that was logged ``when`` seconds after the samples' ``NOW``."""
    return StoredLine(of or execution(), run(by), at(when), LogLine(level, text))


def printed(payload: bytes, *, of: ExecutionId | None = None, stream: StreamType = StreamType.STDOUT) -> StoredLine:
    """Return a line of a standard stream."""
    return StoredLine(of or execution(), run(), at(0), StreamLine(stream, payload))


def numbered(*numbers: int, of: ExecutionId | None = None) -> list[StoredLine]:
    """Return lines whose texts are numbers."""
    return [logged(str(number), of=of) for number in numbers]


def texts(rows: Sequence[LineRow]) -> list[str]:
    """Return the texts of lines."""
    return [_text(row.stored) for row in rows]


def _text(stored: StoredLine) -> str:
    line = stored.line
    return line.message if isinstance(line, LogLine) else line.payload.decode()


def parent_and_child(*, child_ends: bool = True) -> Batch:
    """Return the whole lives of an execution, which asks for a child and a delay, and of its child."""
    log = (created(), locked(), made(), asked_child(), asked_delay(), waits())
    answers = (child_done(version=2), delay_done()) if child_ends else (delay_done(),)
    return batch(
        Write(execution(), entries(*log), 0),
        create(
            child(),
            locked(),
            *((finished(),) if child_ends else ()),
            event=created(parent=(execution(), made().join_set_id)),
        ),
        append(execution(), *answers),
        append(execution(), finished()),
    )


async def make_family(storage: Storage, *, child_ends: bool = True) -> None:
    """Commit ``parent_and_child``, and a line of each of the two."""
    await storage.commit(parent_and_child(child_ends=child_ends))
    await storage.append_lines([*numbered(1), *numbered(2, of=child())])


async def found(storage: Storage, of: ExecutionId | None = None, **query: Any) -> list[str]:
    """Return the texts of the page that a query asks for."""
    return texts(await storage.lines(LineQuery(of or execution(), **query)))
