"""What of deletion is SQLite's own: parts, transactions with others, several processes on one file."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from pathlib import Path

import pytest
from obelisk_sqlite import deleting
from obelisk_sqlite.session import Session
from obelisk_sqlite.storage import SqliteStorage

from obelisk.core.events import Finished
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Deleted, ExecutionQuery, Held, LineQuery
from obelisk.testing.storage_samples import (
    NOW,
    append,
    asked_delay,
    batch,
    child,
    children,
    create,
    delay_done,
    ended,
    execution,
    finished,
    locked,
    made,
    make_family,
    numbered,
    parent_and_child,
    wanted,
)

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
ONE = execution(1)
TABLES = ("t_state", "t_execution_log", "t_join_set_response", "t_join_set", "t_delay")


def rows(database: Path, *tables: str) -> int:
    """Return how many rows the tables have together."""
    with closing(sqlite3.connect(database)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables or TABLES]
    return sum(counts)


async def trees(storage: SqliteStorage, *roots: ExecutionId) -> tuple[deleting.Tree, ...]:
    """Return trees as they are now."""
    return (await storage._finder.run(lambda connection: deleting.find(connection, roots))).trees


async def everything(storage: SqliteStorage) -> list[Held]:
    """Return every execution."""
    return await storage.list_executions(ExecutionQuery(NOW, limit=2000))


async def make_large(storage: SqliteStorage, count: int = 1200) -> None:
    """Create an execution with many children, all of them finished, each with a line."""
    await storage.commit(batch(ended(1), *[create(each, locked(), finished()) for each in children(count)]))
    await storage.append_lines([*numbered(1), *[line for each in children(count) for line in numbered(1, of=each)]])


async def test_no_row_of_a_deleted_tree_is_left(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await make_family(storage)
        assert rows(database) > 0
        await storage.delete([ONE])
        assert rows(database) == 0
        assert rows(database.with_name("obelisk-logs.sqlite"), "t_log") == 0


async def test_what_is_created_in_the_transaction_that_deletes_it_is_there(opens: Opens) -> None:
    async with opens() as storage:
        await make_family(storage)
        found = await trees(storage, ONE)
        before = storage.transactions
        begun, others_wait = threading.Event(), threading.Event()

        def keep_busy(_: Session) -> bool:
            begun.set()
            return others_wait.wait(10)

        first = storage._writer.put(call=keep_busy)
        await asyncio.to_thread(begun.wait, 10)
        late = storage.commit(batch(append(ONE, delay_done(7))))
        deleted = storage._writer.put(call=partial(Session.delete, trees=found))
        again = [storage.commit(parent_and_child()), storage.commit(batch(append(ONE, delay_done(8))))]
        others_wait.set()
        await asyncio.gather(first, late, deleted, *again)
        assert storage.transactions == before + 2
        assert deleted.result() == deleting.Part((child(), ONE), 1)
        log = await storage.load(ONE)
        assert log is not None
        assert (log.state.next_version, log.state.cursor) == (7, 3)


async def test_a_large_tree_is_deleted_in_parts_and_its_top_goes_last(opens: Opens) -> None:
    async with opens() as storage:
        await make_large(storage)
        (tree,) = await trees(storage, ONE)
        gone: list[ExecutionId] = []
        while ONE not in gone:
            state = await storage.state(ONE)
            assert state is not None
            assert state.is_finished
            part = await storage._writer.put(call=partial(Session.delete, trees=(tree,)))
            assert len(part.executions) <= deleting.PART_ROWS
            gone += part.executions
        assert gone == sorted([*children(1200), ONE], reverse=True)


async def test_a_deletion_that_was_cut_short_is_taken_up_by_the_next(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await make_large(storage)
        first = asyncio.ensure_future(storage.delete([ONE]))
        while len(await everything(storage)) == 1201:
            continue
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        left = len(await everything(storage))
        assert 1 < left < 1201
        assert [held.execution_id for held in await storage.finished_before(NOW.replace(year=2027), limit=5)] == [ONE]
        assert (await storage.delete([ONE])).executions <= left
        assert rows(database) == 0


async def test_commits_get_through_between_the_parts_of_a_deletion(opens: Opens) -> None:
    async with opens() as storage:
        await make_large(storage)
        deletion = asyncio.ensure_future(storage.delete([ONE]))
        count = 0
        while not deletion.done():
            count += 1
            await storage.commit(batch(create(execution(count + 1))))
        assert await deletion == Deleted(1201)
        assert count > 5


async def test_a_long_log_keeps_its_ends_to_the_last(opens: Opens) -> None:
    asked = [asked_delay(number) for number in range(1, 1001)]
    async with opens() as storage:
        await storage.commit(batch(create(ONE, locked(), made(), *asked, finished())))
        (tree,) = await trees(storage, ONE)
        part = await storage._writer.put(call=partial(Session.delete, trees=(tree,)))
        assert part == deleting.Part((), 0)
        left = await storage.events(ONE, from_version=0, limit=2000)
        assert len(left) == 1004 - deleting.PART_ROWS
        assert (left[0].version, type(left[-1].event)) == (0, Finished)
        assert await storage.delete([ONE]) == Deleted(1)


async def test_two_processes_may_delete_the_same_trees(opens: Opens, database: Path) -> None:
    async with opens() as one, opens() as other:
        await make_large(one)
        both = await asyncio.gather(one.delete([ONE]), other.delete([ONE]))
        assert sum(deleted.executions for deleted in both) == 1201
        assert rows(database) == 0


async def test_a_tree_made_anew_while_another_process_deletes_it_stays(opens: Opens) -> None:
    async with opens() as one, opens() as other:
        await make_family(one)
        seen = await trees(other, ONE)
        await one.delete([ONE])
        await one.commit(batch(create(ONE, locked(), finished(), when=1), create(child(), when=1)))
        part = await other._writer.put(call=partial(Session.delete, trees=seen))
        assert part == deleting.Part((), 1)
        assert await one.state(child()) is not None


async def test_lines_of_a_tree_made_anew_stay_when_those_before_it_are_deleted(opens: Opens) -> None:
    async with opens() as one, opens() as other:
        await make_family(one)
        last = await other._lines.last_cursor()
        await one.delete([ONE])
        await one.append_lines(numbered(3))
        await other._lines.delete([ONE], until=last)
        assert len(await one.lines(LineQuery(ONE))) == 1


async def test_another_process_goes_on_with_ids_that_were_deleted(opens: Opens) -> None:
    async with opens() as one, opens() as other:
        await other.commit(parent_and_child())
        await one.delete([ONE])
        await other.commit(parent_and_child())
        await other.delete([ONE])
        await one.commit(batch(create(ONE)))
        (again,) = await other.lock(wanted("test:pkg/ifc.run"))  # type: ignore[arg-type]
        assert again.state.next_version == 2
