"""What those who wait for an execution are told."""

from __future__ import annotations

from obelisk.core.state import State
from obelisk.runtime.notifier import Notifier
from obelisk.testing.storage_commits import folded
from obelisk.testing.storage_samples import created, entries, execution, locked, made

ONE = execution()


def after(count: int) -> State:
    """The state of an execution after the first events of its life."""
    return folded(*entries(*(created(), locked(), made())[:count]))


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
