"""Every hostile guest at once in a real server: it serves others, stays small, and stops when it is asked to."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from obelisk.core.events import FailureKind
from obelisk.names import Ffqn
from tests.e2e.process import Server
from tests.e2e.rpc import FIBOA, Client, connected
from tests.e2e.world import World, activity, fibo, workflow
from tests.hostile.table import CASES, GUESTS, Role, check

pytestmark = pytest.mark.timeout(120)
MEBIBYTE = 1 << 20
MOST_MEMORY = 700 * MEBIBYTE
"""What the process may take: 16 MiB for each memory bomb that runs at once, and what is copied out of amplifiers."""
LOCK = 'exec.lock_expiry = "2s"'
NEEDS_MORE = frozenset(("giant-string", "log-giant", "string-amplification"))
ONLY_WORKFLOWS = frozenset(case.guest for case in CASES if case.role is Role.WORKFLOW) - frozenset(
    case.guest for case in CASES if case.role is Role.ACTIVITY
)
ENDLESS = frozenset(case.guest for case in CASES if case.kind is FailureKind.TIMED_OUT)
SERVED = [
    case
    for case in CASES
    if case.kind is not FailureKind.OUT_OF_FUEL and (case.role is Role.ACTIVITY or case.guest in ONLY_WORKFLOWS)
]


def tables() -> str:
    """Return the tables of all guests, each as an activity where it can be one."""
    return "".join(
        workflow(path.stem, path, LOCK) if path.stem in ONLY_WORKFLOWS else activity(path.stem, path, keys(path.stem))
        for path in sorted(GUESTS.glob("*.wat"))
    )


def keys(guest: str) -> str:
    return f'max_retries = 0\nmemory = "{192 if guest in NEEDS_MORE else 16}MiB"\n{LOCK}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of all guests and of a healthy workflow."""
    config = 'server.shutdown_timeout = "100ms"\n' + fibo() + tables()
    world = World(tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("cache"), config)
    yield world.start()
    world.close()


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    with connected(server.address) as opened:
        yield opened


def peak_memory(server: Server) -> int:
    """Return the most memory, in bytes, that the process ever had."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def test_all_at_once_end_as_documented_while_others_go_on(server: Server, client: Client) -> None:
    started = [(case, client.start(Ffqn(case.ffqn), list(case.params))) for case in SERVED]
    for _ in range(5):
        assert client.result(client.start(FIBOA, [10, 5])).ok.value == 55
    for case, ident in started:
        check(case, client.result(ident))
    assert peak_memory(server) < MOST_MEMORY
    assert "Traceback" not in server.log


def test_it_stops_in_time_while_guests_compute(server: Server, client: Client) -> None:
    for case in CASES:
        if case.guest in ENDLESS and case in SERVED:
            client.wait_for_status(client.start(Ffqn(case.ffqn), list(case.params)), "locked")
    server.signal(signal.SIGTERM)
    assert server.wait(20) == 0
