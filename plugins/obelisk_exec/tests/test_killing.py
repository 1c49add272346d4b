"""What ends a run ends all of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psutil
import pytest

from obelisk.builtin import memory_storage
from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.core.events import FailureKind, TemporarilyFailed, TemporarilyTimedOut, Unlocked
from obelisk.interfaces.components import Returned
from obelisk.interfaces.executions import CancelOutcome

HANGS = """
exec 3>"$WITNESS"
(sleep 1000 & echo $! >&3; wait) &
echo $$ >&3
wait
"""
"""A script with a child and a grandchild; two of them say who they are."""
RUN = "tools:t/t.run"
FLOOD = 100_000_000


async def test_a_cancelled_run_is_killed_with_its_grandchildren(tables, open_exec, witness):
    async with open_exec(tables.script(HANGS, witness.key)) as activity:
        run = activity.start()
        processes = [await witness.process() for _ in range(2)]
        run.cancel()
        await witness.all_gone()
        await witness.ended(*processes)
    assert run.outcomes == []


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 10, 100, 1000])
async def test_a_run_can_be_cancelled_at_any_time_of_its_start(tables, open_exec, witness, turns):
    async with open_exec(tables.script(HANGS, witness.key)) as activity:
        run = activity.start()
        for _ in range(turns):
            await witness.turn()
        run.cancel()
    await witness.all_gone()
    assert run.outcomes == []


async def test_a_cancelled_run_logs_nothing_more(tables, open_exec, witness):
    async with open_exec(tables.script('exec 3>"$WITNESS"; echo x >&3; yes >&2', witness.key)) as activity:
        run = activity.start()
        await witness.line()
        run.cancel()
        logged = len(run.logged)
        await witness.all_gone()
    assert len(run.logged) == logged


async def test_closing_the_component_kills_what_runs(tables, open_exec, witness):
    async with open_exec(tables.script(HANGS, witness.key)) as activity:
        runs = [activity.start(), activity.start()]
        processes = [await witness.process() for _ in range(4)]
    await witness.all_gone()
    await witness.ended(*processes)
    assert [run.outcomes for run in runs] == [[], []]


async def test_what_a_program_leaves_behind_is_killed_with_its_end(tables, open_exec, witness):
    text = 'exec 3>"$WITNESS"; sleep 1000 & echo $! >&3; echo 1'
    async with open_exec(tables.script(text, witness.key, result="result<u8>")) as activity:
        assert await activity.run() == Returned({"ok": 1})
        process = await witness.process()
        await witness.all_gone()
        await witness.ended(process)


async def test_a_program_that_ignores_signals_is_killed(tables, open_exec, witness):
    text = 'trap "" TERM INT HUP; exec 3>"$WITNESS"; echo $$ >&3; while :; do sleep 1000; done'
    async with open_exec(tables.script(text, witness.key)) as activity:
        run = activity.start()
        process = await witness.process()
        run.cancel()
        await witness.all_gone()
        await witness.ended(process)


async def test_a_descendant_with_a_session_of_its_own_does_not_keep_the_run(tables, open_exec, witness):
    escaping = 'setsid sh -c "echo \\$\\$ >&3; echo up > up; exec sleep 1000"'
    text = f'exec 3>"$WITNESS"; mkfifo up; {escaping} & read -r line < up; echo 1'
    async with open_exec(tables.script(text, witness.key, result="result<u8>")) as activity:
        assert await activity.run() == Returned({"ok": 1})
        escaped = await witness.process()
        assert escaped.is_running()
        escaped.kill()
        await witness.all_gone()


async def test_many_runs_leave_nothing(tables, open_exec):
    # What is left is looked for after each test.
    async with open_exec(tables.script("exit 0", result="result")) as activity:
        for _ in range(50):
            outcomes = await asyncio.gather(*(activity.run() for _ in range(4)))
            assert outcomes == [Returned({"ok": None})] * 4
        assert psutil.Process().children() == []


@pytest.mark.parametrize("last", ["tr -d '\\n'", "cat"])
async def test_endless_stderr_takes_no_memory_and_lets_others_go_on(tables, open_exec, witness, last):
    """One line without an end, and lines without number."""
    text = f"yes 'a line of some length, which is logged again and again' | {last} | head -c {FLOOD} >&2; echo 1"
    async with open_exec(tables.script(text, result="result<u8>")) as activity:
        this = psutil.Process()
        before = most = this.memory_info().rss
        run, turns = activity.start(), 0
        while not run.outcomes:
            await witness.turn()
            run.logged.clear()
            turns += 1
            if turns % 100 == 0:
                most = max(most, this.memory_info().rss)
    assert run.outcomes == [Returned({"ok": 1})]
    assert most - before < FLOOD / 5
    assert turns > FLOOD / 65536


# --- in an engine -----------------------------------------------------------------------------------------------------


async def test_a_run_beyond_its_time_is_killed_and_run_again(tables, open_engine, witness, tmp_path):
    second = f"if [ -e {tmp_path}/again ]; then echo 1; exit; fi; touch {tmp_path}/again\n{HANGS}"
    table = tables.script(second, witness.key, 'exec.lock_expiry = "10s"', result="result<u8>")
    async with open_engine(table) as harness:
        execution_id = await harness.submit(RUN)
        processes = [await witness.process() for _ in range(2)]
        harness.clock.advance(timedelta(seconds=10))
        await witness.all_gone()
        await witness.ended(*processes)
        result = await harness.result(execution_id)
        assert result.ok.value == 1
        assert [type(event) for event in await harness.events(execution_id)].count(TemporarilyTimedOut) == 1


async def test_the_last_run_beyond_its_time_fails_the_execution(tables, open_engine, witness):
    table = tables.script(HANGS, witness.key, 'exec.lock_expiry = "10s"', "max_retries = 0")
    async with open_engine(table) as harness:
        execution_id = await harness.submit(RUN)
        for _ in range(2):
            await witness.process()
        harness.clock.advance(timedelta(seconds=10))
        await witness.all_gone()
        result = await harness.result(execution_id)
        assert result.execution_failure.kind is FailureKind.TIMED_OUT


async def test_a_cancelled_execution_is_killed(tables, open_engine, witness):
    async with open_engine(tables.script(HANGS, witness.key)) as harness:
        execution_id = await harness.submit(RUN)
        processes = [await witness.process() for _ in range(2)]
        assert await harness.engine.executions.cancel(execution_id) is CancelOutcome.REQUESTED
        await witness.all_gone()
        await witness.ended(*processes)
        assert (await harness.result(execution_id)).execution_failure.kind is FailureKind.CANCELLED


async def test_a_stopping_server_kills_what_runs_and_gives_it_back(tables, open_engine, witness, monkeypatch):
    class Kept(MemoryStorage):
        def close(self) -> None:
            """What is in memory outlives the engine, as a file does."""

    kept = Kept()
    monkeypatch.setattr(memory_storage, "MemoryStorage", lambda: kept)
    async with open_engine(tables.script(HANGS, witness.key)) as harness:
        execution_id = await harness.submit(RUN)
        processes = [await witness.process() for _ in range(2)]
    await witness.all_gone()
    await witness.ended(*processes)
    last = (await kept.load(execution_id)).events[-1].event
    assert isinstance(last, Unlocked)
    assert last.reason == "server is stopping"


async def test_an_err_is_run_again(tables, open_engine, tmp_path):
    text = f'echo x >> {tmp_path}/runs; echo "\\"no\\""; exit 1'
    async with open_engine(tables.script(text, "max_retries = 2")) as harness:
        result = await harness.call(RUN)
    assert result.err.value == "no"
    assert (tmp_path / "runs").read_text() == "x\n" * 3


async def test_a_crash_is_run_again(tables, open_engine, tmp_path):
    text = f"echo x >> {tmp_path}/runs; kill -KILL $$"
    async with open_engine(tables.script(text, "max_retries = 2")) as harness:
        execution_id = await harness.submit(RUN)
        result = await harness.result(execution_id)
        events = await harness.events(execution_id)
    assert result.execution_failure.reason == "program was killed by SIGKILL"
    assert (tmp_path / "runs").read_text() == "x\n" * 3
    reasons = [event.reason for event in events if isinstance(event, TemporarilyFailed)]
    assert reasons == ["program was killed by SIGKILL"] * 2


@pytest.mark.parametrize("text", ["echo no JSON", "cat /dev/zero"])
async def test_what_would_happen_again_is_not_tried_again(tables, open_engine, tmp_path, text):
    async with open_engine(tables.script(f"echo x >> {tmp_path}/runs; {text}")) as harness:
        result = await harness.call(RUN)
    assert result.execution_failure.kind is FailureKind.UNCATEGORIZED
    assert (tmp_path / "runs").read_text() == "x\n"
