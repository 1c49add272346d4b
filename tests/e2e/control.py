"""A server that is controlled: by commands as people type them, and by calls as programs make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from obelisk.core.events import ExecutionFailure, ExecutionResult, FailureKind
from obelisk.ids import ExecutionId
from tests import scripts
from tests.e2e.process import Ended, Server
from tests.e2e.rpc import FOO, Client, connected
from tests.e2e.world import World
from tests.scripts import Op

CANCELLED = ExecutionResult(execution_failure=ExecutionFailure(FailureKind.CANCELLED))
UNKNOWN = "E_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_DELAY = "Delay_01ARZ3NDEKTSV4RRFFQ69G5FAV.g:1_1"
BLOCKED = "blocked_by_join_set"
FOREVER = 2**64 - 1


@dataclass(frozen=True)
class Control:
    """See the module's documentation."""

    world: World
    server: Server
    client: Client

    def run(self, *arguments: str, stdin: str = "") -> Ended:
        """Run a command of ``client execution``."""
        return self.world.client(self.server, "execution", *arguments, stdin=stdin)

    def script(self, *ops: Op, cancellable: bool = False, paused: bool = False) -> ExecutionId:
        """Start a script."""
        function = scripts.RUN_CANCELLABLE if cancellable else scripts.RUN
        return self.client.start(function, [list(ops)], paused=paused)

    def blocked_script(self, *ops: Op, cancellable: bool = False) -> ExecutionId:
        """Start a script and return once it waits."""
        ident = self.script(*ops, cancellable=cancellable)
        self.client.wait_for_status(ident, BLOCKED)
        return ident


def waiting() -> tuple[Op, ...]:
    """A script that asks a stub and waits for what it says."""
    return waiting_in(0)


def waiting_in(slot: int) -> tuple[Op, ...]:
    """The same as part of a script that made so many join sets before."""
    return (scripts.create(), scripts.submit(slot, FOO, "what"), scripts.next_(slot))


@contextmanager
def controlled(world: World, server: Server) -> Iterator[Control]:
    with connected(server.address) as client:
        yield Control(world, server, client)


def said(ended: Ended) -> tuple[int, str]:
    """Return the exit code of a command and its only line."""
    assert ended.stderr == "", ended.stderr
    return ended.code, ended.stdout.rstrip("\n")


def assert_rejected(ended: Ended, *parts: str, code: int = 2) -> None:
    """One clear message on standard error, and nothing else."""
    assert ended.code == code, ended
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: "), ended.stderr
    assert "Traceback" not in ended.stderr
    for part in parts:
        assert part in ended.stderr, ended.stderr
