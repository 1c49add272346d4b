# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about locks and timers."""

from __future__ import annotations

import asyncio

import pytest

from obelisk.core.events import (
    ChildExecutionRequest,
    ComponentRole,
    ComponentUpgradeFinished,
    JoinSetRequest,
    LogEvent,
    TemporarilyFailed,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
)
from obelisk.core.state import Holder, Status
from obelisk.errors import CommitRefusedError
from obelisk.interfaces.storage import Held, LockedExecution, Storage
from obelisk.testing.storage_samples import (
    JOIN_SET,
    NOW,
    OTHER_FN,
    RUN_FN,
    append,
    asked_delay,
    at,
    batch,
    cancelling,
    child,
    create,
    created,
    delay_done,
    deployment,
    digest,
    execution,
    executor,
    finished,
    locked,
    made,
    pausing,
    run,
    unfit_for,
    waits,
    wanted,
)

ONE, TWO, THREE = execution(1), execution(2), execution(3)
OF_TRIGGERS = (ComponentRole.WEBHOOK_ENDPOINT, ComponentRole.CRON)
OF_TRIGGER = created(role=ComponentRole.WEBHOOK_ENDPOINT)
WAITING = (locked(until=5), made(), asked_delay(), waits(until=5))


def ids(found: list[LockedExecution] | list[Held]) -> list[str]:
    """Return the ids of executions."""
    return [item.execution_id for item in found]


class LockClauses:
    """What ``lock`` owes."""

    async def test_a_pending_execution_is_locked_and_returned_with_its_first_event(self, storage: Storage) -> None:
        event = created(params=[1, {"a": "ž"}])
        await storage.commit(batch(create(ONE, event=event)))
        found = await storage.lock(wanted(RUN_FN, lock=locked(until=7)))
        state = await storage.state(ONE)
        assert state is not None
        assert (state.status, state.due_at, state.held_by) == (Status.LOCKED, at(7), Holder(executor(), run()))
        assert found == [LockedExecution(ONE, state, LogEvent(0, NOW, event))]

    async def test_a_lock_is_an_event_of_the_log(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        await storage.lock(wanted(RUN_FN, now=3, lock=locked(until=9)))
        assert await storage.events(ONE, from_version=1, limit=10) == [LogEvent(1, at(3), locked(until=9))]

    async def test_there_is_nothing_to_lock_in_an_empty_storage(self, storage: Storage) -> None:
        assert await storage.lock(wanted(RUN_FN, made_of="a")) == []

    async def test_an_execution_is_locked_when_it_is_due_and_not_before(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(due=5))))
        assert await storage.lock(wanted(RUN_FN, now=4.999999)) == []
        assert ids(await storage.lock(wanted(RUN_FN, now=5))) == [ONE]

    async def test_only_wanted_functions_are_locked(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(RUN_FN)), create(TWO, event=created(OTHER_FN))))
        assert ids(await storage.lock(wanted(OTHER_FN))) == [TWO]

    async def test_no_function_and_no_digest_locks_nothing(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        assert await storage.lock(wanted()) == []

    async def test_an_execution_of_the_component_is_locked_whatever_its_function(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(made_of="a")), create(TWO, event=created(made_of="b"))))
        assert ids(await storage.lock(wanted(made_of="b"))) == [TWO]

    async def test_function_or_component_is_enough_and_both_lock_once(self, storage: Storage) -> None:
        events = (created(RUN_FN, made_of="b"), created(OTHER_FN, made_of="a"), created(RUN_FN, made_of="a"))
        writes = [create(id, event=event) for id, event in zip((ONE, TWO, THREE), events, strict=True)]
        await storage.commit(batch(*writes))
        assert sorted(ids(await storage.lock(wanted(RUN_FN, made_of="a")))) == [ONE, TWO, THREE]
        assert len(await storage.events(THREE, from_version=0, limit=10)) == 2

    async def test_a_lock_by_another_component_does_not_change_the_component(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(made_of="b"), Unlocked(NOW, "closing"))))
        assert await storage.lock(wanted(made_of="b")) == []
        assert ids(await storage.lock(wanted(made_of="a"))) == [ONE]

    async def test_an_execution_that_was_upgraded_is_of_its_new_component(self, storage: Storage) -> None:
        upgraded = ComponentUpgradeFinished(digest("b"), deployment(), UpgradeOutcome(success={}))
        await storage.commit(batch(create(ONE, unfit_for("b"), upgraded)))
        assert await storage.lock(wanted(made_of="a")) == []
        assert ids(await storage.lock(wanted(made_of="b", unfit="b"))) == [ONE]

    async def test_an_execution_marked_as_incompatible_is_left_out(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, unfit_for("b")), create(TWO)))
        assert ids(await storage.lock(wanted(RUN_FN, unfit="b"))) == [TWO]

    async def test_a_mark_for_another_component_does_not_matter(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, unfit_for("b")), create(TWO, unfit_for("b"))))
        assert ids(await storage.lock(wanted(RUN_FN, unfit="c", limit=1))) == [ONE]
        assert ids(await storage.lock(wanted(RUN_FN))) == [TWO]

    async def test_a_paused_execution_is_locked_after_it_was_unpaused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, *pausing())))
        assert await storage.lock(wanted(RUN_FN, made_of="a")) == []
        await storage.commit(batch(append(ONE, Unpaused(), version=2)))
        assert ids(await storage.lock(wanted(RUN_FN))) == [ONE]

    async def test_a_cancelling_execution_is_not_locked(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, *cancelling())))
        assert await storage.lock(wanted(RUN_FN, made_of="a")) == []

    async def test_locked_blocked_and_finished_executions_are_not_locked(self, storage: Storage) -> None:
        blocked = create(TWO, locked(until=2), made(), asked_delay(owner=TWO), waits(until=2))
        await storage.commit(batch(create(ONE, locked(until=2)), blocked, create(THREE, locked(), finished())))
        assert await storage.lock(wanted(RUN_FN, made_of="a", now=99, lock=locked(until=120))) == []

    async def test_an_execution_of_a_trigger_is_never_locked(self, storage: Storage) -> None:
        for number, role in enumerate(OF_TRIGGERS):
            await storage.commit(batch(create(execution(number), event=created(role=role))))
        assert await storage.lock(wanted(RUN_FN, made_of="a")) == []

    async def test_no_more_executions_than_the_limit_are_locked(self, storage: Storage) -> None:
        await storage.commit(batch(*[create(execution(number)) for number in range(5)]))
        assert len(await storage.lock(wanted(RUN_FN, limit=2))) == 2
        assert len(await storage.lock(wanted(RUN_FN, limit=10))) == 3

    async def test_a_limit_of_zero_locks_nothing(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        assert await storage.lock(wanted(RUN_FN, limit=0)) == []

    async def test_executions_due_longest_are_locked_first(self, storage: Storage) -> None:
        events = (created(RUN_FN, due=3), created(OTHER_FN, due=1), created(RUN_FN, due=2))
        writes = [create(id, event=event) for id, event in zip((ONE, TWO, THREE), events, strict=True)]
        await storage.commit(batch(*writes))
        assert ids(await storage.lock(wanted(RUN_FN, OTHER_FN, now=5, limit=2))) == [TWO, THREE]

    async def test_many_executions_are_locked_in_one_call(self, storage: Storage) -> None:
        await storage.commit(batch(*[create(execution(number)) for number in range(150)]))
        found = await storage.lock(wanted(RUN_FN, limit=1000))
        assert sorted(ids(found)) == [execution(number) for number in range(150)]
        assert all(item.created.event == created() for item in found)

    async def test_two_calls_at_once_never_lock_the_same_execution(self, storage: Storage) -> None:
        await storage.commit(batch(*[create(execution(number)) for number in range(10)]))
        first, second = await asyncio.gather(
            storage.lock(wanted(RUN_FN, limit=7, lock=locked(run_number=1))),
            storage.lock(wanted(RUN_FN, limit=7, lock=locked(run_number=2))),
        )
        assert sorted(ids(first) + ids(second)) == [execution(number) for number in range(10)]

    async def test_a_lock_refuses_a_batch_for_the_version_before_it(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        await storage.lock(wanted(RUN_FN))
        with pytest.raises(CommitRefusedError):
            await storage.commit(batch(append(ONE, locked(run_number=2), version=1)))

    async def test_a_batch_on_top_of_a_lock_is_accepted(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        (found,) = await storage.lock(wanted(RUN_FN))
        committed = await storage.commit(batch(append(ONE, finished(), version=found.state.next_version, cursor=0)))
        assert committed.states[0].status is Status.FINISHED

    async def test_an_execution_that_backs_off_is_locked_when_its_time_has_come(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), TemporarilyFailed(at(4), "trap"))))
        assert await storage.lock(wanted(RUN_FN, now=3)) == []
        (found,) = await storage.lock(wanted(RUN_FN, now=4))
        assert found.state.failures == 1

    async def test_a_woken_execution_is_kept_for_its_run_until_its_lock_ends(self, storage: Storage) -> None:
        waiting = create(ONE, locked(until=60), made(), asked_delay(), waits(until=60))
        await storage.commit(batch(waiting, append(ONE, delay_done(), when=10)))
        assert await storage.lock(wanted(RUN_FN, now=59, lock=locked(until=99, run_number=2))) == []
        assert ids(await storage.lock(wanted(RUN_FN, now=60, lock=locked(until=99, run_number=2)))) == [ONE]


class TimerClauses:
    """What ``expired_locks``, ``next_timer`` and ``held_by`` owe."""

    async def test_a_lock_expires_at_its_time_and_not_before(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=10))))
        state = await storage.state(ONE)
        assert state is not None
        assert await storage.expired_locks(at(9.999999), limit=10) == []
        assert await storage.expired_locks(at(10), limit=10) == [Held(ONE, state)]

    async def test_expired_locks_come_earliest_first_up_to_the_limit(self, storage: Storage) -> None:
        locks = ((ONE, 30), (TWO, 10), (THREE, 20))
        await storage.commit(batch(*[create(id, locked(until=until)) for id, until in locks]))
        assert ids(await storage.expired_locks(at(99), limit=2)) == [TWO, THREE]

    async def test_an_extended_lock_does_not_expire_at_its_first_time(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=10), locked(until=20))))
        assert await storage.expired_locks(at(10), limit=10) == []
        assert ids(await storage.expired_locks(at(20), limit=10)) == [ONE]

    async def test_blocked_pending_and_finished_executions_have_no_lock_that_expires(self, storage: Storage) -> None:
        blocked = create(TWO, locked(until=2), made(), asked_delay(owner=TWO), waits(until=2))
        await storage.commit(batch(create(ONE), blocked, create(THREE, locked(until=2), finished())))
        assert await storage.expired_locks(at(99), limit=10) == []

    async def test_the_lock_of_what_is_being_cancelled_does_not_expire(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=2), *cancelling())))
        assert await storage.expired_locks(at(99), limit=10) == []

    async def test_the_lock_of_a_triggers_run_expires_while_it_waits_too(self, storage: Storage) -> None:
        for number, role in enumerate(OF_TRIGGERS):
            own = execution(number)
            waiting = (locked(until=5), made(), asked_delay(owner=own), waits(until=5))
            await storage.commit(batch(create(own, *waiting, event=created(role=role))))
        await storage.commit(batch(append(execution(0), delay_done(owner=execution(0)))))
        assert await storage.expired_locks(at(4), limit=10) == []
        assert sorted(ids(await storage.expired_locks(at(5), limit=10))) == [execution(0), execution(1)]

    async def test_the_lock_of_a_triggers_run_is_extended_while_it_waits(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, *WAITING, event=OF_TRIGGER)))
        committed = await storage.commit(batch(append(ONE, locked(until=20), version=5, when=3)))
        assert committed.states[0].status is Status.BLOCKED
        assert await storage.expired_locks(at(19), limit=10) == []
        assert ids(await storage.expired_locks(at(20), limit=10)) == [ONE]

    async def test_a_locked_execution_of_a_trigger_is_found_once(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=5), event=OF_TRIGGER), create(TWO, locked(until=3))))
        assert ids(await storage.expired_locks(at(9), limit=10)) == [TWO, ONE]
        assert ids(await storage.expired_locks(at(9), limit=1)) == [TWO]

    async def test_an_execution_of_a_trigger_that_nobody_runs_has_no_lock(self, storage: Storage) -> None:
        unlocked = create(TWO, locked(), Unlocked(at(2), "next tick"), event=created(role=ComponentRole.CRON))
        ended = create(THREE, locked(until=2), finished(), event=OF_TRIGGER)
        await storage.commit(batch(create(ONE, event=created(role=ComponentRole.CRON)), unlocked, ended))
        assert await storage.expired_locks(at(99), limit=10) == []

    async def test_the_next_timer_is_never_later_than_the_lock_of_a_triggers_run_that_waits(
        self, storage: Storage
    ) -> None:
        child_asked = JoinSetRequest(JOIN_SET, ChildExecutionRequest(child(), RUN_FN, []))
        await storage.commit(batch(create(ONE, locked(until=5), made(), child_asked, waits(until=5), event=OF_TRIGGER)))
        when = await storage.next_timer(NOW)
        assert when is not None
        assert NOW < when <= at(5)

    async def test_an_empty_storage_has_no_timer(self, storage: Storage) -> None:
        assert await storage.next_timer(NOW) is None

    async def test_the_next_timer_is_never_later_than_a_pending_execution(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(due=30)), create(TWO, event=created(due=10))))
        when = await storage.next_timer(NOW)
        assert when is not None
        assert NOW < when <= at(10)

    async def test_the_next_timer_is_never_later_than_the_end_of_a_lock(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=20))))
        when = await storage.next_timer(NOW)
        assert when is not None
        assert NOW < when <= at(20)

    async def test_the_next_timer_is_never_later_than_a_delay(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=60), made(), asked_delay(due=5))))
        when = await storage.next_timer(NOW)
        assert when is not None
        assert NOW < when <= at(5)

    async def test_the_next_timer_lies_after_the_given_time(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(due=10)), create(TWO, event=created(due=20))))
        when = await storage.next_timer(at(10))
        assert when is not None
        assert at(10) < when <= at(20)

    async def test_what_an_executor_holds_is_found_while_it_waits_too(self, storage: Storage) -> None:
        blocked = create(TWO, locked(), made(), asked_delay(owner=TWO), waits())
        woken = create(THREE, locked(), made(), asked_delay(owner=THREE), waits())
        await storage.commit(batch(create(ONE, locked()), blocked, woken, append(THREE, delay_done(owner=THREE))))
        found = await storage.held_by(frozenset({executor(1)}))
        assert sorted(ids(found)) == [ONE, TWO, THREE]
        assert all([held.state == await storage.state(held.execution_id) for held in found])

    async def test_what_nobody_or_somebody_else_holds_is_not_found(self, storage: Storage) -> None:
        unlocked = create(TWO, locked(), Unlocked(NOW, "closing"))
        await storage.commit(batch(create(ONE), unlocked, create(THREE, locked(by=2), finished())))
        await storage.commit(batch(create(execution(4), locked(by=2))))
        assert await storage.held_by(frozenset({executor(1), executor(3)})) == []
        assert ids(await storage.held_by(frozenset({executor(2), executor(3)}))) == [execution(4)]

    async def test_what_is_being_cancelled_is_still_held(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(by=1), *cancelling())))
        assert ids(await storage.held_by(frozenset({executor(1)}))) == [ONE]

    async def test_a_page_of_nothing_is_empty(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, *WAITING), create(TWO, locked(until=1))))
        assert await storage.due_delays(at(99), limit=0) == []
        assert await storage.expired_locks(at(99), limit=0) == []

    async def test_no_executor_holds_nothing(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        assert await storage.held_by(frozenset()) == []
