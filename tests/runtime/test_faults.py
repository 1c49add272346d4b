"""A commit that is refused, or whose outcome is unknown, changes nothing in what workflows do: whichever commit it is."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import FailureKind, Unlocked
from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.storage import Batch, Committed, ExecutionLog, ExecutionQuery
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open, workflow
from tests.runtime.scripting import ACTIVITIES, FIBO_CALL, TABLES, TEXT, child, failure, start
from tests.runtime.test_commits import Watched, holds, watch
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED

INNER = [
    scripts.create(),
    scripts.submit(0, TEXT, "x"),
    scripts.submit(0, RUN, [scripts.sleep(hours=1)]),
    scripts.next_(0),
]
SCRIPT = [
    scripts.create(),
    scripts.submit(0, TEXT, "x"),
    scripts.stub(1, {"ok": "y"}),
    scripts.stub(1, {"ok": "z"}),
    scripts.next_(0),
    scripts.submit(0, RUN_CANCELLABLE, INNER),
    scripts.delay(0, hours=2),
    scripts.call(FIBO_CALL, 10),
    scripts.new_id(),
    scripts.schedule(8, FIBO_CALL, 10),
    scripts.schedule(8, FIBO_CALL, 11),
    scripts.sleep(minutes=1),
    scripts.close(0),
    scripts.create(),
    scripts.submit(1, TEXT, "x"),
]
KINDS = ["ok", "ok", "ok", "conflict", "ok", "ok", "ok", "ok", "ok", "ok", "type-check-error", "ok", "ok", "ok", "ok"]
FAULTS = {
    "refused": (CommitRefusedError, False),
    "unknown, lost": (CommitUnknownError, False),
    "unknown, written": (CommitUnknownError, True),
}


class Faulty:
    """Lets one commit fail: the ``at``-th from the moment at which that is set."""

    def __init__(self, watched: Watched, error: type[StorageError], *, is_written: bool) -> None:
        self._storage = watched._storage
        self._error = error
        self._is_written = is_written
        self.at = -1
        watched.commit = self.commit  # type: ignore[method-assign]

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        self.at -= 1
        if self.at != -1:
            return self._storage.commit(batch)
        failed: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        error = self._error("a fault")
        if self._is_written:
            self._storage.commit(batch).add_done_callback(lambda done: failed.set_exception(done.exception() or error))
        else:
            failed.set_exception(error)
        return failed


async def submitted(harness: EngineHarness, function: str, script: list[Any], execution: ExecutionId) -> None:
    """Submit, again when it failed: the id is the same."""
    for _ in range(2):
        try:
            await harness.submit(function, script, execution_id=execution)
        except StorageError:
            continue
        return


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("storage", "kernel"), [("sqlite", ""), ("memory", "[workflows]\nhot_limit = 0")])
async def test_a_fault_changes_nothing(open_engine: Open, fault: str, kernel: str):
    error, is_written = FAULTS[fault]
    async with open_engine(TABLES, kernel=kernel) as harness:
        faulty = Faulty(watch(harness), error, is_written=is_written)
        for number in itertools.count():
            root = new_execution_id(number, bytes(10))
            faulty.at = number
            await submitted(harness, RUN, SCRIPT, root)
            result = (await harness.result(root)).ok
            await harness.settle()
            assert [kind for kind, _ in result.value] == KINDS, number
            assert await failure(harness, child(root, 2)) is FailureKind.CANCELLED
            tree = await harness.engine.executions.list(
                ExecutionQuery(harness.clock.now(), execution_id_prefix=root, limit=100)
            )
            assert [held.execution_id for held in tree if not held.state.is_finished] == [], number
            if faulty.at >= 0:
                break
        assert number > 10


async def test_what_cannot_be_unlocked_is_unlocked_later(open_engine: Open):
    long_lock = workflow("scripted", SCRIPTED, 'exec.lock_expiry = "1h"')
    async with open_engine(ACTIVITIES, long_lock) as harness:
        watched, started = watch(harness), harness.clock.now()
        execution = await start(harness, scripts.call(TEXT, "x"))
        faults = [lambda batch: True, lambda batch: holds(batch, Unlocked)]
        watched.fault = lambda batch: (
            CommitUnknownError("a fault") if faults and faults[0](batch) and faults.pop(0) else None
        )
        asked = child(execution, 1, "o:1-text")
        with pytest.raises(CommitUnknownError):
            await harness.engine.executions.stub(asked, {"ok": "y"})
        await harness.engine.executions.stub(asked, {"ok": "y"})
        assert (await harness.result(execution)).ok.value == [["ok", '"y"']]
        assert faults == []
        assert harness.clock.now() - started < timedelta(minutes=1)


async def test_a_workflow_that_cannot_be_read_is_read_again(open_engine: Open, monkeypatch: pytest.MonkeyPatch):
    async with open_engine(TABLES, kernel="[workflows]\nhot_limit = 0") as harness:
        execution, started = await start(harness, scripts.call(TEXT, "x")), harness.clock.now()
        storage = watch(harness)._storage
        load, faults = storage.load, ["a fault", "another one"]

        async def failing(execution_id: ExecutionId) -> ExecutionLog | None:
            if faults:
                raise StorageError(faults.pop())
            return await load(execution_id)

        monkeypatch.setattr(storage, "load", failing)
        await harness.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
        assert (await harness.result(execution)).ok.value == [["ok", '"y"']]
        assert harness.clock.now() - started < timedelta(seconds=5)
        assert faults == []
