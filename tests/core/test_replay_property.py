"""Whatever a workflow does and wherever it is interrupted: replayed, it is told the same and leaves the same log."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from obelisk.core.canonical import canonical
from obelisk.core.events import OK_OUTCOME, ChildExecutionRequest, Schedule
from obelisk.ids import ExecutionId
from tests.core.generated import (
    Entry,
    Run,
    Step,
    history_of,
    is_open,
    responses_of,
    scripts,
    scripts_without_looks,
)
from tests.core.replaying import logged, responded


def text_of(journal: Sequence[Entry]) -> str:
    return canonical(logged(history_of(journal)), responded(responses_of(journal)))


def creations(entries: Sequence[Entry]) -> list[ExecutionId]:
    """Return the executions that the events create, in their order."""
    created = []
    for entry in entries:
        if isinstance(entry, Schedule) and entry.result == OK_OUTCOME:
            created.append(entry.execution_id)
        if is_open(entry) and isinstance(entry.request, ChildExecutionRequest):
            created.append(entry.request.child_execution_id)
    return created


def replayed(script: Sequence[Step], first: Run, cut: int) -> Run:
    """Return the run of a process that found the first ``cut`` entries of the first run's journal."""
    whole = sum(end <= cut for end in first.ends)
    return Run(first.journal[:cut], first.journal, whole).play(script)


@settings(max_examples=80, deadline=None)
@given(scripts)
def test_a_replay_from_every_prefix_is_told_the_same_and_leaves_the_same_log(script):
    first = Run().play(script)
    for cut in range(len(first.journal) + 1):
        again = replayed(script, first, cut)
        assert again.replies == first.replies
        assert history_of(again.journal) == history_of(first.journal)
        assert text_of(again.journal) == text_of(first.journal)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_a_replay_creates_what_was_not_created_and_nothing_twice(script):
    first = Run().play(script)
    for cut in range(len(first.journal) + 1):
        again = replayed(script, first, cut)
        made = len(creations(first.journal[:cut]))
        assert again.executions == first.executions[made:]


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_a_replay_of_everything_has_no_effects(script):
    first = Run().play(script)
    again = replayed(script, first, len(first.journal))
    assert again.executions == []
    assert again.journal == first.journal
    assert not again.replay.is_replaying


@settings(max_examples=40, deadline=None)
@given(scripts_without_looks)
def test_all_responses_at_once_tell_the_same_as_one_after_the_other(script):
    first = Run().play(script)
    responses = responses_of(first.journal)
    again = Run(responses, []).play(script)
    assert again.replies == first.replies
    assert history_of(again.journal) == history_of(first.journal)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_no_join_set_is_left_with_a_response_that_nobody_took(script):
    first = Run().play(script)
    requests = sum(map(is_open, first.journal))
    assert len(responses_of(first.journal)) == requests
