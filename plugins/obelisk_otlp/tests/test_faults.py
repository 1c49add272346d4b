"""Collectors that are not there, hang or speak something else; processes that are killed or hang."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from obelisk_otlp.courier import Courier
from obelisk_otlp.errors import SendingError
from obelisk_otlp.plan import Batching, Kind, Plan, Target
from obelisk_otlp.settings import Protocol, Sampler

from obelisk.interfaces.settings import Duration
from obelisk.interfaces.signals import SignalKind
from plugins.obelisk_otlp.tests.opening import PATIENCE, a_record, a_snapshot, a_span, child_of, opened
from tests.otlp_receiver import GRPC, HTTP, Answer, receiver

HANGS = Answer(hangs=True)
SOON = Duration(milliseconds=300)
PORTS = "OTLP over gRPC is usually at 4317, over HTTP at 4318"
EXPORT_AND_WAIT = """
import asyncio, sys
from plugins.obelisk_otlp.tests.opening import a_span, child_of, opened

async def main():
    async with opened(endpoint=sys.argv[1]) as exporter:
        await exporter.export([a_span(index) for index in range(50)])
        print(child_of(exporter), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def unused() -> str:
    """An endpoint where nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def settings(endpoint: str, protocol: str, **more: object) -> dict[str, object]:
    return {"endpoint": endpoint, "protocol": Protocol(protocol), **more}


async def gone(pid: int) -> bool:
    await asyncio.to_thread(psutil.wait_procs, [psutil.Process(pid)] if psutil.pid_exists(pid) else [], PATIENCE)
    return not psutil.pid_exists(pid)


def elapsed() -> float:
    return asyncio.get_running_loop().time()


async def test_a_collector_that_is_not_there_is_told_once_for_all_signals(unused, protocol, lines):
    async with opened(**settings(unused, protocol)) as exporter:
        await exporter.export([a_span(), a_record(), a_snapshot()])
        line = await lines.wait_for("cannot send", unused, protocol, "refused", "start the collector")
        assert lines.lines == [line]
        started = elapsed()
    assert elapsed() - started < 2.5
    assert await lines.wait_for("dropped: 1 span, 1 log record, 1 snapshot of metrics")
    assert len(lines.lines) == 2


async def test_a_collector_that_says_nothing_is_told(silent, protocol, lines):
    async with opened(**settings(silent, protocol, timeout=SOON, shutdown_timeout=SOON)) as exporter:
        await exporter.export([a_span()])
        assert await lines.wait_for("cannot send traces", "no answer within 0.3 s")


async def test_http_at_the_port_of_grpc_is_told_with_the_next_step(lines):
    with receiver(GRPC) as collector:
        async with opened(**settings(collector.endpoint, HTTP)) as exporter:
            await exporter.export([a_span()])
            assert await lines.wait_for("cannot send traces", PORTS)


async def test_grpc_at_the_port_of_http_is_told_with_the_next_step(lines):
    with receiver(HTTP) as collector:
        async with opened(**settings(collector.endpoint, GRPC, timeout=Duration(seconds=1))) as exporter:
            await exporter.export([a_span()])
            assert await lines.wait_for("cannot send traces", PORTS)


@pytest.mark.parametrize("protocol", [HTTP])  # gRPC sees to that itself
async def test_a_connection_that_was_closed_meanwhile_is_no_failure(collector, protocol, lines):
    async with opened(**settings(collector.endpoint, protocol)) as exporter:
        await exporter.export([a_span()])
        await asyncio.to_thread(collector.wait_for, collector.spans, 1)
        collector.answer_with(Answer(hangs_up=True))
        await exporter.export([a_span(1)])
        await asyncio.to_thread(collector.wait_for, collector.spans, 2)
    assert (collector.tries, lines.lines) == (3, [])


async def test_a_collector_that_comes_late_gets_what_waited(unused, protocol):
    async with opened(**settings(unused, protocol)) as exporter:
        await exporter.export([a_span()])
        with receiver(protocol, port=int(unused.rpartition(":")[2])) as collector:
            await exporter.export([a_span(1)])
            await asyncio.to_thread(collector.wait_for, collector.spans, 2)


async def test_the_end_does_not_wait_longer_for_a_collector_that_hangs_than_it_may(collector, protocol, lines):
    collector.answer_with(HANGS)
    async with opened(**settings(collector.endpoint, protocol, shutdown_timeout=SOON)) as exporter:
        await exporter.export([a_span(), a_span(1)])
        await asyncio.to_thread(collector.wait_until, lambda: collector.tries == 1)
        pid, started = child_of(exporter), elapsed()
    assert elapsed() - started < 2
    assert await gone(pid)
    assert await lines.wait_for("did not take all by the end; dropped: 2 spans")
    assert len(lines.lines) == 1


async def test_a_queue_that_is_full_drops_what_comes_and_tells_it(lines):
    environ = {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10", "OTEL_BSP_SCHEDULE_DELAY": "1"}
    with receiver(GRPC) as collector:
        collector.answer_with(HANGS)
        async with opened(environ, endpoint=collector.endpoint, shutdown_timeout=SOON) as exporter:
            await exporter.export([a_span(index) for index in range(10)])
            await asyncio.to_thread(collector.wait_until, lambda: collector.tries == 1)
            for _ in range(3):
                await exporter.export([a_span(index) for index in range(10)])
            assert await lines.wait_for("it takes them slower than they come", "dropped: 10 spans")
        assert await lines.wait_for("dropped: 30 spans")  # those behind the first, and those that were left


async def test_what_a_collector_does_not_take_is_reported_as_lost(collector, protocol):
    collector.answer_with(Answer(status="INVALID_ARGUMENT"), Answer(rejected=2), Answer())
    async with opened(**settings(collector.endpoint, protocol)) as exporter:
        losses: asyncio.Queue[tuple[SignalKind, int]] = asyncio.Queue()
        exporter.report_losses(lambda kind, count: losses.put_nowait((kind, count)))
        await exporter.export([a_span(index) for index in range(3)])
        assert await losses.get() == (SignalKind.SPANS, 3)
        await exporter.export([a_record(str(index)) for index in range(5)])
        assert await losses.get() == (SignalKind.LOGS, 2)
        await exporter.export([a_snapshot()])
        collector.wait_for(collector.metrics, 1)
    assert losses.empty()


async def test_what_a_process_held_when_it_was_killed_is_reported_as_lost(unused, protocol):
    async with opened(**settings(unused, protocol)) as exporter:
        losses: asyncio.Queue[tuple[SignalKind, int]] = asyncio.Queue()
        exporter.report_losses(lambda kind, count: losses.put_nowait((kind, count)))
        await exporter.export([a_span(index) for index in range(3)])
        os.kill(child_of(exporter), signal.SIGKILL)
        assert await losses.get() == (SignalKind.SPANS, 3)


async def test_one_kind_that_hangs_does_not_hold_up_the_others(protocol):
    with receiver(protocol) as stuck, receiver(protocol) as collector:
        stuck.answer_with(HANGS)
        suffix = "/v1/logs" if protocol == HTTP else ""
        environ = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": stuck.endpoint,
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": collector.endpoint + suffix,
        }
        async with opened(environ, protocol=Protocol(protocol), shutdown_timeout=SOON) as exporter:
            await exporter.export([a_span()])
            await asyncio.to_thread(stuck.wait_until, lambda: stuck.tries == 1)
            await exporter.export([a_record()])
            await asyncio.to_thread(collector.wait_for, collector.logs, 1)


async def test_a_process_that_is_killed_is_replaced_and_its_losses_are_told(lines):
    with receiver(GRPC) as collector:
        collector.answer_with(HANGS)
        async with opened(endpoint=collector.endpoint) as exporter:
            await exporter.export([a_span(index) for index in range(3)])
            await asyncio.to_thread(collector.wait_until, lambda: collector.tries == 1)
            os.kill(child_of(exporter), signal.SIGKILL)
            assert await lines.wait_for("was killed by signal 9", collector.endpoint, "lost: 3 spans", "another one")
            await exporter.export([a_span(7)])
            await asyncio.to_thread(collector.wait_for, collector.spans, 1)


async def test_a_process_that_fails_tells_why(lines, tmp_path):
    certificate = tmp_path / "ca.pem"
    target = Target(
        kind=Kind.TRACES, protocol=Protocol.GRPC, address="localhost:1", shown="https://localhost:1", is_secure=True,
        certificate=str(certificate),
    )  # fmt: skip
    courier = Courier(a_plan(target), {}, logging.getLogger("obelisk.otlp"))
    assert await lines.wait_for("ended with exit code 1", "FileNotFoundError", str(certificate))
    await courier.close()


async def test_signals_for_the_server_do_not_end_the_process():
    with receiver(GRPC) as collector:
        async with opened(endpoint=collector.endpoint) as exporter:
            await exporter.export([a_span()])
            await asyncio.to_thread(collector.wait_for, collector.spans, 1)
            pid = child_of(exporter)
            assert os.getsid(pid) == pid != os.getsid(0)
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
            await exporter.export([a_span(1)])
            await asyncio.to_thread(collector.wait_for, collector.spans, 2)
            assert child_of(exporter) == pid


async def test_what_was_handed_over_before_the_server_was_killed_is_delivered_and_the_process_ends():
    with receiver(GRPC) as collector:
        command = [sys.executable, "-c", EXPORT_AND_WAIT, collector.endpoint]
        server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert server.stdout is not None
        pid = int(await server.stdout.readline())
        server.kill()
        await server.wait()
        assert await gone(pid)
        assert len(collector.spans()) == 50


async def test_a_process_that_hangs_takes_nothing_more_and_says_so():
    courier = Courier(a_plan(), {}, logging.getLogger("obelisk.otlp"), room_seconds=0.2)
    await courier.send(Kind.TRACES, 1, b"\x90")
    pid = courier.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SendingError, match=r"http://localhost:1 took nothing for 0\.2 s"):
        for _ in range(20):
            await courier.send(Kind.TRACES, 1, bytes(1_000_000))
    started = elapsed()
    await courier.close()
    assert elapsed() - started < 3
    assert await gone(pid)


async def test_an_exporter_that_is_closed_at_once_leaves_no_process_behind(unused):
    async with opened(endpoint=unused) as exporter:
        pass
    assert exporter.courier.pid is None
    assert not [each for each in psutil.Process().children() if "obelisk_otlp.child" in each.cmdline()]


def a_plan(target: Target | None = None) -> Plan:
    usual = Target(
        kind=Kind.TRACES, protocol=Protocol.GRPC, address="localhost:1", shown="http://localhost:1", is_secure=False,
        batching=Batching(),
    )  # fmt: skip
    return Plan(
        targets=(target or usual,), resource={}, version="0", sampler=Sampler.PARENT_ALWAYS_ON, sample_ratio=1.0,
        flush_seconds=0.3,
    )  # fmt: skip
