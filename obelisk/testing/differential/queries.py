"""Questions to draw."""

from __future__ import annotations

from hypothesis import strategies as st

from obelisk.interfaces.components import LogLevel, StreamType
from obelisk.interfaces.storage import Bucket, Deployment, ExecutionQuery, LineQuery, LockWanted, Order, StoredLine
from obelisk.names import Ffqn
from obelisk.testing.differential.writes import IDS, TIMES
from obelisk.testing.storage_samples import (
    OTHER_FN,
    RUN_FN,
    at,
    child,
    deployment,
    digest,
    locked,
    logged,
    printed,
    wanted,
)

LIMITS = st.integers(0, 4)
_LETTERS = st.sampled_from([None, None, "a", "b"])
_FUNCTIONS = st.sampled_from([(RUN_FN, OTHER_FN), (RUN_FN, OTHER_FN), (RUN_FN,), ()])
_OWNERS = st.sampled_from([*IDS[:3], child(1, parent=IDS[0])])


def locks() -> st.SearchStrategy[LockWanted]:
    """Draw a call of ``lock``."""
    return st.builds(_wanted, _FUNCTIONS, LIMITS, st.integers(5, 30), st.integers(1, 8), st.tuples(_LETTERS, _LETTERS))


def _wanted(
    ffqns: tuple[Ffqn, ...], limit: int, now: int, length: int, letters: tuple[str | None, str | None]
) -> LockWanted:
    lock = locked(until=now + length, run_number=now)
    return wanted(*ffqns, limit=limit, now=now, lock=lock, made_of=letters[0], unfit=letters[1])


def pages() -> st.SearchStrategy[ExecutionQuery]:
    """Draw a page of executions."""
    return st.builds(
        ExecutionQuery,
        now=st.builds(at, TIMES),
        limit=LIMITS,
        order=st.sampled_from(Order),
        cursor_id=st.sampled_from([None, None, *IDS]),
        cursor_created_at=st.none() | st.builds(at, TIMES),
        including_cursor=st.booleans(),
        top_level_only=st.booleans(),
        hide_finished=st.booleans(),
        execution_id_prefix=st.sampled_from([None, None, None, IDS[0], "E_%"]),
        ffqn_prefix=st.sampled_from([None, None, None, RUN_FN[:10], RUN_FN]),
        package=st.sampled_from([None, None, None, "test:pkg", "test:pk"]),
        interface=st.sampled_from([None, None, None, "test:pkg/ifc"]),
        ffqn=st.sampled_from([None, None, None, RUN_FN, OTHER_FN]),
        component_digest=st.sampled_from([None, None, None, digest("a")]),
        deployment_id=st.sampled_from([None, None, None, deployment(1)]),
        buckets=st.frozensets(st.sampled_from(Bucket), max_size=2),
    )


def deployments() -> st.SearchStrategy[Deployment]:
    """Draw a proposal of a deployment; its id may be that of another one."""
    return st.builds(
        lambda place, digest, when: Deployment(deployment(place), digest, at(when)),
        st.integers(0, 3),
        st.sampled_from("xyz"),
        TIMES,
    )


def lines() -> st.SearchStrategy[list[StoredLine]]:
    """Draw lines that are appended together."""
    line = st.one_of(
        st.builds(logged, st.sampled_from(["", "a", "ž\n"]), of=_OWNERS, when=TIMES, level=st.sampled_from(LogLevel)),
        st.builds(printed, st.binary(max_size=2), of=_OWNERS, stream=st.sampled_from(StreamType)),
    )
    return st.lists(line, max_size=6)


def line_pages() -> st.SearchStrategy[LineQuery]:
    """Draw a page of lines without a cursor."""
    return st.builds(
        LineQuery,
        _OWNERS,
        derived=st.booleans(),
        levels=st.sampled_from([frozenset(LogLevel), frozenset(LogLevel), frozenset([LogLevel.INFO, LogLevel.WARN])]),
        streams=st.sampled_from([frozenset(StreamType), frozenset(StreamType), frozenset([StreamType.STDERR])]),
        after=st.sampled_from([None, None, None, at(5)]),
        order=st.sampled_from(Order),
        limit=LIMITS,
    )
