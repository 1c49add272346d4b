"""The generator of a workflow's random numbers. The golden vectors here are frozen for ever: never edit one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.core.random import ALPHANUMERIC, DeterministicRandom, seed_of
from obelisk.ids import ExecutionId, ulid_value

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

GOLDEN_WORDS = {
    0: (0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C),
    1: (0xB3F2AF6D0FC710C5, 0x853B559647364CEA, 0x92F89756082A4514, 0x642E1C7BC266A3A7),
    2**64 - 1: (0x8F5520D52A7EAD08, 0xC476A018CAA1802D, 0x81DE31C0D260469E, 0xBF658D7E065F3C2F),
    0x0123456789ABCDEF: (0xA2C2A42038D4EC3D, 0x05FC25D0738E7B0F, 0x625E7BFF938E701E, 0x1BA4DDC6FE2B5726),
}
GOLDEN_SEEDS = {
    "E_00000000000000000000000000": 15392584411371816759,
    f"E_{ULID}": 3615312340341042841,
    f"E_{ULID}.g:1_1": 9153115030896503305,
    f"E_{ULID}.g:1_2": 6019489181328340461,
    f"E_{ULID}.n:a/b_1.o:1-fibo_1": 1117853906634902513,
}


@pytest.mark.parametrize("seed", GOLDEN_WORDS)
def test_the_words_of_a_seed_are_frozen(seed: int) -> None:
    random = DeterministicRandom(seed)
    assert tuple(random.u64() for _ in range(4)) == GOLDEN_WORDS[seed]


def test_what_is_made_from_words_is_frozen() -> None:
    random = DeterministicRandom(42)
    assert [random.below(10) for _ in range(12)] == [2, 2, 9, 3, 6, 4, 4, 7, 8, 5, 9, 3]
    assert random.bytes(11).hex() == "b6c60630a9ed0fcd4227b4"
    assert random.alphanumeric(16) == "TKDMDMdNf7UQecKG"
    assert random.between(2**63, 2**64 - 1) == 16865321452804324349
    assert random.below(2**63 + 1) == 826944335502010529


@pytest.mark.parametrize("text", GOLDEN_SEEDS)
def test_the_seed_of_an_execution_is_frozen(text: str) -> None:
    assert seed_of(ExecutionId(text)) == GOLDEN_SEEDS[text]


def test_the_seed_of_a_child_is_made_of_the_ulid_the_path_and_the_index() -> None:
    content = ulid_value(ULID).to_bytes(16, "little") + b".n:a/b_1.o:1-fibo" + (7).to_bytes(8, "little")
    expected = int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
    assert seed_of(ExecutionId(f"E_{ULID}.n:a/b_1.o:1-fibo_7")) == expected


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**64))
def test_a_number_below_a_bound_is_below_it(seed: int, bound: int) -> None:
    assert 0 <= DeterministicRandom(seed).below(bound) < bound


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_number_between_two_lies_between_them(seed: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert low <= DeterministicRandom(seed).between(low, high) <= high


@given(st.integers(0, 2**64 - 1))
def test_the_whole_range_takes_a_word_as_it_is(seed: int) -> None:
    assert DeterministicRandom(seed).between(0, 2**64 - 1) == DeterministicRandom(seed).u64()


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_a_bound_is_within_64_bits(bound: int) -> None:
    with pytest.raises(ValueError, match="the bound of a random number"):
        DeterministicRandom(0).below(bound)


def test_numbers_below_a_bound_are_equally_likely() -> None:
    random = DeterministicRandom(7)
    counts = [0] * 6
    for _ in range(6000):
        counts[random.below(6)] += 1
    assert all(850 < count < 1150 for count in counts)


def test_bytes_and_texts_have_the_length_that_was_asked_for() -> None:
    random = DeterministicRandom(3)
    assert [len(random.bytes(count)) for count in (0, 1, 8, 9)] == [0, 1, 8, 9]
    text = random.alphanumeric(1000)
    assert len(text) == 1000
    assert set(text) == set(ALPHANUMERIC)
    assert random.alphanumeric(0) == ""
