"""Sessions: what a trigger's own execution leaves in its log, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from obelisk.core.canonical import canonical
from obelisk.core.events import (
    ComponentId,
    ComponentRole,
    Created,
    FailureKind,
    Finished,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    Schedule,
    ScheduleAt,
    TimeSpan,
    failed,
)
from obelisk.core.state import Status
from obelisk.core.trace_context import LINKED_KEY, PARENT_KEY, execution_span, trace_of
from obelisk.errors import (
    CommitRefusedError,
    CommitUnknownError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    ExecutionStateError,
    FunctionNotFoundError,
    InvalidIdError,
    InvalidNameError,
    InvalidValueError,
)
from obelisk.ids import ExecutionId
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.executions import SubmitOutcome
from obelisk.interfaces.sessions import SERVER_STOPPED, Called, Persistence, Session
from obelisk.interfaces.settings import Forward, StoredLevel
from obelisk.interfaces.storage import Batch, LineQuery
from obelisk.names import Ffqn
from obelisk.runtime.recovery import unlock_all
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open
from tests.runtime.lending import COMPONENT, DONE, HANDLE, Lender, answered, listed
from tests.runtime.scripting import FIBO_CALL, TABLES, TEXT
from tests.runtime.test_commits import watch
from tests.scripts import RUN

MINUTE = timedelta(minutes=1)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lender() -> Lender:
    return Lender()


@pytest.fixture
async def harness(open_engine: Open, lender: Lender) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES, triggers=[lender.use]) as harness:
        yield harness


async def events_of(harness: EngineHarness, session: Session) -> list[type]:
    return [type(event) for event in await harness.events(session.execution_id)]


async def called(harness: EngineHarness, session: Session, arg: str = "x") -> Called:
    return await answered(harness, session.call(Ffqn(TEXT), [arg]))


# --- calls ---


async def test_a_call_returns_what_its_child_did(harness: EngineHarness, lender: Lender):
    session = lender.session()
    found = await harness.until(session.call(Ffqn(FIBO_CALL), [10]))
    assert found.execution_id == f"{session.execution_id}.o:1-fibo_1"
    assert found.result.ok.value == 55


async def test_a_call_leaves_what_a_workflows_direct_call_leaves(harness: EngineHarness, lender: Lender):
    session = lender.session()
    await harness.until(session.call(Ffqn(FIBO_CALL), [10]))
    await session.finish(DONE)
    workflow = await harness.submit(RUN, [scripts.call(FIBO_CALL, 10)])
    await harness.result(workflow)
    left = [(await harness.log(execution)) for execution in (session.execution_id, workflow)]
    texts = [canonical(log.events[1:-1], log.responses).replace(log.execution_id[12:], "") for log in left]
    assert texts[0] == texts[1]
    assert [kind for kind in await events_of(harness, session) if kind is not Locked] == [
        Created, JoinSetCreate, JoinSetRequest, JoinNext, Finished,
    ]  # fmt: skip


async def test_a_session_is_created_and_locked_with_its_first_child(harness: EngineHarness, lender: Lender):
    watched = watch(harness)
    session = lender.session(params=[1])
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    (batch,) = watched.batches
    assert [type(entry.entry) for write in batch.writes for entry in write.entries] == [
        Created, Locked, JoinSetCreate, JoinSetRequest, JoinNext, Created,
    ]  # fmt: skip
    state = await harness.engine.executions.get(session.execution_id)
    assert (state.status, state.ffqn, state.component_id) == (Status.BLOCKED, HANDLE, COMPONENT)
    assert state.held_by.executor_id == harness.engine._kernel.executor_id
    await answered(harness, call)


async def test_a_call_takes_two_commits(harness: EngineHarness, lender: Lender):
    session = lender.session()
    await harness.until(session.call(Ffqn(FIBO_CALL), [1]))
    watched = watch(harness)
    await harness.until(session.call(Ffqn(FIBO_CALL), [10]))
    assert len(watched.batches) == 2
    await session.finish(DONE)


async def test_calls_follow_each_other(harness: EngineHarness, lender: Lender):
    session = lender.session()
    found = await harness.until(asyncio.gather(*(session.call(Ffqn(FIBO_CALL), [number]) for number in (1, 2, 3, 10))))
    assert [one.result.ok.value for one in found] == [1, 1, 2, 55]
    assert [one.execution_id for one in found] == [f"{session.execution_id}.o:{n}-fibo_1" for n in (1, 2, 3, 4)]
    assert len((await harness.log(session.execution_id)).responses) == 4


async def test_sessions_run_beside_each_other(harness: EngineHarness, lender: Lender):
    waiting = asyncio.ensure_future(lender.session().call(Ffqn(TEXT), ["x"]))
    sessions = [lender.session() for _ in range(50)]
    found = await harness.until(asyncio.gather(*(one.call(Ffqn(FIBO_CALL), [10]) for one in sessions)))
    assert [one.result.ok.value for one in found] == [55] * 50
    assert not waiting.done()
    assert (await answered(harness, waiting)).result.ok.value == "y"


async def test_a_child_that_is_a_workflow_is_awaited(harness: EngineHarness, lender: Lender):
    session = lender.session()
    script = [scripts.sleep(hours=5), scripts.call(FIBO_CALL, 10)]
    found = await harness.until(session.call(Ffqn(RUN), [script]))
    assert found.result.ok.value[1] == ["ok", "55"]
    await session.finish(DONE)
    assert (await harness.result(session.execution_id)) == DONE


async def test_a_child_that_fails_is_told(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    await harness.engine.executions.cancel(ExecutionId(f"{session.execution_id}.o:1-text_1"))
    assert (await call).result.execution_failure.kind is FailureKind.CANCELLED


@pytest.mark.parametrize(
    ("function", "params", "error"),
    [
        ("a:b/c.d", [], FunctionNotFoundError),
        (FIBO_CALL, ["ten"], InvalidValueError),
        (FIBO_CALL, [], InvalidValueError),
    ],
)
async def test_a_refused_call_leaves_nothing(
    harness: EngineHarness, lender: Lender, function: str, params: list, error: type
):
    session = lender.session()
    with pytest.raises(error):
        await session.call(Ffqn(function), params)
    with pytest.raises(error):
        await session.schedule(Ffqn(function), params)
    assert not session.has_effects
    await session.finish(DONE)
    assert await listed(harness) == []


async def test_a_cancelled_call_leaves_its_child_running(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    call.cancel()
    await session.finish(failed(FailureKind.UNCATEGORIZED, "disconnected"))
    child = ExecutionId(f"{session.execution_id}.o:1-text_1")
    assert (await harness.engine.executions.get(child)).status is Status.PENDING
    await harness.engine.executions.stub(child, {"ok": "late"})
    assert len((await harness.log(session.execution_id)).responses) == 1
    assert (await harness.result(session.execution_id)).execution_failure.reason == "disconnected"


async def test_a_call_that_is_cancelled_before_it_is_written_is_written(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await asyncio.sleep(0)
    call.cancel()
    await harness.settle()
    assert [held.state.ffqn for held in await listed(harness)] == [TEXT, HANDLE]


async def test_what_follows_a_cancelled_call_waits_for_its_child(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    call.cancel()
    following = asyncio.ensure_future(session.call(Ffqn(FIBO_CALL), [10]))
    await harness.settle()
    assert not following.done()
    await harness.engine.executions.stub(ExecutionId(f"{session.execution_id}.o:1-text_1"), {"ok": "y"})
    assert (await harness.until(following)).result.ok.value == 55


# --- schedules ---


async def test_a_schedule_starts_an_execution_of_its_own(harness: EngineHarness, lender: Lender):
    session = lender.session()
    submission = await session.schedule(Ffqn(FIBO_CALL), [10])
    assert submission.outcome is SubmitOutcome.CREATED
    assert (await harness.result(submission.execution_id)).ok.value == 55
    created = (await harness.events(submission.execution_id))[0]
    assert (created.parent, created.scheduled_by) == (None, session.execution_id)
    assert (await harness.events(session.execution_id))[2] == Schedule(submission.execution_id, "now")


async def test_a_schedule_may_be_for_later(harness: EngineHarness, lender: Lender):
    session = lender.session()
    submission = await session.schedule(Ffqn(FIBO_CALL), [10], schedule_at=ScheduleAt(in_=TimeSpan(3600)))
    state = await harness.engine.executions.get(submission.execution_id)
    assert state.scheduled_at == harness.clock.now() + timedelta(hours=1)
    assert state.status is Status.PENDING


async def test_a_schedule_with_an_id_is_made_once(harness: EngineHarness, lender: Lender):
    own = lender.session().generate_id()
    outcomes = []
    for _ in range(2):
        session = lender.session()
        outcomes.append((await session.schedule(Ffqn(FIBO_CALL), [10], execution_id=own)).outcome)
        await session.finish(DONE)
    assert outcomes == [SubmitOutcome.CREATED, SubmitOutcome.EXISTS]


async def test_schedules_with_one_id_at_once_are_made_once(harness: EngineHarness, lender: Lender):
    own = lender.session().generate_id()
    sessions = [lender.session() for _ in range(10)]
    found = await harness.until(
        asyncio.gather(*(one.schedule(Ffqn(FIBO_CALL), [10], execution_id=own) for one in sessions))
    )
    assert sorted(one.outcome.name for one in found) == ["CREATED", *["EXISTS"] * 9]
    assert len(await listed(harness, ffqn=Ffqn(FIBO_CALL))) == 1


async def test_a_schedule_whose_id_is_taken_is_refused_and_leaves_nothing(harness: EngineHarness, lender: Lender):
    taken = await harness.submit(FIBO_CALL, 10)
    session = lender.session()
    with pytest.raises(ExecutionConflictError, match="another function or other parameters"):
        await session.schedule(Ffqn(FIBO_CALL), [11], execution_id=taken)
    assert not session.has_effects


async def test_a_child_cannot_be_scheduled(lender: Lender, harness: EngineHarness):
    session = lender.session()
    with pytest.raises(InvalidIdError, match="names a child"):
        await session.schedule(Ffqn(FIBO_CALL), [1], execution_id=ExecutionId(f"{session.execution_id}.g:1_1"))


async def test_the_trace_of_a_session_is_carried_on(harness: EngineHarness, lender: Lender):
    session = lender.session(metadata={PARENT_KEY: TRACE, "other": "kept"})
    child = await called(harness, session)
    scheduled = await session.schedule(Ffqn(FIBO_CALL), [10])
    assert (await harness.events(session.execution_id))[0].metadata == {PARENT_KEY: TRACE, "other": "kept"}
    parent = trace_of(session.execution_id, {PARENT_KEY: TRACE}).parent(execution_span(session.execution_id))
    assert (await harness.events(child.execution_id))[0].metadata == {PARENT_KEY: parent}
    assert (await harness.events(scheduled.execution_id))[0].metadata == {PARENT_KEY: parent, LINKED_KEY: "true"}


# --- the end ---


async def test_a_session_ends_with_its_result(harness: EngineHarness, lender: Lender):
    session = lender.session()
    await called(harness, session)
    await session.finish(DONE)
    assert (await harness.result(session.execution_id)) == DONE


async def test_a_session_without_effects_is_not_kept(harness: EngineHarness, lender: Lender):
    watched = watch(harness)
    session = lender.session()
    await session.finish(DONE)
    assert watched.batches == []
    with pytest.raises(ExecutionNotFoundError):
        await harness.engine.executions.get(session.execution_id)


async def test_a_session_without_effects_is_kept_in_one_batch_when_asked_for(harness: EngineHarness, lender: Lender):
    watched = watch(harness)
    session = lender.session(persist=Persistence.ALWAYS)
    began = harness.clock.now()
    harness.clock.advance(timedelta(seconds=5))
    await harness.settle()
    await session.finish(DONE)
    assert len(watched.batches) == 1
    assert await events_of(harness, session) == [Created, Locked, Finished]
    found = await harness.engine.executions.finished(session.execution_id)
    assert (found.scheduled_at, found.finished_at) == (began, harness.clock.now())


@pytest.mark.parametrize("with_effects", [False, True])
async def test_an_ended_session_takes_nothing_more(harness: EngineHarness, lender: Lender, with_effects: bool):
    session = lender.session()
    if with_effects:
        await called(harness, session)
    await session.finish(DONE)
    for asked in (session.call(Ffqn(FIBO_CALL), [1]), session.schedule(Ffqn(FIBO_CALL), [1]), session.finish(DONE)):
        with pytest.raises(ExecutionStateError, match="has finished"):
            await asked


async def test_a_call_under_way_ends_with_its_session(harness: EngineHarness, lender: Lender):
    session = lender.session()
    calls = [asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"])) for _ in range(3)]
    await harness.settle()
    await session.finish(DONE)
    for call in calls:
        with pytest.raises(ExecutionStateError, match="has finished"):
            await call
    assert len(await listed(harness, ffqn=Ffqn(TEXT))) == 1


async def test_a_session_that_finishes_while_its_first_call_is_written_is_kept(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await session.finish(DONE)
    with pytest.raises(ExecutionStateError):
        await call
    assert (await harness.result(session.execution_id)) == DONE


# --- the lock ---


async def test_the_lock_is_extended_while_a_call_waits(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    for _ in range(40):
        harness.clock.advance(MINUTE / 4)
        await harness.settle()
    assert not call.done()
    locks = [event for event in await harness.events(session.execution_id) if isinstance(event, Locked)]
    assert len(locks) == 20 + 1
    assert locks[-1].lock_expires_at > harness.clock.now()
    assert (await answered(harness, call)).result.ok.value == "y"


async def test_a_long_session_is_never_run_by_an_executor_or_given_up(harness: EngineHarness, lender: Lender):
    session = lender.session(lock_expiry=timedelta(seconds=2))
    await called(harness, session)
    for _ in range(20):
        harness.clock.advance(timedelta(seconds=1))
        await harness.settle()
    await called(harness, session)
    await session.finish(DONE)
    assert (await harness.result(session.execution_id)) == DONE


async def test_a_session_whose_lock_expired_elsewhere_ends_as_a_failure(harness: EngineHarness, lender: Lender):
    """The machine of its server is gone: nothing is left of it but its lock."""
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    kernel = harness.engine._kernel
    session._lock_watch.cancel()
    kernel.sessions._left(session)
    harness.clock.advance(MINUTE)
    await harness.settle()
    assert not (await harness.engine.executions.get(session.execution_id)).is_finished
    harness.clock.advance(timedelta(seconds=1))
    kernel.timers.wake()
    await harness.settle()
    failure = (await harness.result(session.execution_id)).execution_failure
    assert (failure.kind, failure.reason) == (FailureKind.UNCATEGORIZED, SERVER_STOPPED)
    call.cancel()


# --- what others may do with it ---


async def test_a_session_is_neither_cancelled_nor_paused_nor_upgraded_nor_replayed(
    harness: EngineHarness, lender: Lender
):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    executions, own = harness.engine.executions, session.execution_id
    for asked in (
        executions.cancel(own), executions.pause(own), executions.replay(own),
        executions.upgrade(own, expected=COMPONENT.component_digest, new=COMPONENT.component_digest),
    ):  # fmt: skip
        with pytest.raises(ExecutionStateError, match="webhook_endpoint"):
            await asked
    with pytest.raises(ExecutionStateError, match="not paused"):
        await executions.unpause(own)
    with pytest.raises(ExecutionStateError, match="no stub"):
        await executions.stub(own, 1)
    await answered(harness, call)


async def test_a_session_that_another_ended_takes_nothing_more(harness: EngineHarness, lender: Lender):
    session = lender.session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await harness.settle()
    kernel = harness.engine._kernel
    state = await harness.engine.executions.get(session.execution_id)
    turn = kernel.new_turn()
    turn.append(session.execution_id, Finished(failed(FailureKind.UNCATEGORIZED, "gone")), version=state.next_version)
    assert await kernel.written(turn)
    with pytest.raises(ExecutionStateError, match="took this one for dead"):
        await call
    with pytest.raises(ExecutionStateError, match="took this one for dead"):
        await session.finish(DONE)
    assert kernel.sessions.find(session.execution_id) is None


# --- faults ---


@pytest.mark.parametrize("storage", ["memory"])
async def test_a_refused_call_is_made_again(harness: EngineHarness, lender: Lender):
    watched = watch(harness)
    faults = [True]
    watched.fault = lambda batch: CommitRefusedError("a fault") if faults and faults.pop() else None
    session = lender.session()
    assert (await harness.until(session.call(Ffqn(FIBO_CALL), [10]))).result.ok.value == 55
    assert await events_of(harness, session) == [Created, Locked, JoinSetCreate, JoinSetRequest, JoinNext]


async def test_a_result_whose_batch_is_refused_is_not_lost(harness: EngineHarness, lender: Lender):
    session = lender.session()
    watched = watch(harness)
    faults = [True]
    watched.fault = lambda batch: (
        CommitRefusedError("a fault") if _answers(batch, session) and faults and faults.pop() else None
    )
    assert (await harness.until(session.call(Ffqn(FIBO_CALL), [10]))).result.ok.value == 55
    assert not faults


@pytest.mark.parametrize("is_response", [False, True])
async def test_after_an_unknown_commit_a_session_has_ended(harness: EngineHarness, lender: Lender, is_response: bool):
    session = lender.session()
    await called(harness, session)
    watched = watch(harness)
    faults = [True]
    watched.fault = lambda batch: (
        CommitUnknownError("a fault") if _answers(batch, session) is is_response and faults and faults.pop() else None
    )
    with pytest.raises(CommitUnknownError):
        await harness.until(session.call(Ffqn(FIBO_CALL), [10]))
    await harness.settle()
    with pytest.raises(CommitUnknownError):
        await session.finish(DONE)
    assert (await harness.result(session.execution_id)).execution_failure.reason == SERVER_STOPPED
    if is_response:
        child = ExecutionId(f"{session.execution_id}.o:2-fibo_1")
        assert (await harness.result(child)).ok.value == 55


def _answers(batch: Batch, session: Session) -> bool:
    return any(
        write.execution_id == session.execution_id and hasattr(entry.entry, "child_execution_id")
        for write in batch.writes
        for entry in write.entries
    )


# --- lines ---


async def lines_of(harness: EngineHarness, session: Session) -> list[str]:
    rows = await harness.engine.executions.logs(LineQuery(session.execution_id, limit=100))
    return [getattr(row.stored.line, "message", None) or row.stored.line.payload.decode() for row in rows]


async def test_a_stored_line_makes_a_session_exist(harness: EngineHarness, lender: Lender):
    session = lender.session()
    session.log(LogLine(LogLevel.INFO, "hello"))
    session.log(StreamLine(StreamType.STDOUT, b"out"))
    assert session.has_effects
    harness.clock.advance(timedelta(seconds=1))
    await harness.settle()
    assert await events_of(harness, session) == [Created, Locked]
    session.log(LogLine(LogLevel.INFO, "again"))
    assert await lines_of(harness, session) == ["hello", "out", "again"]


async def test_a_line_and_the_end_soon_after_it_are_written_together(harness: EngineHarness, lender: Lender):
    watched = watch(harness)
    session = lender.session()
    session.log(LogLine(LogLevel.INFO, "hello"))
    await session.finish(DONE)
    assert len(watched.batches) == 1
    assert await events_of(harness, session) == [Created, Locked, Finished]
    assert await lines_of(harness, session) == ["hello"]


async def test_a_line_that_is_not_stored_is_no_effect(harness: EngineHarness, lender: Lender):
    session = lender.session(logs_store_min_level=StoredLevel.WARN, forward_stdout=Forward.NONE)
    session.log(LogLine(LogLevel.INFO, "hello"))
    session.log(StreamLine(StreamType.STDOUT, b"out"))
    assert not session.has_effects
    await session.finish(DONE)
    assert await listed(harness) == []


# --- opening ---


async def test_only_roles_of_triggers_have_sessions(harness: EngineHarness, lender: Lender):
    with pytest.raises(InvalidValueError, match="`webhook_endpoint` or `cron`"):
        lender.session(component=ComponentId(ComponentRole.ACTIVITY, "a", COMPONENT.component_digest))


async def test_a_function_of_a_component_is_no_session(harness: EngineHarness, lender: Lender):
    with pytest.raises(InvalidValueError, match="component `fibo` exports it"):
        lender.session(ffqn=Ffqn(FIBO_CALL))


async def test_a_session_has_a_function(harness: EngineHarness, lender: Lender):
    with pytest.raises(InvalidNameError):
        lender.session(ffqn=Ffqn("nothing"))


async def test_a_session_needs_a_lock(harness: EngineHarness, lender: Lender):
    with pytest.raises(InvalidValueError, match="lock_expiry"):
        lender.session(lock_expiry=timedelta())


# --- stopping and crashing ---


async def test_a_session_that_is_open_at_the_stop_ends_as_a_failure(reopen: Open):
    lender = Lender()
    async with reopen(TABLES, triggers=[lender.use]) as harness:
        clock, session, idle = harness.clock, lender.session(), lender.session()
        call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
        await harness.settle()
    with pytest.raises(ExecutionStateError, match="stopping"):
        await call
    with pytest.raises(ExecutionStateError, match="stopping"):
        lender.session()
    async with reopen(TABLES, clock=clock) as harness:
        failure = (await harness.result(session.execution_id)).execution_failure
        assert (failure.kind, failure.reason) == (FailureKind.UNCATEGORIZED, SERVER_STOPPED)
        with pytest.raises(ExecutionNotFoundError):
            await harness.engine.executions.get(idle.execution_id)
        child = ExecutionId(f"{session.execution_id}.o:1-text_1")
        await harness.engine.executions.stub(child, {"ok": "y"})
        assert (await harness.result(child)).ok.value == "y"


async def test_a_request_may_end_while_the_server_stops(reopen: Open):
    lender = Lender()
    results = []

    async def drain() -> None:
        session = lender.session()
        results.append(await session.call(Ffqn(FIBO_CALL), [10]))
        await session.finish(DONE)

    lender.drain = drain
    async with reopen(TABLES, kernel="", triggers=[lender.use]):
        pass
    assert results[0].result.ok.value == 55


async def test_sessions_of_a_server_that_is_gone_end_as_failures_and_their_children_run_on(
    harness: EngineHarness, lender: Lender
):
    waiting, working, idle = lender.session(), lender.session(), lender.session()
    call = asyncio.ensure_future(waiting.call(Ffqn(TEXT), ["x"]))
    await called(harness, working)
    await harness.settle()
    kernel = harness.engine._kernel
    for session in (waiting, working, idle):
        kernel.sessions._left(session)
    await unlock_all(kernel, frozenset((kernel.executor_id,)), reason="executor is gone")
    for session in (waiting, working):
        assert (await harness.result(session.execution_id)).execution_failure.reason == SERVER_STOPPED
    child = ExecutionId(f"{waiting.execution_id}.o:1-text_1")
    await harness.engine.executions.stub(child, {"ok": "y"})
    assert (await harness.result(child)).ok.value == "y"
    call.cancel()
