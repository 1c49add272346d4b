"""The fixture of the pytest plugin: what it takes, what it refuses, and that nobody waits for what cannot come."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from obelisk.core.events import FailureKind
from obelisk.errors import ConfigError, FunctionNotFoundError, InvalidNameError, InvalidValueError, WorkflowTestError
from obelisk.interfaces.executions import ReplayOutcome
from obelisk.testing.recorded import read_history
from obelisk.testing.workflow_bench import WorkflowBench

ROOT = Path(__file__).resolve().parents[2]
FIBO = "testing:fibo/fibo.fibo"
FIBOA = "testing:fibo-workflow/workflow.fiboa"
CONCURRENT = "testing:fibo-workflow/workflow.fiboa-concurrent"
WAIT_OR_GIVE_UP = "example:timeout/workflow.wait-or-give-up"
WORKFLOW = f"""
[[workflow_wasm]]
name = "fibo-workflow"
location = "{ROOT}/examples/wat/fibo_workflow.wat"
"""
BOTH = f"""{WORKFLOW}
[[activity_wasm]]
name = "fibo"
location = "{ROOT}/examples/wat/fibo_activity.wat"
max_retries = 2
"""
OUTER = f"""{BOTH}
[[workflow_wasm]]
name = "outer"
location = "{ROOT}/examples/wat/fibo_workflow_outer.wat"
"""
TIMEOUT = f"""
[[workflow_wasm]]
name = "timeout"
location = "{ROOT}/examples/wat/timeout_workflow.wat"
"""
SCRIPTED = f"""
[[activity_stub]]
ffqn = "testing:stub-activity/activity.foo"
params = [{{ name = "arg", type = "string" }}]
return_type = "result<string>"

[[workflow_wasm]]
name = "scripted"
location = "{ROOT}/tests/guests/scripted.wat"
"""


async def test_a_stub_of_an_unknown_function_is_refused(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    with pytest.raises(
        FunctionNotFoundError, match=r"`testing:fibo/fibo\.fib` is neither .* there are .*`testing:fibo/fibo\.fibo`"
    ):
        obelisk.stub("testing:fibo/fibo.fib", {"ok": 1})


async def test_a_stub_that_came_before_the_components_is_checked_with_them(obelisk: WorkflowBench):
    obelisk.stub("testing:nothing/nothing.at-all", {"ok": 1})
    with pytest.raises(FunctionNotFoundError, match=r"testing:nothing/nothing\.at-all"):
        await obelisk.load(BOTH)


async def test_text_that_is_no_function_is_refused(obelisk: WorkflowBench):
    with pytest.raises(InvalidNameError, match="`fibo` is not a function name"):
        obelisk.stub("fibo", 1)


async def test_a_result_of_the_wrong_type_is_refused(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    with pytest.raises(
        InvalidValueError, match=r"the stub of `testing:fibo/fibo\.fibo` answers 55, which is no `result<u64>`"
    ):
        obelisk.stub(FIBO, 55)


async def test_a_callable_that_answers_with_the_wrong_type_fails_the_test(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    obelisk.stub(FIBO, lambda n: {"ok": str(n)})
    with pytest.raises(InvalidValueError, match=r"answers \{'ok': '10'\}, which is no `result<u64>`"):
        await obelisk.call(FIBOA, [10, 1])


async def test_an_assertion_in_a_stub_fails_the_test(obelisk: WorkflowBench):
    await obelisk.load(BOTH)

    def fibo(n: int) -> object:
        assert n == 3
        return {"ok": n}

    obelisk.stub(FIBO, fibo)
    with pytest.raises(AssertionError, match="10 == 3"):
        await obelisk.call(FIBOA, [10, 1])


async def test_a_stub_that_raises_is_run_again_as_often_as_the_activity_may(obelisk: WorkflowBench):
    await obelisk.load(BOTH)

    def fibo(n: int) -> object:
        if len(obelisk.calls(FIBO)) < 3:
            raise OSError("the line is down")
        return {"ok": n}

    obelisk.stub(FIBO, fibo)
    assert await obelisk.call(FIBOA, [10, 1]) == {"ok": 10}
    assert obelisk.calls(FIBO) == [[10], [10], [10]]


async def test_a_stub_may_be_a_coroutine_function(obelisk: WorkflowBench):
    await obelisk.load(WORKFLOW)

    async def fibo(n: int) -> object:
        await asyncio.sleep(0)
        return {"ok": n + 1}

    obelisk.stub(FIBO, fibo)
    assert await obelisk.call(FIBOA, [10, 2]) == {"ok": 11}


async def test_a_stub_that_hangs_is_timed_out_as_its_activity_would_be(obelisk: WorkflowBench):
    await obelisk.load(BOTH.replace("max_retries = 2", "max_retries = 0\nexec.lock_expiry.milliseconds = 10"))

    async def fibo(n: int) -> object:
        return await asyncio.Event().wait()

    obelisk.stub(FIBO, fibo)
    assert await obelisk.call(FIBOA, [10, 1]) == {"err": None}


async def test_a_workflow_below_another_is_stubbed(obelisk: WorkflowBench):
    await obelisk.load(OUTER)
    obelisk.stub(CONCURRENT, {"ok": 5})
    result = await obelisk.call("testing:fibo-workflow-outer/workflow.fibo-start-fiboas", [3, 3, 1])
    assert result == {"ok": 15}


async def test_a_call_of_what_is_neither_loaded_nor_stubbed_fails_the_test(obelisk: WorkflowBench):
    await obelisk.load(WORKFLOW)
    with pytest.raises(
        WorkflowTestError, match=r'`testing:fibo/fibo\.fibo`, which no .* `obelisk\.stub\("testing:fibo'
    ):
        await obelisk.call(FIBOA, [10, 1])


async def test_what_is_missing_has_the_signature_of_its_extension_functions(obelisk: WorkflowBench):
    await obelisk.load(TIMEOUT)
    with pytest.raises(InvalidValueError, match="which is no `result<string>`"):
        obelisk.stub("example:approval/approval.ask", {"ok": 1})
    obelisk.stub("example:approval/approval.ask", {"ok": "approved"})
    assert await obelisk.call(WAIT_OR_GIVE_UP, [2, 30]) == {"ok": "approved"}
    assert len(obelisk.calls("example:approval/approval.ask")[0]) == 1


async def test_params_that_do_not_fit_are_refused(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    with pytest.raises(InvalidValueError, match="2-th parameter `iterations`"):
        await obelisk.submit(FIBOA, [10, "many"])


async def test_an_unknown_function_is_refused(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    with pytest.raises(
        FunctionNotFoundError,
        match=r"`testing:fibo-workflow/workflow\.fiba` is neither .*`testing:fibo-workflow/workflow\.fiboa`",
    ):
        await obelisk.submit("testing:fibo-workflow/workflow.fiba", [10, 1])


async def test_a_configuration_without_components_is_refused(obelisk: WorkflowBench):
    with pytest.raises(ConfigError, match=r"no components: .* such as `\[\[workflow_wasm\]\]`"):
        await obelisk.load('storage.use = "memory"\n')


async def test_components_are_loaded_once(obelisk: WorkflowBench):
    await obelisk.load(BOTH)
    with pytest.raises(WorkflowTestError, match="loaded already"):
        await obelisk.load(WORKFLOW)


async def test_a_workflow_that_nothing_will_wake_is_told_with_what_it_waits_for(obelisk: WorkflowBench):
    await obelisk.load(SCRIPTED)
    script = ["create", {"submit": [0, "testing:stub-activity/activity", "foo", '["x"]']}, {"next": 0}]
    run = await obelisk.submit("testing:scripted/scripted.run", [script])
    with pytest.raises(WorkflowTestError) as caught:
        await run.result()
    first, workflow, stub = str(caught.value).splitlines()
    assert first == "nothing can happen any more, and the execution has not ended:"
    assert workflow.startswith(
        f"  `{run.id}` of `testing:scripted/scripted.run` waits for a response in the join set `g:1`"
    )
    (child,) = await run.children()
    assert stub.startswith(
        f"    `{child}` of `testing:stub-activity/activity.foo` is an `[[activity_stub]]`; `await obelisk.give("
    )


async def test_what_a_workflow_waits_for_is_asked_for(obelisk: WorkflowBench):
    await obelisk.load(TIMEOUT)
    run = await obelisk.submit(WAIT_OR_GIVE_UP, [0, 30])
    workflow, delay = await run.waits_for()
    assert workflow.startswith(f"`{run.id}`")
    assert delay.strip().startswith("the delay `Delay_")
    await run.result()
    assert await run.waits_for() == []


async def test_time_passes_as_far_as_it_is_told(obelisk: WorkflowBench):
    await obelisk.load(TIMEOUT)
    run = await obelisk.submit(WAIT_OR_GIVE_UP, [0, 30])
    began = obelisk.now
    await obelisk.advance(timedelta(days=29))
    assert not (await run.state()).is_finished
    await obelisk.advance(timedelta(days=1))
    assert (await run.state()).is_finished
    assert obelisk.now - began == timedelta(days=30)


async def test_a_failure_is_raised_with_its_reason_or_looked_at(obelisk: WorkflowBench):
    await obelisk.load(SCRIPTED)
    run = await obelisk.submit("testing:scripted/scripted.run", [["trap"]])
    with pytest.raises(WorkflowTestError, match=rf"`{run.id}` of `testing:scripted/scripted.run` failed: "):
        await run.result()
    failure = (await run.outcome()).execution_failure
    assert failure is not msgspec.UNSET
    assert failure.kind is FailureKind.UNCATEGORIZED


async def test_a_history_that_was_saved_is_replayed(obelisk: WorkflowBench, tmp_path: Path):
    await obelisk.load(BOTH)
    run = await obelisk.submit(CONCURRENT, [10, 2])
    await run.result()
    history = await run.history()
    history.save(tmp_path / "history.json")
    assert read_history(tmp_path / "history.json") == history
    report = await obelisk.replay(tmp_path / "history.json")
    assert report.outcome is ReplayOutcome.FINISHED


async def test_a_history_that_is_not_over_is_replayed_as_far_as_it_goes(obelisk: WorkflowBench):
    await obelisk.load(TIMEOUT)
    run = await obelisk.submit(WAIT_OR_GIVE_UP, [0, 30])
    await obelisk.settle()
    assert (await obelisk.replay(await run.history())).outcome is ReplayOutcome.BLOCKED


async def test_a_workflow_that_does_something_else_fails_the_replay(obelisk: WorkflowBench, tmp_path: Path):
    await obelisk.load(BOTH)
    run = await obelisk.submit(FIBOA, [10, 2])
    await run.result()
    (await run.history()).save(tmp_path / "history.json")
    changed = (tmp_path / "history.json").read_text().replace('"params":[10,2]', '"params":[11,2]', 1)
    (tmp_path / "history.json").write_text(changed)
    with pytest.raises(WorkflowTestError, match=rf"the replay of `{run.id}` of `{FIBOA}` failed: "):
        await obelisk.replay(tmp_path / "history.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it holds no event"),
        ("hello\n", "line 1: "),
        ('{"version":0,"created_at":"2026-01-01T00:00:00Z","event":{"what":1}}\n', "is no history: "),
    ],
)
async def test_a_file_that_is_no_history_is_refused(obelisk: WorkflowBench, tmp_path: Path, text: str, message: str):
    await obelisk.load(BOTH)
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(WorkflowTestError, match=message):
        await obelisk.replay(tmp_path / "history.json")


async def test_a_history_that_does_not_tell_whose_it_is_has_to_be_told(obelisk: WorkflowBench, tmp_path: Path):
    await obelisk.load(BOTH)
    run = await obelisk.submit("testing:fibo-workflow/workflow.fibow", [10, 1])
    await run.result()
    lines = "".join(
        f'{{"version":{line["version"]},"created_at":"{line["created_at"]}","event":{msgspec.json.encode(line["event"]).decode()}}}\n'
        for line in await _lines(obelisk, run.id, tmp_path)
    )
    (tmp_path / "history.jsonl").write_text(lines)
    with pytest.raises(WorkflowTestError, match="does not tell whose history it is"):
        await obelisk.replay(tmp_path / "history.jsonl")
    report = await obelisk.replay(tmp_path / "history.jsonl", execution_id=run.id)
    assert report.outcome is ReplayOutcome.FINISHED


async def _lines(obelisk: WorkflowBench, execution_id: str, directory: Path) -> list[dict[str, object]]:
    (await obelisk.history(execution_id)).save(directory / "whole.json")
    found: list[dict[str, object]] = msgspec.json.decode((directory / "whole.json").read_bytes())["events"]
    return found


async def test_a_history_that_is_not_there_is_refused(obelisk: WorkflowBench, tmp_path: Path):
    await obelisk.load(BOTH)
    with pytest.raises(WorkflowTestError, match="cannot read the history"):
        await obelisk.replay(tmp_path / "nothing.json")


async def test_the_golden_histories_of_a_component_are_read(obelisk: WorkflowBench):
    await obelisk.load(
        f'{SCRIPTED}\n[[activity_wasm]]\nname = "fibo"\nlocation = "{ROOT}/examples/wat/fibo_activity.wat"\n'
    )
    report = await obelisk.replay(ROOT / "tests/histories/all-processed.json")
    assert report.outcome is ReplayOutcome.FINISHED


async def test_what_the_engine_offers_besides_is_refused_before_it_is_open(obelisk: WorkflowBench):
    with pytest.raises(WorkflowTestError, match="is not open"):
        _ = obelisk.engine
