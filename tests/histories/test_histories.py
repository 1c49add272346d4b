"""Logs that were written once are read, folded and replayed for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from obelisk.core.events import (
    ComponentUpgradeFinished,
    Created,
    Event,
    Finished,
    TemporarilyTimedOut,
    encode_event,
)
from tests.histories.folding import folded
from tests.histories.history import History, comparable, ended_itself, names, read, same_end, text_of
from tests.histories.recipes import RECIPES
from tests.histories.recording import made
from tests.histories.replaying import Replayed, replayed
from tests.scripts import LOG_CALL, LOG_MARKER, RUN, SCRIPTED
from tests.wasm.bench import ROOT, Bench

ALL = names()
WORKFLOWS = [name for name in ALL if read(name).is_workflow]
ENDED = [name for name in WORKFLOWS if ended_itself(read(name))]
OPEN = [name for name in WORKFLOWS if not read(name).state.is_finished]
CUT = [name for name in WORKFLOWS if name not in (*ENDED, *OPEN)]
SCRIPTS = [name for name in ENDED if Path(read(name).component).name == Path(SCRIPTED).name]


def created(history: History) -> Created:
    event = history.log()[0][0].event
    assert isinstance(event, Created)
    return event


async def replay(bench: Bench, history: History, component: str | None = None) -> Replayed:
    events, responses = history.log()
    return await replayed(bench, component or history.component, history.execution_id, events, responses)


# --- as they are stored -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_events_and_responses_are_written_as_they_were_read(name: str):
    history = read(name)
    events, responses = history.log()
    assert [encode_event(one.event) for one in events] == [bytes(one.event) for one in history.events]
    assert [msgspec.json.encode(one.response) for one in responses] == [
        bytes(one.response) for one in history.responses
    ]


@pytest.mark.parametrize("name", ALL)
def test_events_and_responses_are_numbered_without_gaps(name: str):
    events, responses = read(name).log()
    assert [one.version for one in events] == list(range(len(events)))
    assert [one.cursor for one in responses] == list(range(1, len(responses) + 1))


@pytest.mark.parametrize("name", ALL)
def test_a_log_adds_up_to_its_state(name: str):
    history = read(name)
    assert folded(*history.log()) == history.state


@pytest.mark.parametrize("name", ALL)
def test_the_text_of_a_file_is_what_is_written_for_its_history(name: str):
    history = read(name)
    assert msgspec.json.decode(text_of(history), type=History) == history


def test_every_kind_of_event_is_in_a_history():
    def kinds(event: type | object) -> set[str]:
        return {kind.__name__ for kind in event.__args__}  # type: ignore[attr-defined]

    # These take another component, and a run that hangs.
    left_out = {ComponentUpgradeFinished.__name__, TemporarilyTimedOut.__name__}
    found = {type(one.event).__name__ for name in ALL for one in read(name).log()[0]}
    assert found == kinds(Event) - left_out


# --- replayed ---------------------------------------------------------------------------------------------------------


def ends_as(again: Replayed, history: History) -> bool:
    """Tell whether a replay used its log up, asked for no more, and ended as the log says."""
    assert (again.is_replaying, again.new, again.question) == (False, (), None)
    last = history.log()[0][-1].event
    assert again.result is not None and isinstance(last, Finished)
    return same_end(again.result) == same_end(last.retval)


@pytest.mark.parametrize("name", ENDED)
async def test_a_workflow_that_ended_ends_again_in_the_same_way(bench: Bench, name: str):
    history = read(name)
    assert ends_as(await replay(bench, history), history)


@pytest.mark.parametrize("name", OPEN)
async def test_a_workflow_that_waits_waits_again(bench: Bench, name: str):
    history = read(name)
    again = await replay(bench, history)
    assert (again.is_replaying, again.new, again.result) == (False, (), None)
    assert again.waits_for == history.state.join_set_id is not None


@pytest.mark.parametrize("name", CUT)
async def test_a_workflow_that_was_cancelled_comes_as_far_as_it_came(bench: Bench, name: str):
    again = await replay(bench, read(name))
    assert not again.is_replaying


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_build_with_one_more_log_line_replays_the_same(bench: Bench, name: str):
    text = (ROOT / SCRIPTED).read_text()
    assert text.count(LOG_MARKER) == 1
    history = read(name)
    again = await replay(bench, history, text[text.index("(component") :].replace(LOG_MARKER, LOG_CALL))
    assert ends_as(again, history)
    assert again.logged == ("ok", *(await replay(bench, history)).logged)


async def test_a_replay_logs_again(bench: Bench):
    history = read("log-lines")
    (script,) = created(history).params
    assert created(history).ffqn == RUN
    assert (await replay(bench, history)).logged == tuple(op["log"] for op in script if "log" in op)


# --- made anew --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
async def test_a_recipe_makes_the_log_that_it_made(tmp_path: Path, code_cache: Path, name: str):
    anew = await made(RECIPES[name], tmp_path, code_cache=code_cache)
    assert comparable(anew) == comparable(read(name))


def test_every_recipe_has_a_history():
    assert RECIPES.keys() <= set(ALL)
