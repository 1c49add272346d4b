"""Following an execution to its end, over lost connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import click
from msgspec import Struct

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.client import CallError
from obelisk.cli.connection import Connection
from obelisk.cli.output import UNREACHABLE
from obelisk.clock import Clock, SystemClock

PATIENCE = 30.0
PAUSE = 0.5


class Timing(Struct, frozen=True):
    """Where a command takes time from; tests bring their own as the ``obj`` of click's context."""

    clock: Clock
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def timing_of_command() -> Timing:
    """Return where the command that runs takes time from: the machine, unless click's context brings something else."""
    given = click.get_current_context().find_object(Timing)
    return Timing(SystemClock(), time.monotonic, time.sleep) if given is None else given


def follow(
    connection: Connection, execution_id: str, *, timing: Timing, reached: bool
) -> Iterator[pb.GetStatusResponse]:
    """Yield what an execution is doing until it has ended.

    A connection that is lost is taken up again for ``PATIENCE`` seconds, then ``CallError`` is raised; statuses that were
    yielded may come again. ``reached`` tells that the server has answered before; when it has not, and does not, that is
    raised at once.
    """
    lost_since: float | None = None
    while True:
        try:
            for message in connection.status(execution_id, follow=True):
                reached, lost_since = True, None
                yield message
                if message.HasField("finished_status"):
                    return
        except CallError as error:
            if not (error.lost and reached):
                raise
        now = timing.monotonic()
        lost_since = now if lost_since is None else lost_since
        if now - lost_since >= PATIENCE:
            raise given_up(connection, f"get {execution_id} --follow")
        timing.sleep(PAUSE)
        connection.renew()


def given_up(connection: Connection, command: str) -> CallError:
    """Return the error for a connection that stays lost; ``command`` tells more once there is a server again."""
    return CallError(
        f"the connection to {connection.url} is lost for {PATIENCE:.0f} s; the execution may still go on, see"
        f" `obelisk client execution {command}`",
        exit_code=UNREACHABLE,
    )
