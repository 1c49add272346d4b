"""Several processes on one file, and processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

from obelisk_sqlite.storage import SqliteStorage

from obelisk.core.state import JoinSetCounts, State, counted_join_set, fold
from obelisk.ids import ExecutionId, JoinSetId
from obelisk.interfaces.storage import ExecutionLog, ExecutionQuery
from obelisk.testing.storage_samples import NOW, batch, create, execution

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
COUNT = 60

LOCKER = """
import asyncio, sys
from pathlib import Path
from obelisk.testing.storage_samples import RUN_FN, append, batch, finished, locked, wanted
from obelisk_sqlite.storage import start

async def main(directory, number):
    storage = start(Path(directory), {})
    sys.stdin.readline()
    while found := await storage.lock(wanted(RUN_FN, limit=2, lock=locked(by=number, run_number=number))):
        for item in found:
            await storage.commit(batch(append(item.execution_id, finished(), version=item.state.next_version)))
            print(item.execution_id, flush=True)
    await storage.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""

WRITER = """
import asyncio, sys
from pathlib import Path
from obelisk.testing.storage_samples import *
from obelisk_sqlite.storage import start

async def main(directory):
    storage = start(Path(directory), {})
    number = 0
    while True:
        number += 1
        id = execution(number)
        kid = child(parent=id)
        first = storage.commit(batch(create(id, locked(), made(), asked_delay(owner=id), waits()), create(kid, locked())))
        second = storage.commit(batch(append(kid, finished(), version=2), append(id, delay_done(owner=id))))
        await asyncio.gather(first, second)
        print(id, flush=True)

asyncio.run(main(sys.argv[1]))
"""

MIGRATOR = """
import asyncio, logging, sys
from pathlib import Path
from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

async def main(directory):
    host = Host(SystemClock(), bytes, Path(directory), Path(directory), logging.getLogger("test"))
    sys.stdin.readline()
    async with open_storage(SqliteSettings(), host):
        print("opened", flush=True)

asyncio.run(main(sys.argv[1]))
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a program; those that wait for a line begin together."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def folded(log: ExecutionLog) -> State:
    """Return what the events add up to, when their responses came last."""
    state: State | None = None
    counts: dict[JoinSetId | None, JoinSetCounts | None] = {}
    entries = [(item.created_at, item.event) for item in log.events]
    for at, entry in [*entries, *[(item.created_at, item.response) for item in log.responses]]:
        join_set = counted_join_set(entry)
        state, counts[join_set] = fold(state, counts.get(join_set), entry, at=at)
    assert state is not None
    return state


async def test_two_processes_share_the_work_and_never_lock_twice(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(*[create(execution(number)) for number in range(COUNT)]))
        processes = [start(LOCKER, database.parent, number) for number in (1, 2)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        done = [line for process in processes for line in process.communicate()[0].split()]
        assert [process.returncode for process in processes] == [0, 0]
        assert sorted(done) == [execution(number) for number in range(COUNT)]
        states = [await storage.state(execution(number)) for number in range(COUNT)]
        assert all(state is not None and state.is_finished and state.next_version == 3 for state in states)


def test_two_processes_may_make_the_database_at_once(tmp_path: Path) -> None:
    processes = [start(MIGRATOR, tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["opened\n"] * 3


async def test_a_killed_process_leaves_whole_batches_and_loses_no_acknowledged_one(
    opens: Opens, database: Path
) -> None:
    async with opens():
        pass
    process = start(WRITER, database.parent)
    assert process.stdout is not None
    acknowledged = [ExecutionId(process.stdout.readline().strip()) for _ in range(100)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [ExecutionId(line) for line in process.communicate()[0].split()]
    async with opens() as storage:
        kept = await storage.list_executions(ExecutionQuery(NOW, limit=100_000))
        assert set(acknowledged) <= {held.execution_id for held in kept}
        for held in kept:
            log = await storage.load(held.execution_id)
            assert log is not None
            assert folded(log) == log.state == held.state
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
