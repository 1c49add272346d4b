"""Ids, names, page tokens, durations and sizes: what is read is written the same, all else is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from obelisk.api.page_token import place_of
from obelisk.api.status import CallRefusedError
from obelisk.config.units import parse_duration, parse_size
from obelisk.errors import InputError
from obelisk.ids import (
    child_execution_id,
    delay_id,
    delay_owner,
    generated_join_set_id,
    is_below,
    named_join_set_id,
    new_execution_id,
    one_off_join_set_id,
    parent_of,
    parse_delay_id,
    parse_execution_id,
    parse_join_set_id,
    top_level,
)
from obelisk.names import parse_ffqn, parse_interface
from tests.fuzz.mutation import TEXT, damaged_text
from tests.fuzz.target import Target, simple

PIECES = st.sampled_from([
    "E_", "Delay_", ".", "_", ":", "g:1_1", "o:1-sleep_1", "n:a/b_2", "g:", "-", "/", "@", "1.2.3", "\0", "٣", "I",
    "L", "U", "8ZZZ",
    "0", "999999999", "9999999999", "%", " ", "\n", "[method]", "a:b/c.d", "PT1S", "1h", "30s", "MiB", "1e9", "-1", "∞",
]) | TEXT  # fmt: skip
READERS: list[Callable[[str], Any]] = [
    parse_execution_id, parse_delay_id, parse_join_set_id, parse_ffqn, parse_interface, place_of, parse_duration,
    parse_size,
]  # fmt: skip
NAMES = st.text(st.sampled_from("abcXYZ019-/"), min_size=1, max_size=40)


@st.composite
def join_sets(draw: st.DrawFn) -> Any:
    number = draw(st.integers(1, 10**6))
    return draw(
        st.sampled_from([generated_join_set_id(number), one_off_join_set_id(number, "f-n")])
        | NAMES.map(named_join_set_id)
    )


@st.composite
def ids(draw: st.DrawFn) -> Any:
    """An execution's id, of any depth."""
    found = new_execution_id(draw(st.integers(0, 2**48 - 1)), draw(st.binary(min_size=10, max_size=10)))
    for _ in range(draw(st.integers(0, 5))):
        found = child_execution_id(found, draw(join_sets()), draw(st.integers(1, 10**8)))
    return found


def check_text(text: str) -> None:
    for read in READERS:
        try:
            found = read(text)
        except (InputError, CallRefusedError, ValueError) as error:
            assert not isinstance(error, UnicodeError)
            assert 0 < len(str(error)) < 1000 + 4 * len(text)
        else:
            if isinstance(found, str):
                assert found == text


def check_id(example: tuple[Any, Any, int]) -> None:
    execution, join_set, index = example
    assert parse_execution_id(execution) == execution
    child, delay = child_execution_id(execution, join_set, index), delay_id(execution, join_set, index)
    assert parse_execution_id(child) == child
    assert parent_of(child) == (execution, join_set)
    assert parse_delay_id(delay) == delay
    assert delay_owner(delay) == (execution, join_set)
    assert is_below(child, execution)
    assert top_level(child) == top_level(execution)


def texts() -> Target:
    valid = (
        ids()
        | st.sampled_from(["a:b/c@1.2.3-rc.1.f-g", "30s", "64MiB", "1h 30m"])
        | ids().map(lambda found: f"Delay_{found[2:]}.g:1_1")
    )
    examples = st.lists(PIECES, max_size=8).map("".join) | valid.flatmap(lambda text: damaged_text(text, PIECES))
    return simple("id-texts", 250, examples, check_text)


def made() -> Target:
    return simple("ids", 100, st.tuples(ids(), join_sets(), st.integers(1, 10**8)), check_id)
