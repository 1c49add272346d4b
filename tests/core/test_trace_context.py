"""Traces: ids that follow from other ids."""

from __future__ import annotations

import re

import pytest

from obelisk.core.trace_context import TraceContext, inherited, request_span, run_span, trace_of
from obelisk.ids import ExecutionId, RunId

TOP = ExecutionId("E_01JQZ0000000000000000000A1")
CHILD = ExecutionId(f"{TOP}.g:1_2")
OTHER = ExecutionId("E_01JQZ0000000000000000000A2")
RUN = RunId("Run_01JQZ0000000000000000000B1")
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_an_execution_and_what_it_asks_for_are_one_trace():
    assert trace_of(TOP, {}) == trace_of(CHILD, {})
    assert trace_of(TOP, {}) != trace_of(OTHER, {})


def test_derived_ids_never_change():
    assert trace_of(TOP, {}) == TraceContext("f3d8ea55c796193fae5fb8a3e70c4be7")
    assert run_span(RUN) == "f2ae48021542e99a"
    assert request_span(RUN, 0) == "ea77f033e6ed9337"
    assert request_span(RUN, 1) == "b3e3e93c1453e9f1"


def test_a_parent_is_written_as_the_standard_says():
    assert TraceContext(TRACE_ID).parent(SPAN_ID) == PARENT
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace_of(TOP, {}).parent(request_span(RUN, 7)))


def test_a_trace_from_outside_goes_on():
    metadata = {"tracing:traceparent": PARENT, "tracing:tracestate": "vendor=1"}
    assert trace_of(CHILD, metadata) == TraceContext(TRACE_ID, 1, "vendor=1")


def test_a_trace_that_is_not_recorded_outside_is_not_here():
    context = trace_of(TOP, {"tracing:traceparent": f"00-{TRACE_ID}-{SPAN_ID}-00"})
    assert context.parent(SPAN_ID).endswith("-00")


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known():
    assert trace_of(TOP, {"tracing:traceparent": f"01-{TRACE_ID}-{SPAN_ID}-09-more"}) == TraceContext(TRACE_ID, 1)


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


def test_a_child_inherits_its_trace_and_nothing_else():
    metadata = {"tracing:traceparent": PARENT, "tracing:tracestate": "vendor=1", "tenant": "a"}
    assert inherited(metadata) == {"tracing:traceparent": PARENT, "tracing:tracestate": "vendor=1"}
