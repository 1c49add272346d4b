"""The commit pipeline: turns go in, their effects are let out.

Theory of operation
    ``submit`` hands a turn's batch to the storage at once, in the order of calls, and returns. Many batches may be under
    way; each names the versions that the one before it leads to, and the last commit that each of its workflows, or its
    activity, ran ahead of, so a refused batch takes those built on it with it. The storage makes one transaction of all
    that wait.

    Three outcomes. *Committed*: the effects in ``after`` happen, and everybody who waits for one of the executions is told
    its new state. *Refused*: the workflows that ran ahead are dropped, ``undo`` takes back what was begun, ``on_refused``
    has the workflows loaded again, and results of finished activities are submitted again, each alone under its own
    version, unless the lock that it ran ahead of was not committed. *Unknown*: ``on_unknown`` takes the turn back, drops
    every workflow in memory and unlocks what nobody runs.

    ``ahead`` holds the starts of pure activities. They may happen before the commit that holds their cause, since nobody
    outside can see them; they are let out at submission while few turns are under way, else with the commit. A batch whose
    turn waits for nothing else may wait: the storage can have others share its transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from obelisk.clock import Clock
from obelisk.core.state import State
from obelisk.errors import CommitRefusedError, ObeliskError, StorageError
from obelisk.interfaces.storage import Batch, Committed, Storage, Write
from obelisk.runtime.metrics import CommitOutcome, Metrics
from obelisk.runtime.turn import FinishedRun, Turn
from obelisk.runtime.work import WorkCount

MAX_AHEAD = 128
_log = logging.getLogger("obelisk.commit")


class Pipeline:
    """See the module's theory of operation."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        work: WorkCount,
        metrics: Metrics,
        start: Callable[[Callable[[], None]], None],
        on_committed: Callable[[Write, State], None],
        on_settled: Callable[[Turn], None],
        on_refused: Callable[[Turn], None],
        on_unknown: Callable[[Turn], None],
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._metrics = metrics
        self._start = start
        self._on_committed = on_committed
        self._on_settled = on_settled
        self._on_refused = on_refused
        self._on_unknown = on_unknown
        self._under_way = 0
        self._work = work

    def submit(self, turn: Turn) -> None:
        """Write a turn; the outcome arrives on the loop. Raises only what is a mistake in the engine."""
        try:
            turn.settle()
        except BaseException:
            self._take_back(turn)  # else its workflows would be active for ever
            raise
        for run in turn.participants:
            run.hand_over_lines(turn)
        runs_ahead = self._under_way < MAX_AHEAD
        batch = turn.batch(after=_bases(turn), may_wait=runs_ahead and turn.awaits_nothing)
        if batch.writes:
            self._commit(turn, batch, runs_ahead=runs_ahead)
        else:
            _let_out(turn)
        _do(turn.after_submit)

    def _commit(self, turn: Turn, batch: Batch, *, runs_ahead: bool) -> None:
        began = self._clock.monotonic_ns()
        try:
            future = self._storage.commit(batch)
        except StorageError as error:
            _log.error("the storage takes no more batches: %s", error)
            turn.failure = str(error)
            self._on_unknown(turn)
            return
        turn.commit = future
        self._work.begin()
        self._under_way += 1
        for run in turn.participants:
            run.under_way[future] = None
        if runs_ahead:
            for activity in turn.ahead:
                activity.base = future
                self._start(activity.start)
            turn.ahead.clear()
        future.add_done_callback(partial(self._finished, turn, batch, began))

    def _finished(self, turn: Turn, batch: Batch, began_ns: int, future: asyncio.Future[Committed]) -> None:
        self._under_way -= 1
        for run in turn.participants:
            run.under_way.pop(future, None)
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        took_ns = self._clock.monotonic_ns() - began_ns
        self._metrics.settled(_outcome(error), entries=turn.count, took_ns=took_ns)
        try:
            if error is None:
                self._committed(turn, batch, future.result())
            else:
                self._failed(turn, error)
        finally:
            self._work.end()

    def _failed(self, turn: Turn, error: BaseException) -> None:
        if isinstance(error, CommitRefusedError):
            self._refused(turn, error)
        elif isinstance(error, ObeliskError):
            _log.error("the outcome of a commit is unknown: %s", error)
            turn.failure = str(error)
            self._on_unknown(turn)
        else:
            _log.error("a commit ended unexpectedly: %s", error)
            self._on_unknown(turn)

    def _committed(self, turn: Turn, batch: Batch, committed: Committed) -> None:
        for write, state in zip(batch.writes, committed.states, strict=True):
            self._on_committed(write, state)
        _let_out(turn)
        self._on_settled(turn)

    def _refused(self, turn: Turn, error: CommitRefusedError) -> None:
        _log.info("a batch was refused: %s", error)
        self._take_back(turn)
        for result in turn.results:
            if result.base is None:
                self._save(result, turn)
            elif result.base.done():
                self._save_if_committed(result, turn, result.base)
            else:
                result.base.add_done_callback(partial(self._save_if_committed, result, turn))

    def _take_back(self, turn: Turn) -> None:
        for run in tuple(turn.participants):
            run.drop()
        _do(turn.undo)
        self._on_refused(turn)

    def _save_if_committed(self, result: FinishedRun, turn: Turn, base: asyncio.Future[Committed]) -> None:
        """Save a result, unless its execution was locked by somebody else: then it may be one of other parameters."""
        if not base.cancelled() and base.exception() is None:
            self._save(result, turn)

    def _save(self, result: FinishedRun, turn: Turn) -> None:
        alone = Turn(turn.now)
        alone.append(result.execution_id, result.event, version=result.version)
        if result.parent is not None and result.response is not None:
            alone.append(result.parent, result.response, version=None)
        alone.after.append(result.then)
        self.submit(alone)


def _outcome(error: BaseException | None) -> CommitOutcome:
    if error is None:
        return CommitOutcome.COMMITTED
    return CommitOutcome.REFUSED if isinstance(error, CommitRefusedError) else CommitOutcome.UNKNOWN


def _bases(turn: Turn) -> tuple[asyncio.Future[Committed], ...]:
    """Return the last commit without an outcome of each workflow of this turn; it builds on those before it."""
    last = [next(reversed(run.under_way)) for run in turn.participants if run.under_way]
    if turn.base is not None:
        last.append(turn.base)
    return tuple(last) if len(last) < 2 else tuple(dict.fromkeys(last))


def _let_out(turn: Turn) -> None:
    _do([activity.start for activity in turn.ahead])
    _do(turn.after)


def _do(actions: list[Callable[[], None]]) -> None:
    """Do all of ``actions``, whatever one of them does."""
    for action in actions:
        try:
            action()
        except Exception:  # noqa: BLE001 - the executions of one turn must not hang on the failure of another
            _log.exception("an effect of a turn ended unexpectedly")
