"""What a simulation does, as data: everything that is drawn from a seed, so that parts of it can be left out.

Times are seconds of virtual time after the start.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct


class CommitFault(Enum):
    """What happens to one commit."""

    REFUSED = "refused"
    LOST = "lost"
    """The engine gets to know that nobody knows; nothing was written."""
    UNKNOWN = "unknown"
    """The same, and it was written."""
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


class ServerFault(Enum):
    """What happens to a server at some time."""

    CRASH = "crash"
    STOP = "stop"
    JUMP = "jump"
    """Its clock is set forward or back by ``seconds``."""
    STALL = "stall"
    """Its storage does nothing for ``seconds``."""


class ActKind(Enum):
    """What a client asks for."""

    CANCEL = "cancel"
    CANCEL_DELAY = "cancel delay"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    GIVE = "give"
    SUBMIT_AGAIN = "submit again"
    SUBMIT_OTHERS = "submit others"
    """The same id with other parameters."""
    REPLAY = "replay"


class Commit(Struct, frozen=True):
    """The ``number``-th commit that reaches the storage, counted from 0 over all servers, goes wrong."""

    number: int
    fault: CommitFault


class Happening(Struct, frozen=True):
    """Something happens to a server."""

    at: float
    server: int
    fault: ServerFault
    seconds: float = 0.0


class Submission(Struct, frozen=True):
    """A client submits a script."""

    at: float
    function: str
    script: list[Any]


class Act(Struct, frozen=True):
    """A client asks something of a server, about the ``pick``-th of what there is then."""

    at: float
    server: int
    kind: ActKind
    pick: int


class Weather(Struct, frozen=True):
    """How bad it is all the time. Probabilities are those of one read or one run."""

    latency: float = 0.0
    """A commit waits up to so many seconds, and so does its answer; reads too."""
    reordered: bool = False
    """Whether answers overtake each other."""
    failing_reads: float = 0.0
    traps: float = 0.0
    errs: float = 0.0
    hangs: float = 0.0
    slow: float = 0.0
    slowness: float = 0.0
    """A slow run takes up to so many seconds."""


class Knobs(Struct, frozen=True):
    """How servers are configured."""

    servers: int = 1
    one_machine: bool = True
    """Whether servers see which others are gone; else their locks have to expire."""
    hot_limit: int | None = None
    run_ahead: bool = True
    max_events: int = 100
    interrupt: bool = False
    batching: int = 100
    lock_expiry: float = 5.0
    limiter: int | None = None
    shuffled: bool = False
    """Whether what is ready at the same time happens in any order, instead of in the order in which it became ready."""
    cost: float = 0.0
    """What one look at a server's monotonic time costs, in seconds."""
    sqlite: bool = False
    """Whether logs are kept in SQLite instead of in memory."""


class Scenario(Struct, frozen=True):
    """One simulation. ``is_fixed`` says that whatever goes wrong has no influence on what workflows come to."""

    seed: int
    is_fixed: bool
    knobs: Knobs
    weather: Weather
    submissions: tuple[Submission, ...]
    acts: tuple[Act, ...] = ()
    commits: tuple[Commit, ...] = ()
    happenings: tuple[Happening, ...] = ()
