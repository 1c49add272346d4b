"""Traces: ids that follow from other ids."""

from __future__ import annotations

import re

import pytest

from obelisk.core.trace_context import (
    PARENT_KEY,
    STATE_KEY,
    SpanContext,
    TraceContext,
    child_metadata,
    execution_span,
    outer_metadata,
    request_span,
    run_span,
    scheduled_metadata,
    trace_of,
)
from obelisk.ids import ExecutionId, RunId

TOP = ExecutionId("E_01JQZ0000000000000000000A1")
CHILD = ExecutionId(f"{TOP}.g:1_2")
OTHER = ExecutionId("E_01JQZ0000000000000000000A2")
RUN = RunId("Run_01JQZ0000000000000000000B1")
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_an_execution_and_what_it_asks_for_are_one_trace():
    assert trace_of(TOP, {}).trace_id == trace_of(CHILD, {}).trace_id
    assert trace_of(TOP, {}).trace_id != trace_of(OTHER, {}).trace_id


def test_the_span_above_is_known_without_metadata_too():
    assert trace_of(TOP, {}).parent_id is None
    assert trace_of(CHILD, {}).parent_id == execution_span(TOP)


def test_derived_ids_never_change():
    assert trace_of(TOP, {}) == TraceContext("f3d8ea55c796193fae5fb8a3e70c4be7")
    assert execution_span(TOP) == "211416d6e2ce47a1"
    assert run_span(TOP, RUN) == "033474db85bbe61a"
    assert request_span(TOP, RUN, index=0) == "b6efb4d86cfd1b6a"
    assert request_span(TOP, RUN, index=1) == "441dd229208a6168"


def test_executions_that_are_locked_together_have_runs_of_their_own():
    assert run_span(TOP, RUN) != run_span(OTHER, RUN)


def test_a_parent_is_written_as_the_standard_says():
    assert TraceContext(TRACE_ID).parent(SPAN_ID) == PARENT
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace_of(TOP, {}).parent(request_span(TOP, RUN, index=7)))


def test_a_trace_from_outside_goes_on():
    metadata = {"tracing:traceparent": PARENT, "tracing:tracestate": "vendor=1"}
    assert trace_of(CHILD, metadata) == TraceContext(TRACE_ID, 1, "vendor=1", SPAN_ID)


def test_a_trace_that_is_not_recorded_outside_is_not_here():
    context = trace_of(TOP, {"tracing:traceparent": f"00-{TRACE_ID}-{SPAN_ID}-00"})
    assert context.parent(SPAN_ID).endswith("-00")


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known():
    later = f"01-{TRACE_ID}-{SPAN_ID}-09-more"
    assert trace_of(TOP, {"tracing:traceparent": later}) == TraceContext(TRACE_ID, 1, parent_id=SPAN_ID)


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "nonsense",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID}-{SPAN_ID}",
        f"00-{TRACE_ID}-{SPAN_ID}-01-more",
        f"{PARENT}\r\nx-more: 1",
    ],
)
def test_what_is_no_parent_is_ignored(parent: str):
    assert trace_of(TOP, {"tracing:traceparent": parent}) == trace_of(TOP, {})


@pytest.mark.parametrize("state", ["", "a=1\r\nx: y", "a" * 513])
def test_a_state_that_cannot_be_sent_is_left_out(state: str):
    assert trace_of(TOP, {"tracing:traceparent": PARENT, "tracing:tracestate": state}).state is None


def test_a_child_is_below_its_parents_span_in_the_same_trace():
    outer = trace_of(TOP, {"tracing:traceparent": PARENT, "tracing:tracestate": "vendor=1", "tenant": "a"})
    metadata = child_metadata(TOP, outer)
    assert metadata == {"tracing:traceparent": outer.parent(execution_span(TOP)), "tracing:tracestate": "vendor=1"}
    assert trace_of(CHILD, metadata) == TraceContext(TRACE_ID, 1, "vendor=1", execution_span(TOP))


def test_a_scheduled_execution_has_a_trace_of_its_own_and_a_link():
    outer = trace_of(TOP, {"tracing:traceparent": PARENT})
    found = trace_of(OTHER, scheduled_metadata(TOP, outer))
    assert found.trace_id == trace_of(OTHER, {}).trace_id
    assert found.parent_id is None
    assert found.link == SpanContext(TRACE_ID, execution_span(TOP))


def test_whether_a_trace_is_recorded_is_passed_to_what_is_scheduled():
    outer = trace_of(TOP, {"tracing:traceparent": f"00-{TRACE_ID}-{SPAN_ID}-00"})
    assert trace_of(OTHER, scheduled_metadata(TOP, outer)).flags == 0


def test_metadata_from_outside_is_what_is_valid_of_it():
    assert outer_metadata(PARENT, "vendor=1") == {PARENT_KEY: PARENT, STATE_KEY: "vendor=1"}
    assert outer_metadata(PARENT, "\n") == outer_metadata(PARENT) == {PARENT_KEY: PARENT}
    assert outer_metadata(PARENT, "x" * 513) == {PARENT_KEY: PARENT}
    assert outer_metadata("00-0-0-00", "vendor=1") == outer_metadata("") == {}


def test_a_parent_of_a_later_version_is_taken_unless_it_is_too_long():
    assert outer_metadata(f"01{PARENT[2:]}-more") != {}
    assert outer_metadata(f"01{PARENT[2:]}-{'x' * 500}") == {}
