"""What those who wait for an execution are told, and how often."""

from __future__ import annotations

import asyncio

from obelisk.core.events import ExecutionResult, Finished
from obelisk.core.state import State
from obelisk.runtime.notifier import Notifier, Subscription
from obelisk.testing.storage_commits import folded
from obelisk.testing.storage_samples import created, entries, execution, locked, made

ONE = execution()
LONG = 3600.0
"""Seconds that no test waits."""
SHORT = 0.001
END = folded(*entries(created(), locked(), Finished(ExecutionResult(ok=None))))


def after(count: int) -> State:
    """The state of an execution after the first events of its life."""
    return folded(*entries(*(created(), locked(), made())[:count]))


async def is_told(subscription: Subscription) -> bool:
    told = asyncio.ensure_future(subscription.changed())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return told.done() or not told.cancel()


async def test_the_newest_state_is_told():
    notifier = Notifier()
    with notifier.subscribe(ONE) as subscription:
        for count in (1, 3, 2):
            notifier.changed(ONE, after(count))
        assert await subscription.changed() == after(3)


async def test_who_lost_track_has_to_read_whatever_is_told_before():
    notifier = Notifier()
    with notifier.subscribe(ONE) as subscription:
        notifier.lost_track()
        notifier.changed(ONE, after(1))
        assert await subscription.changed() is None


async def test_after_a_read_what_is_told_counts_again():
    notifier = Notifier()
    with notifier.subscribe(ONE) as subscription:
        notifier.lost_track()
        await subscription.changed()
        notifier.changed(ONE, after(2))
        assert await subscription.changed() == after(2)


async def test_a_state_that_follows_quickly_waits_for_the_pace():
    notifier = Notifier()
    with notifier.subscribe(ONE, pace=LONG) as subscription:
        notifier.changed(ONE, after(1))
        assert await subscription.changed() == after(1)
        notifier.changed(ONE, after(2))
        assert not await is_told(subscription)


async def test_a_state_that_waited_is_told_when_the_pace_allows_it():
    notifier = Notifier()
    with notifier.subscribe(ONE, pace=SHORT) as subscription:
        notifier.changed(ONE, after(1))
        await subscription.changed()
        notifier.changed(ONE, after(2))
        assert await subscription.changed() == after(2)


async def test_the_end_does_not_wait_for_the_pace():
    notifier = Notifier()
    with notifier.subscribe(ONE, pace=LONG) as subscription:
        notifier.changed(ONE, after(1))
        await subscription.changed()
        notifier.changed(ONE, after(2))
        notifier.changed(ONE, END)
        assert await subscription.changed() == END


async def test_who_waits_for_the_end_is_told_of_nothing_else():
    notifier = Notifier()
    with notifier.subscribe(ONE, only_end=True) as subscription:
        notifier.changed(ONE, after(1))
        assert not await is_told(subscription)
        notifier.changed(ONE, END)
        assert await subscription.changed() == END


async def test_who_waits_for_the_end_is_told_when_track_was_lost():
    notifier = Notifier()
    with notifier.subscribe(ONE, only_end=True) as subscription:
        notifier.lost_track()
        assert await subscription.changed() is None
