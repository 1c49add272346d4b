"""Identifiers: making, parsing and taking them apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import InvalidIdError
from obelisk.ids import (
    MAX_ID_LENGTH,
    DelayId,
    ExecutionId,
    JoinSetId,
    JoinSetKind,
    check_join_set_name,
    child_execution_id,
    delay_id,
    delay_owner,
    generated_join_set_id,
    is_one_off,
    is_top_level,
    join_set_kind,
    named_join_set_id,
    new_deployment_id,
    new_execution_id,
    new_executor_id,
    new_run_id,
    one_off_join_set_id,
    parent_of,
    parse_delay_id,
    parse_execution_id,
    parse_join_set_id,
    top_level,
    ulid,
    ulid_value,
)

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
TOP = ExecutionId(f"E_{ULID}")


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_ulid_holds_its_time_and_its_randomness(milliseconds: int, randomness: bytes) -> None:
    assert ulid_value(ulid(milliseconds, randomness)) == milliseconds << 80 | int.from_bytes(randomness, "big")


@given(st.tuples(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1)))
def test_ulids_sort_by_time(times: tuple[int, int]) -> None:
    one, other = times
    assert (ulid(one, b"\xff" * 10) < ulid(other, b"\x00" * 10)) == (one < other)


def test_a_ulid_takes_ten_random_bytes() -> None:
    with pytest.raises(ValueError, match="takes 10 random bytes"):
        ulid(0, b"short")


def test_every_prefix_names_its_kind() -> None:
    randomness = bytes(10)
    assert new_execution_id(0, randomness) == "E_" + "0" * 26
    assert new_executor_id(0, randomness) == "Exr_" + "0" * 26
    assert new_run_id(0, randomness) == "Run_" + "0" * 26
    assert new_deployment_id(0, randomness) == "Dep_" + "0" * 26


@pytest.mark.parametrize(
    "text", ["", "8" + "0" * 25, "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "l", "0" * 25 + "é"]
)
def test_text_that_is_not_a_ulid_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdError, match="is not a ULID"):
        ulid_value(text)


def test_children_and_delays_are_named_by_where_they_were_asked_for() -> None:
    child = child_execution_id(TOP, generated_join_set_id(1), 2)
    assert child == f"E_{ULID}.g:1_2"
    assert child_execution_id(child, one_off_join_set_id(3, "fibo"), 1) == f"E_{ULID}.g:1_2.o:3-fibo_1"
    assert delay_id(child, named_join_set_id("a/b"), 1) == f"Delay_{ULID}.g:1_2.n:a/b_1"


def test_a_child_knows_its_parent_and_join_set() -> None:
    child = child_execution_id(TOP, generated_join_set_id(1), 2)
    grandchild = child_execution_id(child, one_off_join_set_id(1, "f"), 1)
    assert parent_of(grandchild) == (child, "o:1-f")
    assert parent_of(child) == (TOP, "g:1")
    assert parent_of(TOP) is None
    assert top_level(grandchild) == TOP
    assert (is_top_level(TOP), is_top_level(child)) == (True, False)


def test_a_delay_knows_its_owner() -> None:
    child = child_execution_id(TOP, generated_join_set_id(1), 2)
    assert delay_owner(delay_id(child, named_join_set_id("x"), 1)) == (child, "n:x")
    assert delay_owner(DelayId(f"Delay_{ULID}.o:1-sleep_1")) == (TOP, "o:1-sleep")


@pytest.mark.parametrize("text", [f"E_{ULID}", f"E_{ULID}.g:1_1", f"E_{ULID}.n:a/b-c_12.o:1-fibo_1"])
def test_execution_ids_parse(text: str) -> None:
    assert parse_execution_id(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "wrong prefix"),
        (ULID, "wrong prefix"),
        (f"Delay_{ULID}.g:1_1", "wrong prefix"),
        (f"E_{ULID}X", "is not a ULID"),
        (f"E_{ULID}.", "empty segment"),
        (f"E_{ULID}..g:1_1", "empty segment"),
        (f"E_{ULID}.g:1", "cannot find join set delimiter"),
        (f"E_{ULID}.x:1_1", "cannot parse join set id"),
        (f"E_{ULID}.g1_1", "cannot parse join set id"),
        (f"E_{ULID}.n:a b_1", "invalid character"),
        (f"E_{ULID}.g:1_0", "is not an index"),
        (f"E_{ULID}.g:1_01", "is not an index"),
        (f"E_{ULID}.g:1_-1", "is not an index"),
        (f"E_{ULID}.g:1_\u0661", "is not an index"),
        (f"E_{ULID}.g:1_", "is not an index"),
        (f"E_{ULID}" + ".g:1_1" * MAX_ID_LENGTH, "too long"),
    ],
)
def test_text_that_is_not_an_execution_id_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidIdError, match=why):
        parse_execution_id(text)


def test_a_delay_id_has_a_join_set() -> None:
    assert parse_delay_id(f"Delay_{ULID}.g:1_1") == f"Delay_{ULID}.g:1_1"
    with pytest.raises(InvalidIdError, match=r"delimiter '\.' not found"):
        parse_delay_id(f"Delay_{ULID}")
    with pytest.raises(InvalidIdError, match="expected prefix `Delay_`"):
        parse_delay_id(TOP)


def test_the_first_delay_of_an_old_history_has_the_index_zero() -> None:
    assert parse_delay_id(f"Delay_{ULID}.g:1_0") == f"Delay_{ULID}.g:1_0"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("o:1-f", JoinSetKind.ONE_OFF), ("n:x", JoinSetKind.NAMED), ("g:1", JoinSetKind.GENERATED)],
)
def test_the_first_letter_is_the_kind_of_a_join_set(text: str, kind: JoinSetKind) -> None:
    join_set = parse_join_set_id(text)
    assert join_set_kind(join_set) is kind
    assert is_one_off(join_set) == (kind is JoinSetKind.ONE_OFF)


@pytest.mark.parametrize("text", ["", "g", "x:1", ":1", "g:a_b", "g:a.b", "n:ä"])
def test_text_that_is_not_a_join_set_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdError):
        parse_join_set_id(text)


def test_the_name_of_a_join_set_has_no_forbidden_characters() -> None:
    check_join_set_name("Az09-/")
    with pytest.raises(InvalidIdError, match="contains invalid character `_`"):
        named_join_set_id("a_b")


def test_what_is_made_parses_again() -> None:
    child = child_execution_id(TOP, JoinSetId("n:"), 1)
    assert parse_execution_id(child) == child


def test_a_join_set_name_has_a_longest_length():
    check_join_set_name("a" * 256)
    with pytest.raises(InvalidIdError, match="too long"):
        check_join_set_name("a" * 257)
