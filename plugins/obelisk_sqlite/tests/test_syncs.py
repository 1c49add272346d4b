"""How often the file is synced: counted from outside, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from obelisk_sqlite.storage import SqliteStorage

from tests.debian_programs import program, program_environment

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
COMMITS = 20
IN_A_ROW = """
import asyncio, sys
from pathlib import Path
from obelisk.testing.storage_samples import batch, create, execution
from obelisk_sqlite.storage import start

async def main(directory, commits, synchronous):
    storage = start(Path(directory), {"synchronous": synchronous} if synchronous else {})
    await storage.commit(batch(create(execution(0))))
    setting = storage._writer._transactions._connection.execute("PRAGMA synchronous").fetchone()[0]
    print(f"synchronous {setting}", flush=True)
    for number in range(1, commits + 1):
        await storage.commit(batch(create(execution(number))))
    print("over", flush=True)
    await storage.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""
SYNC = re.compile(r"f(data)?sync\(\d+<[^>]*-wal>\)")


@pytest.fixture
async def directory(opens: Opens, database: Path) -> Path:
    """Where there is a database."""
    async with opens():
        return database.parent


def synced(directory: Path, synchronous: str) -> tuple[int, int]:
    """Return what the writer's connection says of ``synchronous``, and how often COMMITS commits synced the log."""
    trace = directory / "trace"
    calls = ["--trace=fsync,fdatasync,write", "--follow-forks", "--decode-fds=path", f"--output={trace}"]
    unset = ["--env=LD_LIBRARY_PATH"]  # it is strace's, not Python's
    child = [sys.executable, "-c", IN_A_ROW, str(directory), str(COMMITS), synchronous]
    environment = program_environment() | {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([*program("strace"), *calls, *unset, *child], env=environment, check=True, timeout=60)
    _, setting, commits, *_ = re.split(r'write\(1[^,]*, "(?:synchronous (\d)|over)', trace.read_text())
    return int(setting), len(SYNC.findall(commits))


def test_each_commit_is_synced_by_itself_when_nothing_else_waits(directory: Path):
    assert synced(directory, "") == (2, COMMITS)


@pytest.mark.parametrize(("synchronous", "number"), [("NORMAL", 1), ("OFF", 0)])
def test_the_log_is_not_synced_when_that_is_turned_off(directory: Path, synchronous: str, number: int):
    assert synced(directory, synchronous) == (number, 0)
