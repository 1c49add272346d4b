"""Which clause notices which broken storage.

Each is the memory storage but for one method. ``CAUGHT`` says which group of clauses it is given to, and one clause that has
to fail.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.testing.conformance import clauses
from obelisk.testing.storage import StorageSuite
from obelisk.testing.storage_commits import CommitClauses
from obelisk.testing.storage_deletion import DeletionClauses
from obelisk.testing.storage_keeping import KeepingClauses, SharingClauses
from obelisk.testing.storage_lines import LineClauses
from obelisk.testing.storage_locks import LockClauses, TimerClauses
from obelisk.testing.storage_reads import (
    BacklogClauses,
    DeploymentClauses,
    ListingClauses,
    LogClauses,
    UnfinishedClauses,
)
from obelisk.testing.storage_responses import DelayClauses, ResponseClauses
from tests.testing.mutants_reading import (
    AnswersLost,
    AnswersRemembered,
    BacklogMiscounts,
    BacklogOfAnotherTime,
    BacklogWithoutTriggers,
    BucketsIgnored,
    ChildrenAreDeletedAlone,
    ChildrenListed,
    ChildrenStay,
    ClosingForgotten,
    CursorIncluded,
    DeploymentIdsReused,
    DeploymentsLost,
    EndedChildrenFound,
    EndingYoungestFirst,
    EndsOutOfOrder,
    EndsPagedByTime,
    EventsOffByOne,
    EverythingIsDue,
    FinishedCounted,
    FinishedListed,
    Kept,
    LastProposalWins,
    LastResponseLost,
    LevelsIgnored,
    LineCursorIncluded,
    LineCursorsLost,
    LineCursorsReused,
    LineLimitBeforeChoice,
    LinesBehindTheCursor,
    LinesByTime,
    LinesLost,
    LinesOfEverybody,
    LinesStay,
    LogTorn,
    NewerIsOlder,
    NothingKept,
    NothingShared,
    OneDeployment,
    PackagePrefixed,
    PagesOldestFirst,
    PausesLost,
    ResponsesFromTheCursor,
    ScheduledIsPending,
    SimilarTreesGo,
    TriggersCounted,
    UnfinishedTreesGo,
    UnfinishedUnnamed,
    UnknownCursorIgnored,
)
from tests.testing.mutants_writing import (
    AnsweredDelaysStay,
    BaseIgnored,
    CancelledLocksExpire,
    CursorUnchecked,
    DelayLimitIgnored,
    DelaysEarly,
    DelaysOfTheEndedStay,
    DelaysOutOfOrder,
    DueTimeIgnored,
    EveryDelayIsOpen,
    ExistingReplaced,
    FoldSkipped,
    HalfWritten,
    HeldOnlyWhileLocked,
    IncompatibleAreLocked,
    LastDueFirst,
    LastFirst,
    LockLimitIgnored,
    LocksExpireEarly,
    LockUnlogged,
    LockWithoutFunctions,
    PatientComeLast,
    PausedAreLocked,
    PausesForgotten,
    ResponsesByTime,
    SecondResponseAccepted,
    SeenLate,
    StatesAtTheEnd,
    TimersLate,
    TimersOfThePast,
    TimesCut,
    TriggersAreLocked,
    TriggersLocksNeverExpire,
    VersionUnchecked,
    WaitsForTheNext,
)


class Mutant(Struct, frozen=True):
    """A broken storage, the group of clauses that it is given to, and one that has to fail."""

    storage: type[MemoryStorage]
    group: type
    caught_by: str

    @property
    def clauses(self) -> list[str]:
        """The names of the clauses."""
        return clauses(self.group)

    async def try_clause(self, name: str, directory: Path) -> None:
        """Let a clause look at the storage; what it finds is raised."""
        suite = type("Suite", (MutantSuite, self.group), {"makes": self.storage})()
        clause = getattr(suite, name)
        for place, params in enumerate(_parameters(clause)):
            (own := directory / str(place)).mkdir(parents=True, exist_ok=True)
            if "tmp_path" in inspect.signature(clause).parameters:
                await clause(tmp_path=own, **params)
            else:
                async with suite.open() as storage:
                    await clause(storage=storage, **params)


def _parameters(clause: Any) -> Iterator[dict[str, Any]]:
    """Return the arguments that the marks of a clause give to it."""
    marks = [mark for mark in getattr(clause, "pytestmark", ()) if mark.name == "parametrize"]
    choices = [[_named(mark.args[0], values) for values in mark.args[1]] for mark in marks]
    for chosen in itertools.product(*choices):
        yield {name: value for each in chosen for name, value in each.items()}


def _named(names: str | tuple[str, ...], values: Any) -> dict[str, Any]:
    split = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    return dict(zip(split, values if len(split) > 1 else (values,), strict=True))


GROUPS = (
    CommitClauses, ResponseClauses, DelayClauses, LockClauses, TimerClauses, LogClauses, UnfinishedClauses, BacklogClauses,
    DeploymentClauses, ListingClauses, LineClauses, DeletionClauses, KeepingClauses, SharingClauses,
)  # fmt: skip
CAUGHT: dict[type, dict[type[MemoryStorage], str]] = {
    CommitClauses: {
        VersionUnchecked: "a_stale_version_is_refused",
        HalfWritten: "a_refused_batch_writes_nothing_to_any_execution",
        BaseIgnored: "what_builds_on_a_refused_batch_is_refused_though_its_version_fits",
        WaitsForTheNext: "a_batch_that_may_wait_is_committed_though_nothing_follows",
        PatientComeLast: "a_batch_that_may_wait_comes_before_those_that_follow",
        FoldSkipped: "an_illegal_transition_is_refused",
        ExistingReplaced: "creating_an_execution_that_exists_is_refused",
        LastFirst: "many_batches_at_once_take_effect_in_the_order_of_the_calls",
        TimesCut: "times_are_kept_to_the_microsecond",
        StatesAtTheEnd: "commit_returns_the_state_after_each_write",
    },
    ResponseClauses: {
        CursorUnchecked: "a_stale_cursor_is_refused",
        SecondResponseAccepted: "a_second_response_of_a_child_is_refused",
        ResponsesByTime: "responses_are_ordered_by_their_commit_and_not_by_their_time",
    },
    DelayClauses: {
        AnsweredDelaysStay: "an_answered_delay_is_not_due",
        DelaysOfTheEndedStay: "delays_of_a_finished_execution_are_not_due",
        PausesForgotten: "a_delay_that_is_paused_later_is_not_due_until_it_is_unpaused",
        EveryDelayIsOpen: "a_delay_that_nobody_asked_for_is_not_open",
        DelaysOutOfOrder: "due_delays_come_earliest_first",
        DelaysEarly: "a_delay_is_due_at_its_time_and_not_before",
        DelayLimitIgnored: "no_more_delays_than_the_limit_are_returned",
    },
    LockClauses: {
        DueTimeIgnored: "an_execution_is_locked_when_it_is_due_and_not_before",
        PausedAreLocked: "a_paused_execution_is_locked_after_it_was_unpaused",
        IncompatibleAreLocked: "an_execution_marked_as_incompatible_is_left_out",
        TriggersAreLocked: "an_execution_of_a_trigger_is_never_locked",
        LastDueFirst: "executions_due_longest_are_locked_first",
        LockLimitIgnored: "no_more_executions_than_the_limit_are_locked",
        LockWithoutFunctions: "only_wanted_functions_are_locked",
        LockUnlogged: "a_lock_is_an_event_of_the_log",
    },
    TimerClauses: {
        CancelledLocksExpire: "the_lock_of_what_is_being_cancelled_does_not_expire",
        TriggersLocksNeverExpire: "the_lock_of_a_triggers_run_expires_while_it_waits_too",
        LocksExpireEarly: "a_lock_expires_at_its_time_and_not_before",
        TimersLate: "the_next_timer_is_never_later_than_a_delay",
        TimersOfThePast: "the_next_timer_lies_after_the_given_time",
        HeldOnlyWhileLocked: "what_an_executor_holds_is_found_while_it_waits_too",
    },
    LogClauses: {
        SeenLate: "a_state_sees_the_batches_that_are_not_resolved_yet",
        EventsOffByOne: "events_are_paged_by_version",
        ResponsesFromTheCursor: "responses_are_paged_by_cursor",
        LogTorn: "a_log_that_is_loaded_while_it_grows_is_of_one_point_in_time",
    },
    UnfinishedClauses: {
        ClosingForgotten: "what_is_blocked_while_it_closes_a_join_set_is_found",
        EndingYoungestFirst: "the_oldest_of_what_is_being_cancelled_come_first_up_to_the_limit",
        TriggersCounted: "functions_of_triggers_are_not_counted",
        FinishedCounted: "functions_of_finished_executions_are_not_counted",
    },
    BacklogClauses: {
        BacklogMiscounts: "the_backlog_counts_what_is_unfinished_by_its_bucket",
        BacklogWithoutTriggers: "the_backlog_has_the_executions_of_triggers",
        BacklogOfAnotherTime: "the_backlog_says_since_when_something_is_due",
        EverythingIsDue: "only_what_is_pending_is_due",
    },
    DeploymentClauses: {
        LastProposalWins: "a_deployment_is_stored_once_for_each_digest",
        OneDeployment: "another_digest_is_another_deployment",
        DeploymentIdsReused: "an_id_of_a_deployment_stands_for_one_digest",
    },
    ListingClauses: {
        PagesOldestFirst: "executions_are_listed_newest_first_with_their_states",
        CursorIncluded: "a_time_alone_is_a_cursor",
        ChildrenListed: "children_can_be_left_out",
        FinishedListed: "finished_executions_can_be_left_out",
        NewerIsOlder: "pages_go_to_newer_executions_from_a_cursor",
        ScheduledIsPending: "the_time_of_the_query_tells_pending_from_scheduled",
        BucketsIgnored: "executions_are_found_by_their_bucket",
        UnknownCursorIgnored: "a_cursor_that_is_no_execution_is_an_error",
        PackagePrefixed: "a_package_is_matched_whole_and_with_its_version",
    },
    LineClauses: {
        LinesByTime: "lines_are_in_the_order_in_which_they_were_appended_whatever_their_times",
        LinesOfEverybody: "lines_of_executions_with_similar_ids_are_kept_apart",
        LineCursorIncluded: "pages_go_on_from_the_last_cursor",
        LevelsIgnored: "levels_and_streams_are_chosen_each_for_itself",
        LineLimitBeforeChoice: "pages_hold_as_many_lines_as_wanted_of_those_that_are_chosen",
        LineCursorsReused: "a_cursor_of_a_line_that_was_deleted_is_not_used_again",
        LinesBehindTheCursor: "calls_that_are_not_awaited_append_in_their_order",
    },
    DeletionClauses: {
        LinesStay: "a_tree_is_deleted_with_its_children_responses_and_lines",
        AnswersRemembered: "the_ids_of_a_deleted_tree_may_be_used_again",
        ChildrenStay: "a_tree_with_many_children_is_deleted_whole",
        UnfinishedTreesGo: "a_tree_in_which_something_has_not_finished_stays_whole",
        ChildrenAreDeletedAlone: "a_child_is_not_deleted_by_itself",
        SimilarTreesGo: "executions_with_similar_ids_are_no_part_of_a_tree",
        UnfinishedUnnamed: "an_execution_that_has_not_finished_stays_and_is_named",
        EndsOutOfOrder: "top_level_executions_that_ended_before_a_time_are_found_in_the_order_of_their_ends",
        EndsPagedByTime: "executions_that_ended_at_the_same_time_are_paged_without_gaps",
        EndedChildrenFound: "a_child_that_ended_is_not_found_by_its_end",
    },
    KeepingClauses: {
        NothingKept: "what_was_committed_is_there_when_it_is_opened_again",
        PausesLost: "a_delay_stays_paused_when_it_is_opened_again",
        LinesLost: "lines_are_there_when_it_is_opened_again",
        LineCursorsLost: "cursors_of_lines_go_on_growing_when_it_is_opened_again",
        AnswersLost: "a_second_response_is_refused_after_it_was_opened_again",
        DeploymentsLost: "a_deployment_is_known_when_it_is_opened_again",
        LastResponseLost: "what_was_committed_is_there_when_it_is_opened_again",
    },
    SharingClauses: {NothingShared: "what_one_commits_the_other_sees"},
}  # fmt: skip
MUTANTS = tuple(
    Mutant(storage, group, f"test_{clause}") for group, mutants in CAUGHT.items() for storage, clause in mutants.items()
)


class MutantSuite(StorageSuite):
    """Opens one of the storages above."""

    makes: type[MemoryStorage]

    def __init__(self) -> None:
        self._places: dict[Path, Kept] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryStorage]:
        yield self.makes()

    @asynccontextmanager
    async def open_in(self, directory: Path) -> AsyncIterator[Kept]:
        assert issubclass(self.makes, Kept)
        if self.makes is NothingShared:
            yield NothingShared(directory)
            return
        storage = self._places.setdefault(directory, self.makes(directory))
        yield storage
        storage.closed()
