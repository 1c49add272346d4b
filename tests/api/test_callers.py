"""What comes along with a call, over a real connection."""

from __future__ import annotations

import grpc
import pytest

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import Created
from obelisk.core.trace_context import PARENT_KEY, STATE_KEY, trace_of
from tests.api.calls import ID, refused, submit_request
from tests.api.fakes import FakeExecutions

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
OTHER_PARENT = f"00-{TRACE_ID}-b7ad6b7169203332-01"
Pairs = tuple[tuple[str, str | bytes], ...]
Repository = ExecutionRepositoryStub


def metadata_of(engine: FakeExecutions) -> dict[str, str]:
    """Return the metadata that the execution was created with."""
    created = engine.logs_of[ID][0].event
    assert isinstance(created, Created)
    return created.metadata


async def test_a_submission_takes_the_trace_of_its_call(executions: Repository, engine: FakeExecutions) -> None:
    await executions.Submit(submit_request(), metadata=(("traceparent", PARENT), ("tracestate", "vendor=1")))
    assert metadata_of(engine) == {PARENT_KEY: PARENT, STATE_KEY: "vendor=1"}
    assert trace_of(ID, metadata_of(engine)).parent_id == SPAN_ID


async def test_several_states_are_one_list(executions: Repository, engine: FakeExecutions) -> None:
    await executions.Submit(
        submit_request(), metadata=(("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2"))
    )
    assert metadata_of(engine)[STATE_KEY] in ("a=1,b=2", "a=1, b=2")


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("traceparent", "no"),),
        (("traceparent", PARENT[:-1]),),
        (("tracestate", "vendor=1"),),
        (("other-bin", b"\xff"),),
    ],
)
async def test_what_is_no_trace_is_ignored(executions: Repository, engine: FakeExecutions, metadata: Pairs) -> None:
    response = await executions.Submit(submit_request(), metadata=metadata)
    assert response.outcome == pb.SubmitResponse.OUTCOME_CREATED
    assert metadata_of(engine) == {}


async def test_a_state_that_is_too_long_is_left_out(executions: Repository, engine: FakeExecutions) -> None:
    await executions.Submit(submit_request(), metadata=(("traceparent", PARENT), ("tracestate", "v=" + "x" * 600)))
    assert metadata_of(engine) == {PARENT_KEY: PARENT}


async def test_a_submission_that_is_tried_again_in_another_trace_is_the_same(
    executions: Repository, engine: FakeExecutions
) -> None:
    await executions.Submit(submit_request(), metadata=(("traceparent", PARENT),))
    response = await executions.Submit(submit_request(), metadata=(("traceparent", OTHER_PARENT),))
    assert response.outcome == pb.SubmitResponse.OUTCOME_EXISTS_WITH_SAME_PARAMETERS
    assert metadata_of(engine) == {PARENT_KEY: PARENT}


async def test_a_call_that_is_refused_is_refused_in_a_trace_too(executions: Repository) -> None:
    code, _ = await refused(executions.Submit(submit_request(b"["), metadata=(("traceparent", PARENT),)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
