"""Memory and SQLite side by side: whatever is done, they answer alike."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.clock import SystemClock
from obelisk.core.events import (
    ComponentRole,
    Event,
    Paused,
    Persist,
    PersistKind,
    Response,
    TemporarilyFailed,
    TryOutcome,
    Unlocked,
    Unpaused,
)
from obelisk.errors import ObeliskError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Batch, Bucket, Committed, ExecutionQuery, LockWanted, Order, Storage, Write
from obelisk.testing.storage_samples import (
    OTHER_FN,
    OTHER_JOIN_SET,
    RUN_FN,
    asked_child,
    asked_delay,
    at,
    cancelling,
    child,
    child_done,
    created,
    delay,
    delay_done,
    entries,
    execution,
    executor,
    finished,
    locked,
    looks,
    made,
    unfit_for,
    waits,
    wanted,
)

IDS = (execution(1), execution(2), child(1), child(2))
JOIN_SETS = (JoinSetId("g:1"), OTHER_JOIN_SET, JoinSetId("o:1-run"))
TIMES = st.integers(0, 20)
A_ROLE = st.sampled_from([ComponentRole.WORKFLOW, ComponentRole.WORKFLOW, ComponentRole.CRON])


class Proposal(Struct, frozen=True):
    """A write whose expectations are off by ``version`` and ``cursor`` from the truth; ``None`` does not check."""

    target: int
    items: tuple[Event | Response, ...]
    when: int
    version: int | None
    cursor: int | None


Truth = dict[ExecutionId, tuple[int, int]]
"""The next version and the cursor of each execution."""
Burst = list[list[Proposal]]
"""Batches that are queued before the first is awaited."""


class Pause(Struct, frozen=True):
    """A call of ``pause_delay``, queued behind a burst that is not awaited before it."""

    burst: Burst
    delay_id: DelayId
    paused: bool


Step = Burst | Pause | LockWanted | ExecutionQuery


def an_item() -> st.SearchStrategy[Event | Response]:
    """Draw an event or a response."""
    join_sets = st.sampled_from(JOIN_SETS)
    numbers = st.integers(1, 2)
    return st.one_of(
        st.builds(created, st.sampled_from([RUN_FN, OTHER_FN]), due=TIMES, made_of=st.sampled_from("ab"), role=A_ROLE),
        st.builds(locked, until=TIMES, by=numbers, run_number=numbers, made_of=st.sampled_from("ab")),
        st.builds(made, join_sets),
        st.builds(asked_child, numbers, join_set=join_sets),
        st.builds(asked_delay, numbers, due=TIMES, join_set=join_sets, paused=st.booleans()),
        st.builds(waits, join_sets, until=TIMES),
        st.builds(looks, st.sampled_from(TryOutcome), join_sets),
        st.builds(child_done, numbers, join_set=join_sets),
        st.builds(delay_done, numbers, join_set=join_sets, success=st.booleans()),
        st.builds(unfit_for, st.sampled_from("ab")),
        st.builds(lambda when: Unlocked(at(when), "closing"), TIMES),
        st.builds(lambda when: TemporarilyFailed(at(when), "trap"), TIMES),
        st.sampled_from(
            [Paused(), Unpaused(), *cancelling(), finished(), Persist([1], PersistKind(execution_id=None))]
        ),
    )


def a_life() -> st.SearchStrategy[tuple[Event | Response, ...]]:
    """Draw the beginning of a log, so that later events often fit."""
    begin = st.sampled_from(
        [
            (created(),),
            (created(), locked(until=15)),
            (created(), locked(until=15), made()),
            (created(role=ComponentRole.WEBHOOK_ENDPOINT), locked(until=15), made()),
        ]
    )
    return st.builds(lambda first, more: (*first, *more), begin, st.lists(an_item(), max_size=3))


def a_proposal() -> st.SearchStrategy[Proposal]:
    """Draw a write."""
    items = st.one_of(a_life(), st.lists(an_item(), min_size=1, max_size=4).map(tuple))
    off = st.sampled_from([0, 0, 0, None, None, 1])
    return st.builds(Proposal, st.integers(0, len(IDS) - 1), items, TIMES, off, off)


def a_query() -> st.SearchStrategy[ExecutionQuery]:
    """Draw a page."""
    return st.builds(
        ExecutionQuery,
        now=st.builds(at, TIMES),
        limit=st.integers(0, 4),
        order=st.sampled_from(Order),
        cursor_id=st.sampled_from([None, *IDS]),
        cursor_created_at=st.none() | st.builds(at, TIMES),
        including_cursor=st.booleans(),
        top_level_only=st.booleans(),
        hide_finished=st.booleans(),
        execution_id_prefix=st.sampled_from([None, None, IDS[0], "E_%"]),
        ffqn_prefix=st.sampled_from([None, None, RUN_FN[:10], RUN_FN]),
        package=st.sampled_from([None, None, "test:pkg", "test:pk"]),
        interface=st.sampled_from([None, None, "test:pkg/ifc"]),
        buckets=st.frozensets(st.sampled_from(Bucket), max_size=2),
    )


def a_lock() -> st.SearchStrategy[LockWanted]:
    """Draw a call of ``lock``."""
    return st.builds(
        lambda ffqns, limit, now, made_of, unfit: wanted(*ffqns, limit=limit, now=now, made_of=made_of, unfit=unfit),
        st.frozensets(st.sampled_from([RUN_FN, OTHER_FN])),
        st.integers(0, 3),
        TIMES,
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "a", "b"]),
    )


def a_delay() -> st.SearchStrategy[DelayId]:
    """Draw a delay, often one that was asked for."""
    owners = st.sampled_from([IDS[0], IDS[0], IDS[0], IDS[1]])
    return st.builds(
        lambda number, owner, join_set: delay(number, owner=owner, join_set=join_set),
        st.integers(1, 2),
        owners,
        st.sampled_from(JOIN_SETS),
    )


A_BURST = st.lists(st.lists(a_proposal(), min_size=1, max_size=3), min_size=1, max_size=4)
A_PAUSE = st.builds(Pause, st.just([]) | A_BURST, a_delay(), st.booleans())
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(A_BURST, A_BURST, A_PAUSE, a_lock(), a_query()), min_size=1, max_size=8
)


async def outcome(action: Awaitable[Any]) -> Any:
    """Return the answer, or the kind of error with its message."""
    try:
        return await action
    except ObeliskError as error:
        return type(error), str(error)


def queue(storage: Storage, burst: Burst, truth: Truth) -> list[asyncio.Future[Committed]]:
    """Queue the batches of a burst together."""
    batches = [Batch(tuple(_write(proposal, truth) for proposal in proposals)) for proposals in burst]
    return [storage.commit(batch) for batch in batches]


async def propose(storage: Storage, burst: Burst, truth: Truth) -> list[Any]:
    """Return the outcomes of batches that were queued together."""
    return [await outcome(future) for future in queue(storage, burst, truth)]


def _write(proposal: Proposal, truth: Truth) -> Write:
    id = IDS[proposal.target]
    version, cursor = truth.get(id, (0, 0))
    return Write(
        id,
        entries(*proposal.items, when=proposal.when),
        None if proposal.version is None else version + proposal.version,
        None if proposal.cursor is None else cursor + proposal.cursor,
    )


async def everything(storage: Storage) -> list[Any]:
    """Return all that can be asked of a storage."""
    found: list[Any] = [await storage.load(id) for id in IDS]
    for seconds in (0, 10, 30):
        found.append(await storage.due_delays(at(seconds), limit=3))
        found.append(await storage.expired_locks(at(seconds), limit=3))
        found.append(await storage.next_timer(at(seconds)))
    found.append(await storage.held_by(frozenset({executor(1)})))
    found.append(await storage.ending(limit=2))
    found.append(await storage.unfinished_functions())
    return found


async def compare(steps: list[Step], memory: Storage, sqlite: Storage) -> None:
    """Do the same with both and compare each answer."""
    for step in steps:
        states = {id: await memory.state(id) for id in IDS}
        truth = {id: (state.next_version, state.cursor) for id, state in states.items() if state is not None}
        assert await answers(sqlite, step, truth) == await answers(memory, step, truth)
        assert await everything(sqlite) == await everything(memory)


async def answers(storage: Storage, step: Step, truth: Truth) -> list[Any]:
    """Do a step and return what was answered."""
    match step:
        case list():
            return await propose(storage, step, truth)
        case Pause():
            futures = queue(storage, step.burst, truth)
            paused = await storage.pause_delay(step.delay_id, paused=step.paused)
            return [paused, *[await outcome(future) for future in futures]]
        case LockWanted():
            return [await outcome(storage.lock(step))]
        case ExecutionQuery():
            return [await outcome(storage.list_executions(step))]


async def run(steps: list[Step]) -> None:
    """Compare two new storages."""
    with TemporaryDirectory() as name:
        host = Host(SystemClock(), random.Random(1).randbytes, Path(name), Path(name), logging.getLogger("test"))
        async with open_storage(SqliteSettings(pragma={"synchronous": "OFF"}), host) as sqlite:
            await compare(steps, MemoryStorage(), sqlite)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_memory_and_sqlite_answer_alike(steps: list[Step]) -> None:
    asyncio.run(run(steps))
