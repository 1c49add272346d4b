# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about reads: logs, pages, lists, deployments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.core.events import ComponentRole, FailureKind, failed
from obelisk.errors import ExecutionNotFoundError, StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Backlog, Bucket, Deployment, ExecutionQuery, Held, Order, Storage, Write
from obelisk.names import Ffqn
from obelisk.testing.storage_samples import (
    ERR,
    NOW,
    OK,
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
    finished,
    locked,
    made,
    pausing,
    waits,
)

ONE, TWO, THREE = execution(1), execution(2), execution(3)
QUERY = ExecutionQuery(now=NOW)


async def listed(storage: Storage, **changes: Any) -> list[ExecutionId]:
    """Return the ids of the page for the default query with ``changes``."""
    return [held.execution_id for held in await storage.list_executions(replace(QUERY, **changes))]


async def make(storage: Storage, *ffqns: str) -> None:
    """Create an execution of each function, a second apart."""
    for number, ffqn in enumerate(ffqns, 1):
        await storage.commit(batch(create(execution(number), event=created(Ffqn(ffqn)), when=number)))


async def make_five(storage: Storage) -> None:
    """Create executions 1 to 5, each a second after the one before."""
    await make(storage, *[RUN_FN] * 5)


def in_every_bucket() -> list[Write]:
    """Return what creates executions 1 to 9, one for each bucket in the order of ``Bucket``; one is due after a second."""
    blocked = (locked(), made(), asked_delay(owner=execution(4)), waits())
    failure = failed(FailureKind.CANCELLED, "asked")
    return [
        create(execution(1), locked()),
        create(execution(2)),
        create(execution(3), event=created(due=1)),
        create(execution(4), *blocked),
        create(execution(5), *pausing()),
        create(execution(6), locked(), *cancelling()),
        create(execution(7), locked(), finished(OK)),
        create(execution(8), locked(), finished(ERR)),
        create(execution(9), locked(), *cancelling(), finished(failure)),
    ]


class LogClauses:
    """What ``state``, ``load``, ``events`` and ``responses`` owe."""

    async def test_of_an_unknown_execution_nothing_is_found(self, storage: Storage) -> None:
        assert await storage.state(ONE) is None
        assert await storage.load(ONE) is None
        assert await storage.events(ONE, from_version=0, limit=10) == []
        assert await storage.responses(ONE, after_cursor=0, limit=10) == []

    async def test_a_state_sees_the_batches_that_are_not_resolved_yet(self, storage: Storage) -> None:
        futures = [storage.commit(batch(create(ONE))), storage.commit(batch(append(ONE, locked(), version=1)))]
        state = await storage.state(ONE)
        assert state is not None
        assert state.next_version == 2
        await asyncio.gather(*futures)

    async def test_a_read_after_a_resolved_commit_sees_it(self, storage: Storage) -> None:
        for number in range(10):
            await storage.commit(batch(create(execution(number))))
            assert len(await storage.events(execution(number), from_version=0, limit=10)) == 1

    async def test_a_log_is_loaded_whole(self, storage: Storage) -> None:
        requests = [asked_delay(number) for number in range(1, 200)]
        await storage.commit(batch(create(ONE, locked(), made(), *requests)))
        await storage.commit(batch(append(ONE, *[delay_done(number) for number in range(1, 200)])))
        log = await storage.load(ONE)
        assert log is not None
        assert log.execution_id == ONE
        assert log.state == await storage.state(ONE)
        assert log.events == tuple(await storage.events(ONE, from_version=0, limit=1000))
        assert log.responses == tuple(await storage.responses(ONE, after_cursor=0, limit=1000))
        assert (len(log.events), len(log.responses)) == (202, 199)

    async def test_a_log_that_is_loaded_while_it_grows_is_of_one_point_in_time(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        futures = []
        for number in range(30):
            futures.append(storage.commit(batch(append(ONE, asked_delay(number + 1), delay_done(number + 1)))))
            log = await storage.load(ONE)
            assert log is not None
            assert (log.state.next_version, log.state.cursor) == (len(log.events), len(log.responses))
        await asyncio.gather(*futures)

    async def test_events_are_paged_by_version(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
        pages = [await storage.events(ONE, from_version=start, limit=2) for start in (0, 2, 4, 6)]
        assert [[item.version for item in page] for page in pages] == [[0, 1], [2, 3], [4], []]

    async def test_a_page_of_nothing_is_empty_whatever_is_there(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), *cancelling()), append(ONE, delay_done())))
        assert await storage.events(ONE, from_version=0, limit=0) == []
        assert await storage.responses(ONE, after_cursor=0, limit=0) == []
        assert await storage.ending(limit=0) == []
        assert await storage.list_executions(ExecutionQuery(at(0), limit=0)) == []

    async def test_many_events_are_paged_without_gaps(self, storage: Storage) -> None:
        requests = [asked_delay(number) for number in range(1, 400)]
        await storage.commit(batch(create(ONE, locked(), made(), *requests)))
        found = [
            item for start in range(0, 402, 134) for item in await storage.events(ONE, from_version=start, limit=134)
        ]
        assert [item.version for item in found] == list(range(402))
        assert [item.event for item in found[3:]] == requests
        assert await storage.events(ONE, from_version=0, limit=1000) == found

    async def test_what_was_returned_belongs_to_the_caller(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await storage.commit(batch(append(ONE, delay_done())))
        before = await storage.load(ONE)
        (await storage.events(ONE, from_version=0, limit=100)).clear()
        (await storage.responses(ONE, after_cursor=0, limit=100)).clear()
        (await storage.unfinished_functions()).clear()
        (await storage.list_executions(QUERY)).clear()
        assert await storage.load(ONE) == before
        assert len(await storage.events(ONE, from_version=0, limit=100)) == 4
        assert await storage.unfinished_functions() == {RUN_FN: 1}
        assert await listed(storage) == [ONE]

    async def test_responses_are_paged_by_cursor(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await storage.commit(batch(append(ONE, *[delay_done(number) for number in (1, 2, 3)])))
        pages = [await storage.responses(ONE, after_cursor=after, limit=2) for after in (0, 2, 3)]
        assert [[item.cursor for item in page] for page in pages] == [[1, 2], [3], []]

    async def test_logs_of_executions_with_similar_ids_are_kept_apart(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked()), create(child(1)), create(child(11))))
        counts = [len(await storage.events(id, from_version=0, limit=10)) for id in (ONE, child(1), child(11))]
        assert counts == [2, 1, 1]


class UnfinishedClauses:
    """What ``ending`` and ``unfinished_functions`` owe."""

    async def test_what_is_being_cancelled_is_found_whatever_its_status(self, storage: Storage) -> None:
        blocked = create(TWO, locked(), made(), asked_delay(owner=TWO), waits(), *cancelling())
        await storage.commit(batch(create(ONE, *cancelling()), blocked, create(THREE, locked(), *cancelling())))
        found = await storage.ending(limit=10)
        assert [held.execution_id for held in found] == [ONE, TWO, THREE]
        assert all([held.state == await storage.state(held.execution_id) for held in found])

    async def test_what_runs_or_is_paused_or_has_ended_is_not_being_cancelled(self, storage: Storage) -> None:
        ended = create(THREE, locked(), *cancelling(), finished(failed(FailureKind.CANCELLED, "asked")))
        await storage.commit(batch(create(ONE), create(TWO, *pausing()), ended))
        assert await storage.ending(limit=10) == []

    async def test_what_is_blocked_while_it_closes_a_join_set_is_found(self, storage: Storage) -> None:
        closes = waits(closing=True)
        asks = (locked(), made(), asked_delay(owner=ONE))
        await storage.commit(batch(create(ONE, *asks, closes), create(TWO)))
        assert [held.execution_id for held in await storage.ending(limit=10)] == [ONE]
        await storage.commit(batch(append(ONE, delay_done(owner=ONE))))
        assert await storage.ending(limit=10) == []

    async def test_a_paused_execution_that_is_cancelled_is_found(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, *pausing(), *cancelling())))
        assert [held.execution_id for held in await storage.ending(limit=10)] == [ONE]

    async def test_the_oldest_of_what_is_being_cancelled_come_first_up_to_the_limit(self, storage: Storage) -> None:
        for id, when in ((ONE, 30), (TWO, 10), (THREE, 20)):
            await storage.commit(batch(create(id, *cancelling(), when=when)))
        assert [held.execution_id for held in await storage.ending(limit=2)] == [TWO, THREE]
        assert await storage.ending(limit=0) == []

    async def test_functions_of_unfinished_executions_are_counted(self, storage: Storage) -> None:
        other = create(THREE, event=created(OTHER_FN))
        await storage.commit(batch(create(ONE), create(TWO, locked(), *cancelling()), other))
        assert await storage.unfinished_functions() == {RUN_FN: 2, OTHER_FN: 1}

    async def test_functions_of_triggers_are_not_counted(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(role=ComponentRole.CRON)), create(TWO)))
        assert await storage.unfinished_functions() == {RUN_FN: 1}

    async def test_functions_of_finished_executions_are_not_counted(self, storage: Storage) -> None:
        assert await storage.unfinished_functions() == {}
        await storage.commit(batch(create(ONE, locked()), create(TWO, locked(), event=created(OTHER_FN))))
        await storage.commit(batch(append(TWO, finished(), version=2)))
        assert await storage.unfinished_functions() == {RUN_FN: 1}


class BacklogClauses:
    """What ``backlog`` owes."""

    async def test_an_empty_storage_has_no_backlog(self, storage: Storage) -> None:
        assert await storage.backlog(NOW) == []

    async def test_the_backlog_counts_what_is_unfinished_by_its_bucket(self, storage: Storage) -> None:
        await storage.commit(batch(*in_every_bucket()))
        found = {item.bucket: item.count for item in await storage.backlog(NOW)}
        assert found == {bucket: 1 for bucket in Bucket if not bucket.value.startswith("finished")}

    async def test_the_backlog_is_counted_by_function(self, storage: Storage) -> None:
        await make(storage, RUN_FN, OTHER_FN, RUN_FN)
        found = {(item.ffqn, item.bucket): item.count for item in await storage.backlog(at(9))}
        assert found == {(RUN_FN, Bucket.PENDING): 2, (OTHER_FN, Bucket.PENDING): 1}

    async def test_the_backlog_has_the_executions_of_triggers(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(role=ComponentRole.CRON))))
        assert [item.count for item in await storage.backlog(NOW)] == [1]

    async def test_the_backlog_says_since_when_something_is_due(self, storage: Storage) -> None:
        dues = [(ONE, 30), (TWO, 10), (THREE, 20)]
        await storage.commit(batch(*[create(id, event=created(due=due)) for id, due in dues]))
        waiting = [Backlog(RUN_FN, Bucket.PENDING, 2, at(10)), Backlog(RUN_FN, Bucket.SCHEDULED, 1)]
        assert sorted(await storage.backlog(at(20)), key=lambda item: item.bucket.value) == waiting
        assert await storage.backlog(at(9.999999)) == [Backlog(RUN_FN, Bucket.SCHEDULED, 3)]

    async def test_only_what_is_pending_is_due(self, storage: Storage) -> None:
        await storage.commit(batch(*in_every_bucket()))
        due = {item.bucket: item.due_since for item in await storage.backlog(at(0.5)) if item.due_since is not None}
        assert due == {Bucket.PENDING: NOW}


class DeploymentClauses:
    """What ``deployment`` owes."""

    async def test_a_deployment_is_stored_once_for_each_digest(self, storage: Storage) -> None:
        first = Deployment(deployment(1), "sha256:a", at(0.000001))
        assert await storage.deployment(first) == first
        assert await storage.deployment(Deployment(deployment(2), "sha256:a", at(5))) == first

    async def test_another_digest_is_another_deployment(self, storage: Storage) -> None:
        first, second = (Deployment(deployment(number), f"sha256:{number}", NOW) for number in (1, 2))
        assert [await storage.deployment(first), await storage.deployment(second)] == [first, second]

    async def test_an_id_of_a_deployment_stands_for_one_digest(self, storage: Storage) -> None:
        first, other = Deployment(deployment(1), "sha256:a", NOW), Deployment(deployment(2), "sha256:b", NOW)
        assert [await storage.deployment(first), await storage.deployment(other)] == [first, other]
        with pytest.raises(StorageError, match=first.deployment_id):
            await storage.deployment(replace(first, digest="sha256:c"))
        assert await storage.deployment(replace(first, digest="sha256:b")) == other
        assert await storage.deployment(Deployment(deployment(3), "sha256:c", NOW)) == Deployment(
            deployment(3), "sha256:c", NOW
        )

    async def test_of_two_proposals_at_once_one_is_stored(self, storage: Storage) -> None:
        proposals = [Deployment(deployment(number), "sha256:a", NOW) for number in range(5)]
        found = await asyncio.gather(*[storage.deployment(proposed) for proposed in proposals])
        assert len(set(found)) == 1


class ListingClauses:
    """What ``list_executions`` owes."""

    async def test_an_empty_storage_lists_nothing(self, storage: Storage) -> None:
        assert await storage.list_executions(QUERY) == []

    async def test_executions_are_listed_newest_first_with_their_states(self, storage: Storage) -> None:
        await make_five(storage)
        found = await storage.list_executions(QUERY)
        assert [held.execution_id for held in found] == [execution(number) for number in (5, 4, 3, 2, 1)]
        assert found[0] == Held(execution(5), found[0].state)
        assert found[0].state == await storage.state(execution(5))

    async def test_executions_of_the_same_time_are_ordered_by_id(self, storage: Storage) -> None:
        await storage.commit(batch(create(TWO), create(THREE), create(ONE)))
        assert await listed(storage) == [THREE, TWO, ONE]
        cursor = {"cursor_id": TWO, "cursor_created_at": NOW}
        assert await listed(storage, **cursor) == [ONE]
        assert await listed(storage, order=Order.NEWER, **cursor) == [THREE]

    async def test_a_page_has_no_more_than_the_limit(self, storage: Storage) -> None:
        await make_five(storage)
        assert await listed(storage, limit=2) == [execution(5), execution(4)]
        assert await listed(storage, limit=2, order=Order.NEWER) == [execution(2), execution(1)]

    @pytest.mark.parametrize("with_time", [True, False])
    async def test_pages_go_to_older_executions_from_a_cursor(self, storage: Storage, *, with_time: bool) -> None:
        await make_five(storage)
        cursor = {"cursor_id": execution(4), "cursor_created_at": at(4) if with_time else None}
        assert await listed(storage, limit=2, **cursor) == [execution(3), execution(2)]
        assert await listed(storage, limit=2, including_cursor=True, **cursor) == [execution(4), execution(3)]

    @pytest.mark.parametrize("with_time", [True, False])
    async def test_pages_go_to_newer_executions_from_a_cursor(self, storage: Storage, *, with_time: bool) -> None:
        await make_five(storage)
        cursor = {"order": Order.NEWER, "cursor_id": TWO, "cursor_created_at": at(2) if with_time else None}
        assert await listed(storage, limit=2, **cursor) == [execution(4), execution(3)]
        assert await listed(storage, limit=2, including_cursor=True, **cursor) == [execution(3), execution(2)]

    async def test_a_time_alone_is_a_cursor(self, storage: Storage) -> None:
        await make_five(storage)
        assert await listed(storage, cursor_created_at=at(3)) == [TWO, ONE]
        assert await listed(storage, cursor_created_at=at(3), including_cursor=True) == [THREE, TWO, ONE]
        assert await listed(storage, cursor_created_at=at(4), order=Order.NEWER) == [execution(5)]

    async def test_a_cursor_with_its_time_need_not_exist(self, storage: Storage) -> None:
        await make_five(storage)
        assert await listed(storage, cursor_id=execution(99), cursor_created_at=at(2.5)) == [TWO, ONE]

    async def test_a_cursor_that_is_no_execution_is_an_error(self, storage: Storage) -> None:
        await make_five(storage)
        with pytest.raises(ExecutionNotFoundError, match=execution(99)):
            await listed(storage, cursor_id=execution(99))

    async def test_children_can_be_left_out(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE), create(child(1)), create(child(1, parent=child(1)))))
        assert await listed(storage, top_level_only=True) == [ONE]

    async def test_finished_executions_can_be_left_out(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), finished()), create(TWO)))
        assert await listed(storage, hide_finished=True) == [TWO]

    async def test_executions_are_found_by_the_beginning_of_their_id(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE), create(child(1)), create(child(2)), create(TWO)))
        assert await listed(storage, execution_id_prefix=f"{ONE}.") == [child(2), child(1)]
        assert await listed(storage, execution_id_prefix="E_") == [TWO, child(2), child(1), ONE]
        assert await listed(storage, execution_id_prefix=f"{ONE}.", limit=1) == [child(2)]

    @pytest.mark.parametrize("prefix", ["%", "E%", "E_0_", "*", "?", "[E]", "e_", "\U0010ffff", "'"])
    async def test_a_prefix_has_no_characters_with_a_meaning(self, storage: Storage, prefix: str) -> None:
        await storage.commit(batch(create(ONE)))
        assert await listed(storage, execution_id_prefix=prefix) == []
        assert await listed(storage, ffqn_prefix=prefix) == []

    async def test_executions_are_found_by_the_beginning_of_their_function(self, storage: Storage) -> None:
        await make(storage, "test:pkg/ifc.run", "test:pkg/ifc.runner", "test:pkg/ifd.run", "test:other/ifc.run")
        assert await listed(storage, ffqn_prefix="test:pkg/ifc.run") == [TWO, ONE]
        assert await listed(storage, ffqn_prefix="test:pkg/") == [THREE, TWO, ONE]

    async def test_what_an_id_or_a_function_has_elsewhere_is_not_its_beginning(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        assert await listed(storage, execution_id_prefix=ONE[1:]) == []
        assert await listed(storage, ffqn_prefix=RUN_FN[1:]) == []

    async def test_executions_are_found_by_their_function(self, storage: Storage) -> None:
        await make(storage, "test:pkg/ifc.run", "test:pkg/ifc.runner")
        assert await listed(storage, ffqn="test:pkg/ifc.run") == [ONE]

    async def test_an_interface_is_matched_whole_and_with_its_version(self, storage: Storage) -> None:
        await make(storage, "test:pkg/ifc.run", "test:pkg/ifc@1.0.0-rc.run", "test:pkg/ifc@1.0.0-rc.1.run")
        assert await listed(storage, interface="test:pkg/ifc") == [ONE]
        assert await listed(storage, interface="test:pkg/ifc@1.0.0-rc") == [TWO]
        assert await listed(storage, interface="test:pkg/if") == []

    async def test_a_package_is_matched_whole_and_with_its_version(self, storage: Storage) -> None:
        await make(storage, "test:pkg/a.run", "test:pkg/b@1.0.0.run", "test:pkg-ext/a.run")
        assert await listed(storage, package="test:pkg") == [ONE]
        assert await listed(storage, package="test:pkg@1.0.0") == [TWO]
        assert await listed(storage, package="test:pk") == []

    async def test_executions_are_found_by_their_component(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(made_of="a")), create(TWO, event=created(made_of="b"))))
        assert await listed(storage, component_digest=digest("b")) == [TWO]

    async def test_executions_are_found_by_their_deployment(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(deployed=1)), create(TWO, event=created(deployed=2))))
        await storage.commit(batch(append(ONE, locked(deployed=3), version=1)))
        assert await listed(storage, deployment_id=deployment(3)) == [ONE]
        assert await listed(storage, deployment_id=deployment(1)) == []

    @pytest.mark.parametrize("bucket", list(Bucket))
    async def test_executions_are_found_by_their_bucket(self, storage: Storage, bucket: Bucket) -> None:
        await storage.commit(batch(*in_every_bucket()))
        expected: dict[Bucket, list[int]] = {
            bucket: [number] for number, bucket in enumerate((b for b in Bucket if b is not Bucket.FINISHED), 1)
        }
        expected[Bucket.FINISHED] = [9, 8, 7]
        assert await listed(storage, buckets=frozenset({bucket})) == [execution(number) for number in expected[bucket]]

    async def test_several_buckets_are_alternatives(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE), create(TWO, locked()), create(THREE, locked(), finished(ERR))))
        buckets = frozenset({Bucket.PENDING, Bucket.FINISHED_ERROR})
        assert await listed(storage, buckets=buckets) == [THREE, ONE]

    async def test_the_time_of_the_query_tells_pending_from_scheduled(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(due=10))))
        assert await listed(storage, now=at(10), buckets=frozenset({Bucket.PENDING})) == [ONE]
        assert await listed(storage, now=at(9.999999), buckets=frozenset({Bucket.SCHEDULED})) == [ONE]

    async def test_filters_and_cursors_work_together(self, storage: Storage) -> None:
        await make(storage, *[RUN_FN, OTHER_FN] * 10)
        found: list[ExecutionId] = []
        cursor: dict[str, Any] = {}
        for _ in range(4):
            page = await listed(storage, ffqn=OTHER_FN, execution_id_prefix="E_", limit=3, **cursor)
            found += page
            cursor = {"cursor_id": page[-1]}
        assert found == [execution(number) for number in range(20, 0, -2)]

    @pytest.mark.parametrize("order", list(Order))
    async def test_many_executions_are_paged_without_gaps(self, storage: Storage, order: Order) -> None:
        numbers = range(90)
        await storage.commit(batch(*[create(execution(number), when=number // 4) for number in numbers]))
        found: list[ExecutionId] = []
        cursor: dict[str, Any] = {}
        for _ in range(3):
            page = await listed(storage, limit=40, order=order, **cursor)
            found += page if order is Order.OLDER else page[::-1]
            cursor = {"cursor_id": found[-1]}
        newest = [execution(number) for number in reversed(numbers)]
        assert found == (newest if order is Order.OLDER else newest[::-1])
