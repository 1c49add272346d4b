"""The trace that an execution was submitted with, in what it asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from obelisk.core.trace_context import LINKED_KEY, PARENT_KEY, STATE_KEY, SpanContext, execution_span, trace_of
from obelisk.ids import ExecutionId, parent_of
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import FIBO_WORKFLOW, OUTER_WORKFLOW, Open
from tests.runtime.scripting import FIBO_CALL, TABLES
from tests.runtime.scripting import trace_of as payloads_of
from tests.scripts import RUN

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACED = {PARENT_KEY: PARENT, STATE_KEY: "vendor=1"}
METADATA = {**TRACED, "tenant": "a"}


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES, FIBO_WORKFLOW, OUTER_WORKFLOW) as harness:
        yield harness


async def submitted(harness: EngineHarness, function: str, *params: object) -> ExecutionId:
    submission = await harness.engine.executions.submit(Ffqn(function), list(params), metadata=METADATA)
    await harness.result(submission.execution_id)
    return submission.execution_id


async def test_children_of_children_are_part_of_the_same_trace(scripted: EngineHarness):
    execution = await submitted(scripted, RUN, [scripts.call(RUN, [scripts.call(FIBO_CALL, 10)])])
    child = ExecutionId(f"{execution}.o:1-run_1")
    for member in (child, ExecutionId(f"{child}.o:1-fibo_1")):
        created = (await scripted.events(member))[0]
        assert set(created.metadata) == set(TRACED)
        context = trace_of(member, created.metadata)
        assert context.trace_id == trace_of(execution, METADATA).trace_id
        assert context.state == "vendor=1"
        assert context.parent_id == execution_span(parent_of(member)[0])


async def test_a_scheduled_execution_is_a_trace_of_its_own(scripted: EngineHarness):
    execution = await submitted(scripted, RUN, [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10)])
    ((_, scheduled), _) = await payloads_of(scripted, execution)
    metadata = (await scripted.events(ExecutionId(scheduled)))[0].metadata
    assert LINKED_KEY in metadata
    scheduler = SpanContext(trace_of(execution, METADATA).trace_id, execution_span(execution))
    assert trace_of(ExecutionId(scheduled), metadata).link == scheduler
