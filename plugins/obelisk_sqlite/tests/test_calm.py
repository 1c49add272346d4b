"""Which thread makes a transaction: the loop's when it is calm, else the one that writes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest
from obelisk_sqlite import calm
from obelisk_sqlite.calm import ENOUGH, MAX_IN_ROW, QUICK_SECONDS, Calm
from obelisk_sqlite.connection import BUSY_TIMEOUT_MS
from obelisk_sqlite.session import Session
from obelisk_sqlite.storage import SqliteStorage

from obelisk.errors import CommitRefusedError, CommitUnknownError
from obelisk.interfaces.storage import Batch, Committed
from obelisk.testing.storage_samples import RUN_FN, append, batch, create, created, execution, locked, wanted

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
NEXT = execution(1000)
HERE = "MainThread"
THERE = "obelisk-sqlite-writer"


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that accepted batches."""
    names: list[str] = []
    commit = Session.commit

    def noted(session: Session, batch: Batch) -> Committed:
        names.append(threading.current_thread().name)
        return commit(session, batch)

    monkeypatch.setattr(Session, "commit", noted)
    return names


@pytest.fixture
def calmed(opens: Opens, threads: list[str], monkeypatch: pytest.MonkeyPatch) -> Opens:
    """Open a database where as many batches were written as calm takes, and the next are the loop's on any machine."""
    monkeypatch.setattr(calm, "QUICK_SECONDS", 3600)

    @asynccontextmanager
    async def opening(**pragma: str | int) -> AsyncIterator[SqliteStorage]:
        async with opens(**pragma) as storage:
            for number in range(ENOUGH):
                await storage.commit(batch(create(execution(number))))
            assert set(threads) == {THERE}
            threads.clear()
            yield storage

    return opening


def test_it_is_calm_after_quick_transactions_with_nothing_beside_them() -> None:
    found = Calm()
    for _ in range(ENOUGH):
        assert not found.is_enough
        found.note(QUICK_SECONDS, was_alone=True)
    assert found.is_enough


@pytest.mark.parametrize(("seconds", "was_alone"), [(QUICK_SECONDS * 1.01, True), (QUICK_SECONDS, False)])
def test_one_that_is_slow_or_not_alone_ends_the_calm(seconds: float, was_alone: bool) -> None:
    found = Calm()
    for _ in range(ENOUGH):
        found.note(0, was_alone=True)
    found.note(seconds, was_alone=was_alone)
    for _ in range(ENOUGH - 1):
        found.note(0, was_alone=True)
    assert not found.is_enough


def test_what_writes_nothing_tells_nothing_of_the_disk() -> None:
    found = Calm()
    for _ in range(2 * ENOUGH):
        found.note(None, was_alone=True)
    assert not found.is_enough


def test_what_writes_nothing_ends_the_calm_when_it_was_not_alone() -> None:
    found = Calm()
    for _ in range(ENOUGH):
        found.note(0, was_alone=True)
    found.note(None, was_alone=False)
    assert not found.is_enough


async def test_looking_for_work_on_an_idle_server_is_no_calm(opens: Opens, threads: list[str]) -> None:
    async with opens() as storage:
        for _ in range(2 * ENOUGH):
            await storage.lock(wanted(RUN_FN))
        await storage.commit(batch(create(NEXT)))
    assert threads == [THERE]


def test_after_many_by_the_loop_one_is_made_by_the_thread() -> None:
    found = Calm()
    turns = []
    for _ in range(ENOUGH + 2 * (MAX_IN_ROW + 1)):
        turns.append(found.is_enough)
        found.note(0, was_alone=True)
    assert turns == [False] * ENOUGH + ([True] * MAX_IN_ROW + [False]) * 2


async def test_a_single_batch_is_written_by_the_loop_when_it_is_calm(calmed: Opens, threads: list[str]) -> None:
    async with calmed() as storage:
        await storage.commit(batch(create(NEXT)))
        assert threads == [HERE]
        state = await storage.state(NEXT)
        assert state is not None and state.next_version == 1


async def test_batches_that_come_together_are_written_by_the_thread(calmed: Opens, threads: list[str]) -> None:
    async with calmed() as storage:
        before = storage.transactions
        await asyncio.gather(*[storage.commit(batch(create(execution(number)))) for number in (1001, 1002, 1003)])
        assert threads == [THERE] * 3
        assert storage.transactions <= before + 2


async def test_a_lock_that_comes_right_after_a_batch_finds_what_that_wrote(calmed: Opens) -> None:
    async with calmed() as storage:
        committing = storage.commit(batch(create(NEXT)))
        found = await storage.lock(wanted(RUN_FN, limit=1000))
        assert committing.done()
        assert NEXT in {each.execution_id for each in found}


async def test_a_slow_disk_is_never_waited_for_on_the_loop(
    opens: Opens, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calm, "QUICK_SECONDS", 0)
    async with opens() as storage:
        for number in range(ENOUGH + MAX_IN_ROW):
            await storage.commit(batch(create(execution(number))))
    assert set(threads) == {THERE}


async def test_a_database_without_wal_is_never_written_by_the_loop(calmed: Opens, threads: list[str]) -> None:
    async with calmed(journal_mode="delete") as storage:
        await storage.commit(batch(create(NEXT)))
    assert threads == [THERE]


async def test_the_loop_does_not_wait_for_another_process_that_writes(
    calmed: Opens, threads: list[str], database: Path
) -> None:
    async with calmed() as storage:
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            committing = storage.commit(batch(create(NEXT)))
            assert await storage.events(execution(0), from_version=0, limit=1)
            assert time.monotonic() - began < BUSY_TIMEOUT_MS / 2000
            assert not committing.done()
        assert (await committing).states[0].next_version == 1
        assert threads == [THERE]


async def test_the_thread_has_the_patience_that_is_configured_after_the_loop_had_none(
    calmed: Opens, threads: list[str]
) -> None:
    async with calmed(busy_timeout=1234) as storage:
        await storage.commit(batch(create(NEXT)))
        await storage.lock(wanted(RUN_FN))
        assert threads == [HERE]
        writer = storage._writer
        found = await writer.put(call=lambda session: session._connection.execute("PRAGMA busy_timeout").fetchone())
        assert found == (1234,)


async def test_what_the_loop_may_not_write_is_refused_and_the_next_is_written(
    calmed: Opens, threads: list[str]
) -> None:
    async with calmed() as storage:
        with pytest.raises(CommitRefusedError, match="the next version"):
            await storage.commit(batch(append(execution(0), locked(), version=7)))
        await storage.commit(batch(create(NEXT)))
    assert threads == [HERE, HERE]


async def test_a_disk_that_is_full_while_the_loop_writes_leaves_the_storage_usable(
    calmed: Opens, threads: list[str]
) -> None:
    async with calmed(max_page_count=100) as storage:
        with pytest.raises(CommitUnknownError, match="full"):
            await storage.commit(batch(create(NEXT, event=created(params=["x" * 4_000_000]))))
        assert threads == [HERE]
        assert await storage.state(NEXT) is None
        await storage.commit(batch(create(NEXT)))
        assert await storage.state(NEXT) is not None


async def test_a_batch_that_waits_for_the_loop_when_its_storage_is_closed_is_written(
    calmed: Opens, opens: Opens
) -> None:
    async with calmed() as storage:
        committing = storage.commit(batch(create(NEXT)))
    assert committing.done()
    async with opens() as storage:
        assert await storage.state(NEXT) is not None


async def test_a_batch_whose_caller_gave_up_is_written_by_the_loop_all_the_same(
    calmed: Opens, threads: list[str]
) -> None:
    async with calmed() as storage:
        storage.commit(batch(create(NEXT))).cancel()
        await storage.commit(batch(append(NEXT, locked(), version=1)))
        assert await storage.state(NEXT) is not None


async def test_a_batch_that_may_wait_beside_another_is_written_by_the_thread(calmed: Opens, threads: list[str]) -> None:
    async with calmed() as storage:
        waiting = msgspec.structs.replace(batch(create(execution(1001))), may_wait=True)
        await asyncio.gather(storage.commit(batch(create(NEXT))), storage.commit(waiting))
    assert threads == [THERE] * 2


async def test_an_interrupt_while_the_loop_writes_leaves_nothing_half_written(
    calmed: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, interrupts = Session.flush, [SystemExit()]

    def interrupted(session: Session) -> None:
        flush(session)
        if interrupts:
            raise interrupts.pop()

    async with calmed() as storage:
        monkeypatch.setattr(Session, "flush", interrupted)
        committing = storage.commit(batch(append(execution(0), locked(), version=1)))
        handle = storage._writer._end_of_keeping
        assert handle is not None
        handle.cancel()
        with pytest.raises(SystemExit):
            storage._writer._commit_here()
        assert isinstance(committing.exception(), CommitUnknownError)
        await storage.commit(batch(create(NEXT)))
        assert len(await storage.events(execution(0), from_version=0, limit=9)) == 1
        await storage.commit(batch(append(execution(0), locked(), version=1)))
