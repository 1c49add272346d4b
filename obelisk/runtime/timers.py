"""Timers: delays that fall due, and locks that expired without an end.

Theory of operation
    A delay that this process wrote is expected at its time, and so is the end of a lock that a workflow in this process
    does not extend any more. What other processes left (a delay of a crashed server, a lock whose holder is gone) is
    found by asking the storage for what falls due next; when the storage is shared it is asked again every ``poll``.
    Then what computes for an execution that others moved is stopped, and what waits for one leaves memory, a few of
    them each time. A lock counts as expired ``leeway`` after its time, so that the holder's own write comes first; a
    lock of a process of this machine that is gone does not have to expire. A session whose lock expired has lost its
    server and ends as a failure.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from obelisk.core.events import DelayFinished, FailureKind, Finished, TemporarilyTimedOut, Unlocked, failed
from obelisk.core.retry import backoff, may_retry
from obelisk.core.tracing import MADE_PROGRESS
from obelisk.errors import StorageError
from obelisk.ids import DelayId
from obelisk.interfaces.storage import DueDelay, Held
from obelisk.runtime.alarms import Alarm
from obelisk.runtime.functions import MAX_BACKOFF, to_timedelta
from obelisk.runtime.recovery import recover
from obelisk.runtime.sessions import LOST_SESSION
from obelisk.runtime.turn import Turn
from obelisk.runtime.workflow_run import Phase

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

PAGE = 500
"""So many due delays are read beyond those whose response is on its way to the storage, at most as many again."""
LOOKED_AT = 16
"""Of how many waiting workflows it is looked up at once whether others have moved them."""

_log = logging.getLogger("obelisk.timers")


class Timers:
    """See the module's theory of operation. ``leeway`` and ``poll`` are set from the configuration."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._wake = asyncio.Event()
        self._set: list[Alarm] = []
        self._delivering: set[DelayId] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_first = True
        # What an earlier process left may fall due at any time.
        self._has_lost_track = kernel.storage.directory is not None
        self.leeway = timedelta(milliseconds=500)
        self.poll = timedelta(seconds=1)

    def expect(self, when: datetime) -> None:
        """Look for due delays at ``when``."""
        self._kernel.alarms.at(when, self._wake.set)

    def expect_expiry(self, lock_expires_at: datetime) -> Alarm:
        """Look for expired locks when one that nobody extends counts as expired."""
        return self._kernel.alarms.at(lock_expires_at + self.leeway, self._wake.set)

    def wake(self) -> None:
        """Look for due delays soon."""
        self._wake.set()

    def lost_track(self) -> None:
        """Look for everything soon: what this process has written is not known. It may fall due at any time from now on."""
        self._is_first = self._has_lost_track = True
        self._wake.set()

    async def run(self) -> None:
        """Serve delays and expired locks until cancelled."""
        while True:
            self._wake.clear()
            try:
                with self._kernel.work.piece():
                    until = await self._serve()
                polls = self._kernel.storage.shared
            except StorageError as error:
                _log.error("timers cannot read the storage, trying again: %s", error)
                until, polls = None, True
            self._set_alarms(until, polls=polls)
            await self._wake.wait()

    def _set_alarms(self, until: datetime | None, *, polls: bool) -> None:
        for alarm in self._set:
            alarm.cancel()
        self._set = [] if until is None else [self._kernel.alarms.at(until, self._wake.set)]
        if polls:
            self._set.append(self._kernel.alarms.after(self.poll, self._wake.set))

    async def _serve(self) -> datetime | None:
        await recover(self._kernel)
        storage, now = self._kernel.storage, self._kernel.clock.now()
        if storage.shared or self._is_first:
            await self._look_around()
        # Else the same delays would be read over and over until their responses are committed.
        await self._has_room.wait()
        limit = PAGE + len(self._delivering)
        delays = await storage.due_delays(now, limit=limit)
        for delay in delays:
            self._deliver(delay)
        expired = await storage.expired_locks(now - self.leeway, limit=PAGE)
        for held in expired:
            self._expire(held, now)
        if storage.shared or self._has_lost_track:
            self._kernel.wake_executors()
        if len(delays) == limit or len(expired) == PAGE:
            return now
        return await self._next(now)

    async def _look_around(self) -> None:
        """Look for what others left, or what this process lost track of; what cannot be read is looked for again."""
        is_first, self._is_first = self._is_first, False
        try:
            await self._kernel.cancellations.find(afresh=is_first)
            await self._stop_lost_runs()
            await self._kernel.sessions.look()
        except StorageError:
            self._is_first |= is_first
            raise

    async def _stop_lost_runs(self) -> None:
        """Stop what computes in this process although another one has moved its execution, or even deleted it."""
        for activity in list(self._kernel.activities.values()):
            state = await self._kernel.storage.state(activity.execution_id)
            # Also of one that runs ahead the commit was handed in before it began. So without a state it was deleted.
            if state is None or state.held_by is None or state.held_by.run_id != activity.run_id:
                activity.discard()
        workflows = self._kernel.workflows
        for run in (*workflows.computing, *(run for run in workflows.next_hot(LOOKED_AT) if run.is_settled)):
            state = await self._kernel.storage.state(run.execution_id)
            stays = run.is_settled or run.phase is Phase.BUSY
            if stays and (state is None or state.next_version > run.version):
                run.drop()

    async def _next(self, now: datetime) -> datetime | None:
        storage = self._kernel.storage
        candidates = [await storage.next_timer(now)]
        expiring = await storage.next_timer(now - self.leeway)
        if expiring is not None and expiring <= now:
            candidates.append(expiring + self.leeway)
        return min((when for when in candidates if when is not None), default=None)

    def _deliver(self, delay: DueDelay) -> None:
        if delay.delay_id in self._delivering:
            return
        self._delivering.add(delay.delay_id)
        if len(self._delivering) > PAGE:
            self._has_room.clear()
        turn = self._kernel.new_turn()
        self._kernel.deliver(turn, delay.execution_id, DelayFinished(delay.join_set_id, delay.delay_id))
        turn.after.append(lambda: self._delivered(delay))
        turn.undo.append(lambda: self._delivered(delay))
        self._kernel.pipeline.submit(turn)

    def _delivered(self, delay: DueDelay) -> None:
        self._delivering.discard(delay.delay_id)
        if len(self._delivering) <= PAGE:
            self._has_room.set()

    def _expire(self, held: Held, now: datetime) -> None:
        kernel, execution_id = self._kernel, held.execution_id
        if kernel.sessions.find(execution_id) is not None or execution_id in kernel.activities:
            return
        if not kernel.workflows.yields(execution_id):
            return
        turn = Turn(now)
        self._append_end(turn, held, now)
        turn.after.append(lambda: kernel.metrics.lock_expired(held.state.ffqn))
        self._kernel.pipeline.submit(turn)

    def _append_end(self, turn: Turn, held: Held, now: datetime) -> None:
        state = held.state
        retry = state.retry_config
        if state.is_of_session:
            turn.append(held.execution_id, Finished(LOST_SESSION), version=state.next_version)
        elif retry.max_retries is None and state.made_progress:
            turn.append(held.execution_id, Unlocked(now, MADE_PROGRESS), version=state.next_version)
        elif may_retry(state.failures, retry.max_retries):
            turn.append(held.execution_id, TemporarilyTimedOut(now + self._pause(held)), version=state.next_version)
        else:
            result = failed(FailureKind.TIMED_OUT, "the lock expired without an end of the run")
            self._kernel.finish(
                turn, held.execution_id, result, version=state.next_version, cursor=None, parent=state.parent
            )

    def _pause(self, held: Held) -> timedelta:
        function, failures = self._kernel.functions.find(held.state.ffqn), held.state.failures + 1
        if function is not None:
            return function.entry.retry_pause(held.execution_id, failures)
        return backoff(to_timedelta(held.state.retry_config.retry_exp_backoff), failures, maximum=MAX_BACKOFF)
