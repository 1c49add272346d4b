"""What SQLite adds to the interface: durability, group commit, one file for several storages."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from obelisk_sqlite import reader, writer
from obelisk_sqlite.backlog import BACKLOG
from obelisk_sqlite.connection import open_configured
from obelisk_sqlite.ledger import Pages
from obelisk_sqlite.listing import select_page
from obelisk_sqlite.session import Cache, Session
from obelisk_sqlite.storage import SqliteStorage
from obelisk_sqlite.writer import MAX_KEPT

from obelisk.core.events import Persist, PersistKind, RetryConfig, TimeSpan
from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.interfaces.storage import Batch, Bucket, Committed, ExecutionQuery
from obelisk.testing.storage_samples import (
    RUN_FN,
    append,
    asked_child,
    asked_delay,
    at,
    batch,
    cancelling,
    child,
    child_done,
    create,
    created,
    delay,
    delay_done,
    execution,
    finished,
    locked,
    made,
    waits,
    wanted,
)

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
ONE, TWO, THREE = execution(1), execution(2), execution(3)


def huge(size: int = 4_000_000) -> Batch:
    """Return a batch of ``size`` bytes."""
    return batch(create(TWO, event=created(params=["x" * size])))


def hold_the_write_lock(database: Path) -> sqlite3.Connection:
    """Return a connection that nobody can write beside."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def replace_by_copy(file: Path) -> None:
    """Put a copy of a file in its place."""
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)


def delete(file: Path) -> None:
    file.unlink()


def move(source: Path, target: Path) -> None:
    """Rename a file."""
    source.rename(target)


async def test_what_was_committed_is_there_after_a_restart(opens: Opens) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_child(), asked_delay(), waits())))
        await storage.commit(batch(create(child(), locked(), finished()), append(ONE, child_done())))
        before = await storage.load(ONE), await storage.load(child())
    async with opens() as storage:
        assert (await storage.load(ONE), await storage.load(child())) == before


async def test_join_set_counts_outlive_a_restart(opens: Opens) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_child()), append(ONE, child_done())))
    async with opens() as storage:
        committed = await storage.commit(batch(append(ONE, waits(), version=4, cursor=1)))
        assert committed.states[0].join_set_id is None


async def test_batches_that_wait_are_committed_by_the_end(opens: Opens) -> None:
    async with opens() as storage:
        futures = [storage.commit(batch(create(execution(number)))) for number in range(50)]
    assert all(future.done() for future in futures)
    async with opens() as storage:
        assert all([await storage.state(execution(number)) for number in range(50)])


async def test_after_the_end_calls_raise(opens: Opens) -> None:
    async with opens() as storage:
        pass
    with pytest.raises(StorageError, match="closed"):
        storage.commit(batch(create(ONE)))
    with pytest.raises(StorageError, match="closed"):
        await storage.lock(wanted(RUN_FN))
    with pytest.raises(StorageError, match="closed"):
        await storage.events(ONE, from_version=0, limit=1)


async def test_batches_that_wait_share_a_transaction(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        with closing(hold_the_write_lock(database)):
            futures = [storage.commit(batch(create(execution(number)))) for number in range(100)]
        await asyncio.gather(*futures)
        assert storage.transactions <= 2


async def test_batches_that_may_wait_share_the_transaction_of_the_next_that_may_not(opens: Opens) -> None:
    async with opens() as storage:
        before = storage.transactions
        for number in range(MAX_KEPT - 1):
            storage.commit(Batch((create(execution(number)),), may_wait=True))
        await storage.commit(batch(create(execution(MAX_KEPT))))
        assert storage.transactions == before + 1


async def test_only_so_many_batches_wait_at_once(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "KEEP_SECONDS", 3600)
    async with opens() as storage:
        waiting = [storage.commit(Batch((create(execution(number)),), may_wait=True)) for number in range(MAX_KEPT + 1)]
        await asyncio.gather(*waiting[:-1])
        assert not waiting[-1].done()


async def test_what_waits_when_a_storage_is_closed_is_written(opens: Opens) -> None:
    async with opens() as storage:
        storage.commit(Batch((create(ONE),), may_wait=True))
    async with opens() as storage:
        assert await storage.state(ONE) is not None


def test_a_commit_that_was_acknowledged_survives_power_loss(opens: Opens, database: Path) -> None:
    async def make() -> None:
        async with opens():
            pass

    asyncio.run(make())
    with closing(open_configured(database, {}, writes=True)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_caller_that_gives_up_does_not_undo_its_batch(opens: Opens) -> None:
    async with opens() as storage:
        storage.commit(batch(create(ONE))).cancel()
        assert await storage.state(ONE) is not None


async def test_two_storages_on_one_file_see_each_others_batches(opens: Opens) -> None:
    async with opens() as mine, opens() as yours:
        await mine.commit(batch(create(ONE)))
        await yours.commit(batch(append(ONE, locked(), version=1)))
        committed = await mine.commit(batch(append(ONE, made(), version=2)))
        assert committed.states[0].next_version == 3
        with pytest.raises(CommitRefusedError):
            await yours.commit(batch(append(ONE, finished(), version=2)))


async def test_two_storages_on_one_file_create_executions_beside_each_other(opens: Opens) -> None:
    async with opens() as mine, opens() as yours:
        storages = [mine, yours] * 50
        futures = [storage.commit(batch(create(execution(number)))) for number, storage in enumerate(storages)]
        await asyncio.gather(*futures)
        assert len(await mine.lock(wanted(RUN_FN, limit=1000))) == 100


async def test_two_storages_on_one_file_never_lock_the_same_execution(opens: Opens) -> None:
    async with opens() as mine, opens() as yours:
        await mine.commit(batch(*[create(execution(number)) for number in range(20)]))
        locks = [storage.lock(wanted(RUN_FN, limit=3)) for storage in (mine, yours) * 5]
        found = [item.execution_id for page in await asyncio.gather(*locks) for item in page]
        assert sorted(found) == [execution(number) for number in range(20)]


async def test_a_paused_delay_is_paused_after_a_restart(opens: Opens) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2, paused=True))))
        await storage.pause_delay(delay(1), paused=True)
        await storage.pause_delay(delay(2), paused=False)
    async with opens() as storage:
        assert [due.delay_id for due in await storage.due_delays(at(99), limit=10)] == [delay(2)]


async def test_a_delay_is_asked_for_paused_and_answered_in_one_transaction(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        before = storage.transactions
        with closing(hold_the_write_lock(database)):
            first = storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
            pauses = [asyncio.ensure_future(storage.pause_delay(delay(number), paused=True)) for number in (1, 2)]
            await asyncio.sleep(0)
            answer = storage.commit(batch(append(ONE, delay_done(1), waits(), version=5, cursor=0)))
            late = asyncio.ensure_future(storage.pause_delay(delay(1), paused=False))
            await asyncio.sleep(0)
        await asyncio.gather(first, answer)
        assert [await pause for pause in (*pauses, late)] == [True, True, False]
        assert storage.transactions <= before + 2
        assert await storage.due_delays(at(99), limit=10) == []
        await storage.commit(batch(append(ONE, delay_done(2))))
        assert not await storage.pause_delay(delay(2), paused=False)


async def test_a_delay_paused_by_another_storage_is_answered_by_this_one(opens: Opens) -> None:
    async with opens() as mine, opens() as yours:
        await mine.commit(batch(create(ONE, locked(), made(), asked_delay())))
        assert await yours.pause_delay(delay(), paused=True)
        assert await mine.due_delays(at(99), limit=10) == []
        await mine.commit(batch(append(ONE, delay_done(success=False), version=4, cursor=0)))
        assert not await yours.pause_delay(delay(), paused=False)


async def test_a_pause_that_fails_is_an_error_and_pauses_nothing(opens: Opens, database: Path) -> None:
    async with opens(busy_timeout=1) as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        with closing(hold_the_write_lock(database)), pytest.raises(CommitUnknownError, match="locked"):
            await storage.pause_delay(delay(), paused=True)
        assert len(await storage.due_delays(at(99), limit=10)) == 1


async def test_what_is_ending_is_found_without_looking_at_the_rest(opens: Opens, database: Path) -> None:
    async with opens():
        pass
    with closing(sqlite3.connect(database)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {reader._ENDING}", (1,)).fetchall()
    assert [row[-1] for row in plan] == ["SCAN t_state USING INDEX t_state_ending"]


async def test_what_is_unfinished_is_counted_without_looking_at_the_rest(opens: Opens, database: Path) -> None:
    async with opens():
        pass
    with closing(sqlite3.connect(database)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {BACKLOG}", {"now": 0}).fetchall()
    assert [row[-1] for row in plan] == ["SCAN t_state USING INDEX t_state_timer", "USE TEMP B-TREE FOR GROUP BY"]


@pytest.mark.parametrize(
    ("buckets", "index"),
    [
        ({Bucket.BLOCKED, Bucket.PENDING}, "t_state_timer"),
        ({Bucket.FINISHED_ERROR, Bucket.FINISHED_EXECUTION_FAILURE}, "t_state_failed"),
        ({Bucket.BLOCKED, Bucket.FINISHED_OK}, "t_state_created"),
    ],
)
async def test_a_list_of_a_few_states_does_not_walk_past_all_that_finished_well(
    opens: Opens, database: Path, buckets: set[Bucket], index: str
) -> None:
    async with opens():
        pass
    statements: list[str] = []
    with closing(sqlite3.connect(database)) as connection:
        connection.set_trace_callback(statements.append)
        select_page(connection, ExecutionQuery(now=at(0), buckets=frozenset(buckets)))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statements[-1]}").fetchall()
    assert plan[0][-1].endswith(f"USING INDEX {index}")


async def test_what_ends_is_deleted_without_walking_past_what_goes_on(opens: Opens, database: Path) -> None:
    async with opens():
        pass
    statements: list[str] = []
    pages = Pages()
    pages.delays_done = [(1, delay()), (2, delay(owner=TWO))]
    with closing(sqlite3.connect(database)) as connection:
        session = Session(connection, Cache())
        session._ledger.pages = pages
        connection.set_trace_callback(statements.append)
        session.flush()
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {each}").fetchall() for each in list(statements)]
    deletes = [row[-1] for plan in plans for row in plan if "t_delay" in row[-1]]
    assert deletes
    assert all(each.startswith("SEARCH") for each in deletes)


async def test_a_full_disk_leaves_the_outcome_unknown_and_the_storage_usable(opens: Opens) -> None:
    async with opens(max_page_count=100) as storage:
        await storage.commit(batch(create(ONE)))
        with pytest.raises(CommitUnknownError, match="full"):
            await storage.commit(huge())
        assert await storage.state(TWO) is None
        committed = await storage.commit(batch(append(ONE, locked(), version=1), create(TWO)))
        assert [state.next_version for state in committed.states] == [2, 1]


async def test_a_read_that_waits_behind_a_write_that_fails_is_answered(opens: Opens) -> None:
    async with opens(max_page_count=200) as storage:
        await storage.commit(batch(create(ONE)))
        failing = asyncio.ensure_future(storage.commit(huge()))
        await asyncio.sleep(0)
        assert await storage.state(ONE) is not None
        with pytest.raises(CommitUnknownError, match="full"):
            await failing


async def test_batches_in_flight_with_one_that_fails_are_whole_or_absent(opens: Opens) -> None:
    async with opens(max_page_count=100) as storage:
        futures = [storage.commit(batch(create(ONE))), storage.commit(huge()), storage.commit(batch(create(THREE)))]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        assert isinstance(outcomes[1], CommitUnknownError)
        for id, outcome in ((ONE, outcomes[0]), (THREE, outcomes[2])):
            assert isinstance(outcome, Committed if await storage.state(id) else CommitUnknownError)


async def test_a_lock_that_fails_is_an_error_and_locks_nothing(opens: Opens, database: Path) -> None:
    async with opens(busy_timeout=1) as storage:
        await storage.commit(batch(create(ONE)))
        with closing(hold_the_write_lock(database)), pytest.raises(StorageError, match="locked"):
            await storage.lock(wanted(RUN_FN))
        assert len(await storage.lock(wanted(RUN_FN))) == 1


async def test_a_database_that_stays_busy_leaves_the_outcome_unknown(opens: Opens, database: Path) -> None:
    async with opens(busy_timeout=1) as storage:
        with closing(hold_the_write_lock(database)), pytest.raises(CommitUnknownError, match=str(database)):
            await storage.commit(batch(create(ONE)))
        await storage.commit(batch(create(ONE)))


async def test_a_batch_that_sqlite_cannot_hold_is_refused_and_its_neighbours_are_not(opens: Opens) -> None:
    too_large = locked()
    too_large = type(too_large)(
        too_large.component_id,
        too_large.executor_id,
        too_large.deployment_id,
        too_large.run_id,
        too_large.lock_expires_at,
        RetryConfig(2**70, TimeSpan(0)),
    )
    async with opens() as storage:
        futures = [storage.commit(batch(create(ONE))), storage.commit(batch(create(TWO, too_large)))]
        futures.append(storage.commit(batch(create(THREE))))
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Committed, CommitRefusedError, Committed]
        assert await storage.state(TWO) is None


async def test_a_batch_that_is_no_json_is_refused(opens: Opens) -> None:
    async with opens() as storage:
        with pytest.raises(CommitRefusedError):
            await storage.commit(batch(create(ONE, event=created(params=[object()]))))
        await storage.commit(batch(create(ONE)))


async def test_a_database_that_went_away_is_an_error_until_it_is_back(opens: Opens, database: Path) -> None:
    moved = database.with_name("moved")
    async with opens(max_page_count=100) as storage:
        await storage.commit(batch(create(ONE)))
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        move(database, moved)
        for _ in range(2):
            with pytest.raises(CommitUnknownError):
                await storage.commit(huge())
        move(moved, database)
        committed = await storage.commit(batch(append(ONE, locked(), version=1)))
        assert committed.states[0].next_version == 2


@pytest.mark.parametrize("suffixes", [("",), ("-wal",), ("-wal", "-shm"), ("", "-wal", "-shm")], ids="+".join)
async def test_nothing_is_acknowledged_once_a_file_was_deleted(
    opens: Opens, database: Path, suffixes: tuple[str, ...]
) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE)))
        for suffix in suffixes:
            delete(database.with_name(database.name + suffix))
        for _ in range(3):
            with pytest.raises(CommitUnknownError, match="was deleted or replaced"):
                await storage.commit(batch(create(TWO)))
        # Else what is gone would be taken for what is there.
        with pytest.raises(StorageError, match="was deleted or replaced"):
            await storage.state(TWO)


async def test_nothing_is_acknowledged_once_the_file_was_replaced(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE)))
        replace_by_copy(database)
        for _ in range(3):
            with pytest.raises(CommitUnknownError, match="was deleted or replaced"):
                await storage.commit(batch(create(TWO)))


@pytest.mark.parametrize("suffix", ["", "-wal"], ids=["database", "write-ahead log"])
async def test_commits_go_on_once_a_file_that_went_away_is_back(opens: Opens, database: Path, suffix: str) -> None:
    file = database.with_name(database.name + suffix)
    async with opens() as storage:
        await storage.commit(batch(create(ONE)))
        move(file, database.with_name("moved"))
        with pytest.raises(CommitUnknownError, match="was deleted or replaced"):
            await storage.commit(batch(create(TWO)))
        move(database.with_name("moved"), file)
        await storage.commit(batch(create(THREE)))
    async with opens() as storage:
        assert await storage.state(THREE) is not None


async def test_a_file_that_was_cut_short_is_an_error_and_ends_no_process(opens: Opens, database: Path) -> None:
    async with opens(wal_autocheckpoint=1) as storage:
        for number in range(20):
            await storage.commit(batch(create(execution(number), event=created(params=["x" * 50_000]))))
        await storage.load(execution(0))
        os.truncate(database, 8192)
        with pytest.raises(StorageError, match=r"malformed|I/O"):
            for number in range(20):
                await storage.load(execution(number))


async def test_a_child_result_is_stored_once(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_child()), create(child(), locked())))
        await storage.commit(batch(append(child(), finished(), version=2), append(ONE, child_done())))
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT result, finished_version FROM t_join_set_response").fetchall() == [(None, 2)]


async def test_rows_of_a_finished_execution_are_deleted_where_nobody_needs_them(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), asked_child(), asked_delay())))
        await storage.commit(batch(append(ONE, finished(), version=5)))
    with closing(sqlite3.connect(database)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("t_join_set", "t_delay")]
    assert counts == [(0,), (0,)]


async def test_the_database_is_whole_after_many_batches(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked())))
        events = [Persist([number % 256], PersistKind(execution_id=None)) for number in range(500)]
        await asyncio.gather(*[storage.commit(batch(append(ONE, event))) for event in events])
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    "index",
    ["t_state_pending_ffqn", "t_state_pending_digest", "t_state_timer", "t_state_ending", "t_delay_expires"],
)
async def test_indexes_of_the_scans_hold_only_what_is_scanned(opens: Opens, database: Path, index: str) -> None:
    async with opens() as storage:
        ended = (locked(), *cancelling(), finished())
        await storage.commit(batch(*[create(execution(number), *ended) for number in range(50)]))
    with closing(sqlite3.connect(database)) as connection:
        table, where = connection.execute(
            "SELECT tbl_name, substr(sql, instr(sql, 'WHERE')) FROM sqlite_master WHERE name = ?", (index,)
        ).fetchone()
        query = f"SELECT count(*) FROM {table} INDEXED BY {index} {where}"
        assert connection.execute(query).fetchone() == (0,)
