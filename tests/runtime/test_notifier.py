"""Who waits for an execution is told of its states as often as is wanted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from msgspec.structs import replace

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.core.state import Lifecycle, State, Status
from obelisk.ids import DeploymentId, ExecutionId
from obelisk.names import Ffqn
from obelisk.runtime.notifier import Notifier, Subscription

ID = ExecutionId("E_1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = 3600.0
SHORT = 0.001
STATE = State(
    Ffqn("a:b/c.d"), NOW, NOW, None, ComponentId(ComponentRole.ACTIVITY, "a", "sha256:0"), DeploymentId("Dep_1"),
    next_version=1, cursor=0, status=Status.PENDING, lifecycle=Lifecycle.ACTIVE, due_at=NOW,
)  # fmt: skip
LATER = replace(STATE, next_version=2)
LAST = replace(STATE, next_version=3, status=Status.FINISHED)


async def is_told(subscription: Subscription) -> bool:
    told = asyncio.ensure_future(subscription.changed())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return told.done() or not told.cancel()


async def test_each_newer_state_is_told():
    notifier = Notifier()
    with notifier.subscribe(ID) as subscription:
        notifier.changed(ID, STATE)
        assert await subscription.changed() is STATE
        notifier.changed(ID, LATER)
        assert await subscription.changed() is LATER


async def test_an_older_state_is_not_told():
    notifier = Notifier()
    with notifier.subscribe(ID) as subscription:
        notifier.changed(ID, LATER)
        await subscription.changed()
        notifier.changed(ID, STATE)
        assert not await is_told(subscription)


async def test_a_state_that_follows_quickly_waits_for_the_pace():
    notifier = Notifier()
    with notifier.subscribe(ID, pace=LONG) as subscription:
        notifier.changed(ID, STATE)
        await subscription.changed()
        notifier.changed(ID, LATER)
        assert not await is_told(subscription)


async def test_a_state_that_waited_is_told_when_the_pace_allows_it():
    notifier = Notifier()
    with notifier.subscribe(ID, pace=SHORT) as subscription:
        notifier.changed(ID, STATE)
        await subscription.changed()
        notifier.changed(ID, LATER)
        assert await subscription.changed() is LATER


async def test_the_end_does_not_wait_for_the_pace():
    notifier = Notifier()
    with notifier.subscribe(ID, pace=LONG) as subscription:
        notifier.changed(ID, STATE)
        await subscription.changed()
        notifier.changed(ID, LATER)
        notifier.changed(ID, LAST)
        assert await subscription.changed() is LAST


async def test_who_waits_for_the_end_is_told_of_nothing_else():
    notifier = Notifier()
    with notifier.subscribe(ID, only_end=True) as subscription:
        notifier.changed(ID, STATE)
        assert not await is_told(subscription)
        notifier.changed(ID, LAST)
        assert await subscription.changed() is LAST


async def test_who_waits_for_the_end_is_told_when_track_was_lost():
    notifier = Notifier()
    with notifier.subscribe(ID, only_end=True) as subscription:
        notifier.lost_track()
        assert await subscription.changed() is None
