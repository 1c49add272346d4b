"""Whole histories, by the command and by pages of calls."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId
from tests.e2e.control import UNKNOWN, Control, assert_rejected
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, child
from tests.scripts import call, close, create, delay, next_, submit, text

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(scope="module")
def told(control: Control) -> ExecutionId:
    """A finished execution with 7 responses."""
    ident = control.blocked_script(
        create(), submit(0, FIBO_ACTIVITY, 10), delay(0, seconds=0), submit(0, FOO, "a"), next_(0), next_(0), next_(0),
        *[call(FIBO_ACTIVITY, number) for number in range(4)], close(0), text("x"),
    )  # fmt: skip
    control.client.stub(child(ident, "g:1_2"), {"ok": "on"})
    control.client.result(ident)
    return ident


def split(lines: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the lines of events and those of responses."""
    return [line for line in lines if "version" in line], [line for line in lines if "cursor" in line]


def test_a_history_is_the_events_and_the_responses(control: Control, told: ExecutionId) -> None:
    events, responses = split(control.run("history", told, "--json").lines)
    assert events == control.run("events", told, "--json").lines
    assert responses == control.run("responses", told, "--json").lines
    assert len(responses) == 7


def test_a_history_is_in_the_order_of_time_and_a_response_comes_before_what_follows_it(
    control: Control, told: ExecutionId
) -> None:
    lines = control.run("history", told, "--json").lines
    assert lines == sorted(lines, key=lambda line: line["created_at"])
    end = next(index for index, line in enumerate(lines) if "finished" in line.get("event", ()))
    assert end == len(lines) - 1
    assert "created" in lines[0]["event"]
    stubbed = next(
        index for index, line in enumerate(lines)
        if line.get("response", {}).get("child_execution_id") == child(told, "g:1_2")
    )  # fmt: skip
    assert lines[stubbed + 1]["version"] > lines[stubbed - 1]["version"]


def test_people_get_a_line_for_each(control: Control, told: ExecutionId) -> None:
    lines = control.run("history", told, "--limit", "500").stdout.splitlines()
    assert len(lines) == len(control.run("history", told, "--json").lines)
    assert lines[0].startswith("0  ")
    assert '"created"' in lines[0]


def test_people_get_20_lines_unless_told(control: Control, told: ExecutionId) -> None:
    assert len(control.run("history", told).stdout.splitlines()) == 20
    assert len(control.run("history", told, "--limit", "3", "--json").lines) == 3


def test_a_history_begins_where_it_is_told(control: Control, told: ExecutionId) -> None:
    events, responses = split(control.run("history", told, "--from-version", "5", "--from-cursor", "4", "--json").lines)
    assert events[0]["version"] == 5
    assert [line["cursor"] for line in responses] == [4, 5, 6, 7]
    beyond = control.run("history", told, "--from-version", "4000", "--from-cursor", "4000", "--json")
    assert (beyond.code, beyond.stdout) == (0, "")


@pytest.mark.parametrize("options", [("--limit", "0"), ("--from-version", "-1"), ("--from-cursor", "x")])
def test_a_number_that_is_none_is_a_wrong_usage(control: Control, told: ExecutionId, options: tuple[str, ...]) -> None:
    ended = control.run("history", told, *options)
    assert (ended.code, ended.stdout) == (2, "")
    assert options[0] in ended.stderr


def test_an_unknown_execution_is_rejected(control: Control) -> None:
    assert_rejected(control.run("history", UNKNOWN), UNKNOWN, "not found")


# --- calls ------------------------------------------------------------------------------------------------------------


def page(control: Control, ident: ExecutionId, **fields: Any) -> Any:
    return control.client.call("ListExecutionEventsAndResponses", execution_id=ident, **fields)


def test_pages_of_any_size_add_up_to_the_same(control: Control, told: ExecutionId) -> None:
    whole = page(control, told, events_length=500, responses_length=500, responses_including_cursor=True)
    for length in (1, 4):
        events: list[Any] = []
        responses: list[Any] = []
        while len(events) <= whole.max_version or len(responses) < whole.max_cursor:
            part = page(
                control, told, version_from=len(events), events_length=length,
                responses_cursor_from=len(responses), responses_length=length,
            )  # fmt: skip
            assert len(part.events) <= length
            assert len(part.responses) <= length
            assert (part.max_version, part.max_cursor) == (whole.max_version, whole.max_cursor)
            events += part.events
            responses += part.responses
        assert (events, responses) == (list(whole.events), list(whole.responses))


def test_a_page_tells_what_the_execution_is_doing(control: Control, told: ExecutionId) -> None:
    found = page(control, told)
    assert found.current_status.HasField("finished")
    assert (len(found.events), len(found.responses)) == (20, 7)
    waiting = control.blocked_script(create(), delay(0, hours=1), next_(0))
    assert page(control, waiting).current_status.HasField("blocked_by_join_set")


def test_the_cursor_is_part_of_the_page_when_that_is_asked(control: Control, told: ExecutionId) -> None:
    after = page(control, told, responses_cursor_from=2, responses_length=2)
    including = page(control, told, responses_cursor_from=2, responses_length=2, responses_including_cursor=True)
    assert [each.cursor for each in after.responses] == [3, 4]
    assert [each.cursor for each in including.responses] == [2, 3]


def test_a_page_beyond_the_end_is_empty(control: Control, told: ExecutionId) -> None:
    largest = 2**32 - 1
    found = page(
        control,
        told,
        version_from=largest,
        events_length=largest,
        responses_cursor_from=largest,
        responses_length=largest,
    )
    assert (list(found.events), list(found.responses)) == ([], [])


def test_what_is_too_large_for_one_answer_comes_in_pages(control: Control) -> None:
    large = "x" * 1_200_000
    ident = control.blocked_script(create(), *[submit(0, FOO, large)] * 3, *[next_(0)] * 3)
    for number in (1, 2, 3):
        control.client.stub(child(ident, f"g:1_{number}"), {"ok": large})
    control.client.result(ident)
    events, responses = split(control.run("history", ident, "--json").lines)
    assert [line["version"] for line in events] == list(range(len(events)))
    assert "finished" in events[-1]["event"]
    assert [line["cursor"] for line in responses] == [1, 2, 3]


def test_reflection_lists_every_call(control: Control) -> None:
    service = pb.DESCRIPTOR.services_by_name["ExecutionRepository"]
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=service.full_name)
    with grpc.insecure_channel(control.server.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        (answer,) = stub.ServerReflectionInfo(iter([request]), timeout=20)
    files = map(FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto)
    listed = {
        method.name for file in files for each in file.service if each.name == service.name for method in each.method
    }
    assert listed == {method.name for method in service.methods}
    assert listed >= {"CancelDelay", "UnpauseExecution", "Stub", "ReplayExecution", "ListExecutionEventsAndResponses"}
