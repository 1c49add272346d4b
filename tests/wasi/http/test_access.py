"""What a run's log is told of its requests, and what is hidden in it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from obelisk.clock import SystemClock
from obelisk.errors import ComponentError, RequestDeniedError
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import ActivityCall, Logged, LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sandbox import AllowedHost, EnvVar, Mount, OutboundHttpSettings, ReplaceIn
from obelisk.interfaces.secrets import Secrets
from obelisk.names import Ffqn
from obelisk.wasm.wasi.http.access import MAX_DENIALS_LOGGED
from obelisk.wasm.wasi.http.target import parse_target
from obelisk.wasm.wasi.http.traces import MAX_TRACES
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.setup import SandboxSetup

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VALUE = "hunter2-is-the-value"
NAMES_KEY = AllowedHost(pattern="*", methods="*", secrets=("KEY",), replace_in=(ReplaceIn.HEADERS,))


class Settings:
    """A component's sandbox."""

    name = "probe"
    env_vars: tuple[str | EnvVar, ...] = ()
    mount: tuple[Mount, ...] = ()
    tmp = False

    def __init__(self, *allowed_host: AllowedHost, env_vars: tuple[str | EnvVar, ...] = ()) -> None:
        self.allowed_host = allowed_host
        self.env_vars = env_vars


def call() -> ActivityCall:
    name = Ffqn("a:b/c.d")
    execution, run = ExecutionId("E_01JQZ0000000000000000000A1"), RunId("Run_01JQZ0000000000000000000B1")
    return ActivityCall(execution, run, name, [], NOW, NOW + timedelta(seconds=1))


def setup(settings: Settings, environ: dict[str, str] | None = None) -> SandboxSetup:
    host = Host(SystemClock(), bytes, Path("data"), Path("cache"), logging.getLogger("test"), environ or {})
    return SandboxSetup(settings, host, outbound=OutboundHttpSettings(), secrets=Secrets({"KEY": VALUE}))


@pytest.fixture
def lines() -> list[Logged]:
    return []


@pytest.fixture
async def sandbox(lines: list[Logged]) -> Sandbox:
    return setup(Settings(NAMES_KEY)).open(call(), lines.append)


def deny(sandbox: Sandbox, path: str) -> RequestDeniedError:
    assert sandbox.access is not None
    with pytest.raises(RequestDeniedError) as caught:
        sandbox.access.policy.check(parse_target("GET", "https", "a.example", path))
    return caught.value


async def test_a_denial_is_in_the_log_of_the_run(sandbox: Sandbox, lines: list[Logged]):
    error = deny(sandbox, "/x?k=v")
    assert lines == [LogLine(LogLevel.WARN, str(error))]
    assert "GET https://a.example/x?*** denied by the operator's" in str(error)


async def test_a_denial_does_not_show_a_secret_in_a_path(sandbox: Sandbox, lines: list[Logged], caplog):
    deny(sandbox, f"/{VALUE}/x")
    assert "GET https://a.example/***/x denied" in lines[0].message
    assert VALUE not in repr(lines) + caplog.text


async def test_endless_denials_do_not_fill_the_log(sandbox: Sandbox, lines: list[Logged]):
    for _ in range(MAX_DENIALS_LOGGED + 10):
        deny(sandbox, "/")
    assert len(lines) == MAX_DENIALS_LOGGED
    assert lines[-1].message.endswith("(further denials of this run are not logged)")


async def test_secrets_are_hidden_in_what_a_guest_logs(sandbox: Sandbox, lines: list[Logged]):
    assert sandbox.access is not None
    sandbox.access.log(LogLine(LogLevel.INFO, f"key {VALUE}"))
    sandbox.access.log(StreamLine(StreamType.STDOUT, f"key {VALUE}".encode()))
    assert lines == [LogLine(LogLevel.INFO, "key ***"), StreamLine(StreamType.STDOUT, b"key ***")]


async def test_secrets_are_hidden_in_what_a_guest_writes(sandbox: Sandbox, lines: list[Logged]):
    for stream in (sandbox.stdout, sandbox.stderr):
        stream.write(f"key {VALUE[:4]}".encode())
        stream.write(f"{VALUE[4:]}\nrest {VALUE}".encode())
    sandbox.close()
    assert [line.payload for line in lines] == [b"key ***", b"key ***", b"rest ***", b"rest ***"]
    assert sandbox.stderr.tail() == "key ***\nrest ***"


async def test_the_end_of_standard_error_is_cut_after_secrets_are_hidden(sandbox: Sandbox):
    for padding in range(1000):
        sandbox.stderr.write(f"{'x' * padding}{VALUE}\n".encode())
        assert "hunter2" not in sandbox.stderr.tail()


async def test_requests_that_left_no_trace_are_counted(sandbox: Sandbox, lines: list[Logged]):
    assert sandbox.access is not None
    for _ in range(MAX_TRACES + 3):
        sandbox.access.traces.begin("GET", "https://a.example/", NOW)
    sandbox.close()
    assert lines == [LogLine(LogLevel.WARN, "3 more HTTP requests were sent; they left no trace")]


async def test_a_run_without_secrets_has_its_lines_as_they_are(lines: list[Logged]):
    sandbox = setup(Settings()).open(call(), lines.append)
    assert sandbox.access is not None
    sandbox.access.log(LogLine(LogLevel.INFO, VALUE))
    assert lines == [LogLine(LogLevel.INFO, VALUE)]
    assert sandbox.mask(VALUE) == VALUE


# --- the environment --------------------------------------------------------------------------------------------------


async def test_a_guest_finds_its_variables_and_its_placeholders(lines: list[Logged]):
    settings = Settings(NAMES_KEY, env_vars=("FORWARDED", EnvVar("SET", "to this"), EnvVar("FORWARDED", "set later")))
    sandbox = setup(settings, {"FORWARDED": "from the server", "OTHER": "kept"}).open(call(), lines.append)
    assert dict(sandbox.environment) == {
        "FORWARDED": "set later",
        "SET": "to this",
        "KEY": "OBELISK_SECRET_" + "00" * 16,
    }


@pytest.mark.parametrize("environ", [{}, {"C": "set"}])
async def test_all_variables_that_are_not_there_are_named(environ: dict[str, str]):
    with pytest.raises(ComponentError, match="`env_vars` forwards `A`, `B` from the server's environment"):
        setup(Settings(env_vars=("A", EnvVar("D", "x"), "B", *environ)), environ)
