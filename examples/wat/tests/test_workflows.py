"""Tests of the workflows of this directory, as a user writes them: the plugin of Obelisk gives them `obelisk`.

The components are those of the nearest `obelisk.toml` above, unless a test says otherwise. `pytest examples/wat` runs them;
`docs/how-to/test-workflows.md` explains them.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from obelisk.testing.workflow_bench import WorkflowBench

FIBO = "testing:fibo/fibo.fibo"
ASK = "example:approval/approval.ask"
WAIT_OR_GIVE_UP = "example:timeout/workflow.wait-or-give-up"
ONLY_WORKFLOW = """
[[workflow_wasm]]
name = "fibo-workflow"
location = "../fibo_workflow.wat"
"""
APPROVAL = """
[[activity_stub]]
ffqn = "example:approval/approval.ask"
params = [{ name = "who", type = "u32" }]
return_type = "result<string>"

[[workflow_wasm]]
name = "timeout"
location = "../timeout_workflow.wat"
"""


async def test_a_workflow_runs_with_its_activity(obelisk: WorkflowBench) -> None:
    run = await obelisk.submit("testing:fibo-workflow/workflow.fiboa", [10, 3])
    assert await run.result() == {"ok": 55}


async def test_an_activity_is_stubbed(obelisk: WorkflowBench) -> None:
    obelisk.stub(FIBO, {"ok": 7})
    assert await obelisk.call("testing:fibo-workflow/workflow.fiboa", [10, 3]) == {"ok": 7}
    assert obelisk.calls(FIBO) == [[10], [10], [10]]


async def test_an_activity_that_is_not_there_is_stubbed_by_a_function(obelisk: WorkflowBench) -> None:
    await obelisk.load(ONLY_WORKFLOW)
    obelisk.stub(FIBO, lambda n: {"ok": n * 100})
    assert await obelisk.call("testing:fibo-workflow/workflow.fiboa-concurrent", [3, 4]) == {"ok": 300}


async def test_nobody_answers_for_thirty_days(obelisk: WorkflowBench) -> None:
    await obelisk.load(APPROVAL)
    began = obelisk.now
    assert await obelisk.call(WAIT_OR_GIVE_UP, [3, 30]) == {"ok": "timed out"}
    assert obelisk.now - began == timedelta(days=30)


async def test_somebody_answers_on_the_second_day(obelisk: WorkflowBench) -> None:
    await obelisk.load(APPROVAL)
    run = await obelisk.submit(WAIT_OR_GIVE_UP, [3, 30])
    await obelisk.advance(timedelta(days=1))
    _, second, _ = await run.children()
    await obelisk.give(second, {"ok": "approved"})
    assert await run.result() == {"ok": "approved"}
    assert obelisk.now.day == 2


@pytest.mark.obelisk("../../../obelisk.toml")
async def test_the_workflow_still_does_what_it_did(obelisk: WorkflowBench) -> None:
    # Recorded by `obelisk client execution history ID --json > tests/fiboa.jsonl` of a server.
    report = await obelisk.replay("fiboa.jsonl")
    assert report.result is not None
