"""What a collector is told of real executions: exactly their spans, links and lines, also when a server is killed."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from obelisk.core.tracing import EXECUTOR_GONE
from tests import scripts
from tests.e2e.process import Server
from tests.e2e.world import GUESTS, World, activity, fibo, workflow
from tests.guests.built import built, code_directory
from tests.guests_e2e.calls import GET
from tests.guests_e2e.conftest import compile_components
from tests.guests_e2e.pages import FLAKY, HELD, Pages, served_pages
from tests.otlp_receiver import GRPC, Receiver, attributes, receiver
from tests.scripts import RUN, Op

pytestmark = pytest.mark.timeout(300)  # whoever comes first builds and compiles what is not kept

TRACE_ID, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HTTP_GET = Path(__file__).resolve().parents[2] / "examples" / "python" / "build" / "http_get.wasm"
FIBOA = "testing:fibo-workflow/workflow.fiboa"
FIBO = "testing:fibo/fibo.fibo"
ERROR = "!"
"""Stands before the name of a span with the status error."""


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with receiver(GRPC) as collector:
        yield collector


@pytest.fixture
def own_pages() -> Iterator[Pages]:
    with served_pages() as pages:
        yield pages


@pytest.fixture
def world(collector: Receiver, own_pages: Pages, tmp_path: Path) -> Iterator[World]:
    built("examples/python")
    world = World(tmp_path, code_directory().parent, configuration(own_pages, collector))
    world.env["OBELISK__WASM__CODEGEN_CACHE__DIRECTORY"] = str(code_directory())
    compile_components(world)
    yield world
    world.close()


def configuration(pages: Pages, collector: Receiver) -> str:
    hosts = f'allowed_host]]\npattern = "{pages.origin}"\nmethods = ["GET"]\n'
    long = 'exec.lock_expiry = "60s"\n'
    return (
        f'[otlp]\nendpoint = "{collector.endpoint}"\n'
        f"[[outbound_http.{hosts}"
        + activity("http-get", HTTP_GET, long + f"max_retries = 2\n[[activity_wasm.{hosts}")
        + workflow("scripted", GUESTS / "scripted.wat", long)
        + fibo()
        + '[[http_server]]\nname = "external"\nlistening_addr = "127.0.0.1:0"\n'
        + f'[[webhook_function]]\nname = "run"\nffqn = "{RUN}"\nroute = "/run"\nhttp_server = "external"\n'
        + 'body = "script"\nwait = false\n'
        + f'[[webhook_endpoint_wasm]]\nname = "hook"\nlocation = "{GUESTS / "webhook.wat"}"\nhttp_server = "external"\n'
    )


def asked(server: Server, path: str, body: list[Op] | None = None) -> str:
    """Send a request that is part of a trace, and return the id of its execution."""
    server.wait_for_log("HTTP server `external` listens at ")
    found = re.search(r"HTTP server `external` listens at (\S+)", server.log)
    assert found is not None
    data = None if body is None else json.dumps(body).encode()
    headers = {"traceparent": f"00-{TRACE_ID}-{CALLER}-01"}
    request = urllib.request.Request(f"http://{found[1]}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        execution_id: str = answer.headers["x-obelisk-execution-id"]
        return execution_id


def once_each(collector: Receiver) -> list[Span]:
    """Return every span; each was told once."""
    spans = collector.spans()
    assert set(Counter(span.span_id for span in spans).values()) <= {1}
    return spans


def name_of(span: Span) -> str:
    """Return a span's name with its status, for a run the attempt, for a request the status of the answer."""
    found = attributes(span.attributes)
    error = ERROR if span.status.code == Status.STATUS_CODE_ERROR else ""
    if span.name == "run":
        return f"{error}run {found['obelisk.run.attempt']}"
    if span.kind == Span.SPAN_KIND_CLIENT:
        return f"{error}{span.name} {found.get('http.response.status_code', '-')}"
    return error + span.name.rpartition("/")[2]


Tree = dict[str, "Tree"]


def tree(spans: list[Span], trace_id: str, root: str) -> Tree:
    """Return the spans of a trace below one, by what ``name_of`` calls them, in the order in which they began.

    A name that comes again says so.
    """
    below = [span for span in spans if span.trace_id.hex() == trace_id and span.parent_span_id.hex() == root]
    found: Tree = {}
    for span in sorted(below, key=lambda span: span.start_time_unix_nano):
        name = name_of(span)
        found[name if name not in found else f"{name} again"] = tree(spans, trace_id, span.span_id.hex())
    assert len(found) == len(below)
    return found


def lines(collector: Receiver) -> list[tuple[str, str]]:
    """Return what components logged, with the id of the span that each line belongs to."""
    return [
        (record.body.string_value, record.span_id.hex())
        for record in collector.logs()
        if "obelisk.run.id" in attributes(record.attributes)
    ]


def runs_of(spans: list[Span], execution: str) -> list[str]:
    """Return the ids of the spans of an execution's runs, in their order."""
    runs = [span for span in spans if span.name == "run"]
    mine = [span for span in runs if attributes(span.attributes)["obelisk.execution.id"] == execution]
    return [span.span_id.hex() for span in sorted(mine, key=lambda span: span.start_time_unix_nano)]


def finished(world: World, server: Server, execution: str) -> None:
    done = world.client(server, "execution", "get", execution, "--follow", "--json")
    assert "ok" in done.last["result"], done.last


def script(pages: Pages, last: str) -> list[Op]:
    """A nested workflow whose activity has to be tried twice, a delay, a scheduled execution, and a request to ``last``."""
    inner = [scripts.log("inside"), scripts.call(GET, pages.url(FLAKY))]
    outer = [scripts.log("begun"), scripts.call(RUN, inner), scripts.sleep(milliseconds=50)]
    return [*outer, scripts.new_id(), scripts.schedule(2, FIBO, 5), scripts.call(GET, pages.url(last))]


NESTED = {"scripted.run": {"run 1": {}, "http-get.get": {"!run 1": {"!GET 503": {}}, "run 2": {"GET 200": {}}}}}


def test_a_nested_workflow_is_one_trace(world: World, collector: Receiver, own_pages: Pages) -> None:
    server = world.start()
    execution = asked(server, "/run", script(own_pages, "/hello"))
    finished(world, server, execution)
    assert server.stop() == 0

    spans = once_each(collector)
    last = {"http-get.get": {"run 1": {"GET 200": {}}}}
    assert tree(spans, TRACE_ID, CALLER) == {"scripted.run": {"run 1": {}} | NESTED | last}
    assert_that_the_scheduled_is_linked(spans, root_of(spans))
    assert len(spans) == 2 + 2 + 5 + 3 + 2


def root_of(spans: list[Span]) -> Span:
    (root,) = [span for span in spans if span.parent_span_id.hex() == CALLER]
    return root


def assert_that_the_scheduled_is_linked(spans: list[Span], root: Span) -> None:
    (scheduled,) = [span for span in spans if span.links]
    assert (scheduled.trace_id.hex() == TRACE_ID, scheduled.parent_span_id) == (False, b"")
    assert [(link.trace_id, link.span_id) for link in scheduled.links] == [(root.trace_id, root.span_id)]
    assert tree(spans, scheduled.trace_id.hex(), scheduled.span_id.hex()) == {"run 1": {}}


def test_retries_are_events_and_lines_belong_to_runs(world: World, collector: Receiver, own_pages: Pages) -> None:
    server = world.start()
    execution = asked(server, "/run", script(own_pages, "/hello"))
    finished(world, server, execution)
    assert server.stop() == 0

    spans = once_each(collector)
    nested = f"{execution}.o:1-run_1"
    flaky = [span for span in spans if span.name == GET and span.events]
    assert [[event.name for event in span.events] for span in flaky] == [["retry"]]
    assert sorted(lines(collector)) == [
        ("begun", runs_of(spans, execution)[0]),
        ("inside", runs_of(spans, nested)[0]),
    ]


def test_a_kill_in_the_middle_costs_nothing_and_doubles_nothing(
    world: World, collector: Receiver, own_pages: Pages
) -> None:
    first = world.start()
    execution = asked(first, "/run", script(own_pages, HELD))
    own_pages.wait_for(HELD)
    collector.wait_for(collector.spans, 1 + 6 + 2)  # what has ended, so that the kill costs none of it
    collector.wait_for(lambda: lines(collector), 2)
    before = {span.span_id for span in collector.spans()}
    first.kill()
    own_pages.released.set()
    second = world.start()
    finished(world, second, execution)
    assert second.stop() == 0

    spans = once_each(collector)
    last = {"http-get.get": {"!run 1": {}, "run 2": {"GET 200": {}}}}
    assert tree(spans, TRACE_ID, CALLER) == {"scripted.run": {"!run 1": {}, "run 2": {}} | NESTED | last}
    assert_that_the_scheduled_is_linked(spans, root_of(spans))
    killed = [span for span in spans if span.status.message == EXECUTOR_GONE]
    assert {span.span_id.hex() for span in killed} == {
        runs_of(spans, execution)[0], runs_of(spans, f"{execution}.o:3-get_1")[0]
    }  # fmt: skip
    assert not before & {span.span_id for span in killed}
    assert [text for text, _ in sorted(lines(collector))] == ["begun", "inside"]


def test_a_webhook_is_the_root_of_what_it_calls(world: World, collector: Receiver) -> None:
    server = world.start()
    asked(server, "/c?[5,2]")
    assert server.stop() == 0

    spans = once_each(collector)
    root = root_of(spans)
    called = {"run 1": {}, "fibo.fibo": {"run 1": {}}, "fibo.fibo again": {"run 1": {}}}
    assert tree(spans, TRACE_ID, CALLER) == {name_of(root): {"run 1": {}, "workflow.fiboa": called}}
    assert root.kind == Span.SPAN_KIND_SERVER
    assert attributes(root.attributes)["url.path"] == "/c"
