"""Batches to draw: most fit the executions that they are for, some do not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import Enum

from hypothesis import strategies as st
from msgspec import Struct

from obelisk.core.events import (
    ComponentRole,
    Event,
    FailureKind,
    Paused,
    Persist,
    PersistKind,
    Response,
    TemporarilyFailed,
    TryOutcome,
    Unlocked,
    Unpaused,
    failed,
)
from obelisk.core.state import JoinSetCounts, Lifecycle, State, Status, counted_join_set, fold
from obelisk.errors import IllegalTransitionError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.interfaces.storage import Batch, Committed, Storage, Write
from obelisk.testing.storage_samples import (
    ERR,
    OK,
    OTHER_FN,
    OTHER_JOIN_SET,
    RUN_FN,
    asked_child,
    asked_delay,
    at,
    cancelling,
    child,
    child_done,
    created,
    delay,
    delay_done,
    entries,
    execution,
    finished,
    locked,
    looks,
    made,
    unfit_for,
    waits,
)

ONE, TWO, THREE = execution(1), execution(2), execution(3)
CHILD = child(1, parent=ONE)
IDS = (ONE, TWO, THREE, CHILD, child(2, parent=ONE), child(1, parent=TWO), child(1, parent=CHILD))
JOIN_SETS = (JoinSetId("g:1"), OTHER_JOIN_SET, JoinSetId("o:1-run"))
LATEST = 20
TIMES = st.integers(0, LATEST)
_NUMBERS = st.integers(1, 2)
_SHORT = st.integers(0, 8)
_JOIN_SET = st.sampled_from((*[JOIN_SETS[0]] * 4, *JOIN_SETS))
_OWNERS = st.sampled_from([ONE, ONE, TWO, CHILD])
_IDS = st.sampled_from((ONE, ONE, ONE, TWO, CHILD, *IDS))
_FUNCTIONS = st.sampled_from([RUN_FN, OTHER_FN])
_OUTCOMES = st.sampled_from(TryOutcome)
_CONTROLS = st.sampled_from([Paused(), Unpaused(), Unpaused(), *cancelling()])
_ROLES = st.sampled_from([ComponentRole.WORKFLOW, ComponentRole.WORKFLOW, ComponentRole.CRON])
_RESULTS = st.sampled_from([OK, ERR, failed(FailureKind.OUT_OF_FUEL, "too long")])
_LETTERS = st.sampled_from("ab")
_EARLY = st.sampled_from([0, 0, 2, -3])
_BATCHES = st.integers(1, 3)
_WRITES = st.sampled_from([1, 1, 2, 3])
_ITEMS = st.sampled_from([0, 1, 1, 1, 2, 3])
_MOSTLY = st.integers(0, 4)
_FLAGS = st.booleans()
_EARLIER = tuple(st.sampled_from([(), (), (), (place,), (0, place)]) for place in range(2))
_OFFSETS = st.sampled_from([*[0] * 12, *[None] * 4, 1, -1])
_STUBBORN = st.sampled_from([*[False] * 7, True])
Item = Event | Response


class Proposal(Struct, frozen=True):
    """A write, made ``when`` seconds after the samples' ``NOW``."""

    execution_id: ExecutionId
    items: tuple[Item, ...]
    when: int
    version: int | None
    cursor: int | None

    @property
    def write(self) -> Write:
        """The write as a storage takes it."""
        return Write(self.execution_id, entries(*self.items, when=self.when), self.version, self.cursor)


class Proposed(Struct, frozen=True):
    """A batch; ``after`` are the places of earlier ones of its burst that it builds on."""

    proposals: tuple[Proposal, ...]
    after: tuple[int, ...] = ()


Burst = tuple[Proposed, ...]
"""Batches that are queued before the first is awaited."""


def queue(storage: Storage, burst: Burst) -> list[asyncio.Future[Committed]]:
    """Queue the batches of a burst together. All but the last may wait for those behind them."""
    futures: list[asyncio.Future[Committed]] = []
    for proposed in burst:
        writes = tuple(each.write for each in proposed.proposals)
        after = tuple(futures[place] for place in proposed.after)
        futures.append(storage.commit(Batch(writes, after, may_wait=len(futures) < len(burst) - 1)))
    return futures


class Kind(Enum):
    """What kind of item a write has."""

    CREATED = "created"
    LOCKED = "locked"
    MADE = "made"
    CHILD = "child"
    DELAY = "delay"
    WAITS = "waits"
    LOOKS = "looks"
    PERSIST = "persist"
    FINISHED = "finished"
    UNLOCKED = "unlocked"
    FAILED = "failed"
    CHILD_DONE = "child_done"
    DELAY_DONE = "delay_done"
    CONTROL = "control"
    UNFIT = "unfit"


_HAPPENINGS = (Kind.MADE, Kind.CHILD, Kind.DELAY, Kind.WAITS, Kind.LOOKS, Kind.PERSIST)
_ENDS = (Kind.FINISHED, Kind.UNLOCKED, Kind.FAILED)
_ANSWERS = (Kind.CHILD_DONE, Kind.DELAY_DONE)
_CONTROL = (Kind.CONTROL, Kind.UNFIT)
_LIFE = (Kind.CREATED, Kind.LOCKED, Kind.MADE, Kind.DELAY, Kind.CHILD_DONE)
_BEGINNINGS = st.sampled_from(
    [_LIFE[:1], _LIFE[:1], _LIFE[:2], _LIFE[:3], _LIFE, (*_LIFE[:2], Kind.FINISHED), (*_LIFE, Kind.FINISHED)]
)
_ANY = st.sampled_from(Kind)
_ENDED = st.sampled_from([*_ANSWERS, *_ANSWERS, *Kind])
_HELD_BACK = st.sampled_from([*_ANSWERS, *_CONTROL, *_ENDS])
_RUNNING = st.sampled_from([*_HAPPENINGS, *_HAPPENINGS, *_ENDS, *_ANSWERS, *_CONTROL])
_RESTING = st.sampled_from([*[Kind.LOCKED] * 3, *_ANSWERS, *_CONTROL, *Kind])


class Known:
    """What an execution has become; it moves with what is drawn for it, as if that will be accepted."""

    def __init__(self, state: State | None = None, counts: Mapping[JoinSetId, JoinSetCounts] | None = None) -> None:
        self.state = state
        self._counts = dict(counts or {})

    @property
    def place(self) -> tuple[int, int]:
        """The next version and the cursor."""
        return (0, 0) if self.state is None else (self.state.next_version, self.state.cursor)

    def takes(self, item: Item, when: int) -> bool:
        """Move by an item; tell whether it fits."""
        join_set = counted_join_set(item)
        counts = None if join_set is None else self._counts.get(join_set)
        try:
            self.state, counts = fold(self.state, counts, item, at=at(when))
        except IllegalTransitionError:
            return False
        if join_set is not None and counts is not None:
            self._counts[join_set] = counts
        return True


@st.composite
def bursts(draw: st.DrawFn, known: dict[ExecutionId, Known]) -> Burst:
    """Draw a burst for executions that are known; those that are missing do not exist."""
    moving = {id: known.get(id) or Known() for id in IDS}
    burst: list[Proposed] = []
    for place in range(draw(_BATCHES)):
        proposals = tuple([_draw_proposal(draw, moving) for _ in range(draw(_WRITES))])
        burst.append(Proposed(proposals, draw(_EARLIER[place - 1]) if place else ()))
    return tuple(burst)


@st.composite
def delays(draw: st.DrawFn) -> DelayId:
    """Draw a delay, often one that was asked for."""
    return delay(draw(_NUMBERS), owner=draw(_OWNERS), join_set=draw(_JOIN_SET))


def _draw_proposal(draw: st.DrawFn, moving: dict[ExecutionId, Known]) -> Proposal:
    """Draw a write; most of what does not fit is left out."""
    id, when = draw(_IDS), draw(TIMES)
    known = moving[id]
    version, cursor = known.place
    begins = known.state is None and draw(_MOSTLY)
    wanted = [_draw_item(draw, kind, id, when) for kind in draw(_BEGINNINGS)] if begins else []
    wanted += [_draw_item(draw, draw(_kinds(known.state)), id, when) for _ in range(draw(_ITEMS))]
    items = tuple([item for item in wanted if known.takes(item, when) or draw(_STUBBORN)])
    return Proposal(id, items, when, _off(version, draw(_OFFSETS)), _off(cursor, draw(_OFFSETS)))


def _off(value: int, offset: int | None) -> int | None:
    return None if offset is None else value + offset


def _kinds(state: State | None) -> st.SearchStrategy[Kind]:
    """Return what may well fit a state, and a few that do not."""
    if state is None:
        return _ANY
    if state.status is Status.FINISHED:
        return _ENDED
    if state.lifecycle is not Lifecycle.ACTIVE:
        return _HELD_BACK
    return _RUNNING if state.status is Status.LOCKED else _RESTING


def _draw_item(draw: st.DrawFn, kind: Kind, id: ExecutionId, when: int) -> Item:
    if kind in _ANSWERS:
        return _draw_answer(draw, kind, id)
    if kind in _HAPPENINGS:
        return _draw_happening(draw, kind, id, when)
    later = when + draw(_SHORT)
    match kind:
        case Kind.CREATED:
            return created(
                draw(_FUNCTIONS), due=when - draw(_EARLY), made_of=draw(_LETTERS), role=draw(_ROLES),
                deployed=draw(_NUMBERS),
            )  # fmt: skip
        case Kind.LOCKED:
            return locked(until=later, by=draw(_NUMBERS), run_number=draw(_NUMBERS), made_of=draw(_LETTERS))
        case Kind.FINISHED:
            return finished(draw(_RESULTS))
        case Kind.UNLOCKED:
            return Unlocked(at(later), "closing")
        case Kind.FAILED:
            return TemporarilyFailed(at(later), "trap")
        case Kind.UNFIT:
            return unfit_for(draw(_LETTERS))
        case _:
            return draw(_CONTROLS)


def _draw_answer(draw: st.DrawFn, kind: Kind, id: ExecutionId) -> Item:
    if kind is Kind.CHILD_DONE:
        return child_done(draw(_NUMBERS), parent=id, join_set=draw(_JOIN_SET), result=draw(_RESULTS))
    return delay_done(draw(_NUMBERS), owner=id, join_set=draw(_JOIN_SET), success=draw(_FLAGS))


def _draw_happening(draw: st.DrawFn, kind: Kind, id: ExecutionId, when: int) -> Item:
    join_set = draw(_JOIN_SET)
    match kind:
        case Kind.MADE:
            return made(join_set)
        case Kind.CHILD:
            return asked_child(draw(_NUMBERS), parent=id, join_set=join_set)
        case Kind.DELAY:
            return asked_delay(draw(_NUMBERS), due=draw(TIMES), owner=id, join_set=join_set, paused=draw(_FLAGS))
        case Kind.WAITS:
            return waits(join_set, until=when + draw(_SHORT), closing=draw(_FLAGS))
        case Kind.LOOKS:
            return looks(draw(_OUTCOMES), join_set)
        case _:
            return Persist([draw(_NUMBERS)], PersistKind(execution_id=None))
