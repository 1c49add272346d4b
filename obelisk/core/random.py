"""The random numbers of a workflow: a generator of our own, frozen for ever.

The generator is xoshiro256** by David Blackman and Sebastiano Vigna, its four words of state filled by SplitMix64 from a
64-bit seed. A workflow's numbers are compared on replay, so neither the algorithm nor the way in which numbers are made
from its words may ever change; ``tests/core/test_random.py`` holds golden vectors. It is no source of secrets.
"""

from __future__ import annotations

import hashlib
import string
from typing import Final

from obelisk.ids import (
    EXECUTION_PREFIX,
    INDEX_SEPARATOR,
    LEVEL_SEPARATOR,
    ULID_LENGTH,
    ExecutionId,
    is_top_level,
    ulid_value,
)

_MASK: Final = 2**64 - 1
ALPHANUMERIC: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits


def seed_of(execution_id: ExecutionId) -> int:
    """Return the seed of an execution's generator.

    It is the first eight bytes, least significant first, of the SHA-256 of the ULID as 16 bytes, least significant
    first, and for a child execution also of the text between the ULID and the last ``_`` (its first ``.`` included) and
    of the number after that ``_`` as eight bytes, least significant first.
    """
    ulid = execution_id[len(EXECUTION_PREFIX) : len(EXECUTION_PREFIX) + ULID_LENGTH]
    digest = hashlib.sha256(ulid_value(ulid).to_bytes(16, "little"))
    if not is_top_level(execution_id):
        path, _, index = execution_id[len(EXECUTION_PREFIX) + ULID_LENGTH :].rpartition(INDEX_SEPARATOR)
        assert path.startswith(LEVEL_SEPARATOR)
        digest.update(path.encode())
        digest.update(int(index).to_bytes(8, "little"))
    return int.from_bytes(digest.digest()[:8], "little")


class DeterministicRandom:
    """A sequence of numbers that depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of a 64-bit seed."""
        self._a, self._b, self._c, self._d = _split_mix(seed & _MASK)

    def u64(self) -> int:
        """Return the next 64-bit number."""
        b = self._b
        result = _rotate(b * 5 & _MASK, 7) * 9 & _MASK
        self._c ^= self._a
        self._d ^= b
        self._b ^= self._c
        self._a ^= self._d
        self._c ^= b << 17 & _MASK
        self._d = _rotate(self._d, 45)
        return result

    def below(self, bound: int) -> int:
        """Return a number from 0 up to, not including, ``bound``, each as likely as the others.

        ``bound`` is from 1 to 2^64. Numbers of the incomplete last range are drawn again.
        """
        if not 1 <= bound <= 2**64:
            raise ValueError(f"the bound of a random number is from 1 to 2^64, found {bound}")
        complete = 2**64 - 2**64 % bound
        while (drawn := self.u64()) >= complete:
            pass
        return drawn % bound

    def between(self, minimum: int, max_inclusive: int) -> int:
        """Return a number from ``minimum`` to ``max_inclusive``, both included."""
        return minimum + self.below(max_inclusive - minimum + 1)

    def bytes(self, count: int) -> bytes:
        """Return random bytes: words, least significant byte first, the last one cut."""
        words = b"".join(self.u64().to_bytes(8, "little") for _ in range((count + 7) // 8))
        return words[:count]

    def alphanumeric(self, count: int) -> str:
        """Return a text of ASCII letters and digits."""
        return "".join(ALPHANUMERIC[self.below(len(ALPHANUMERIC))] for _ in range(count))


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> 64 - by) & _MASK


def _split_mix(state: int) -> tuple[int, int, int, int]:
    words = []
    for _ in range(4):
        state = state + 0x9E3779B97F4A7C15 & _MASK
        word = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _MASK
        words.append(word ^ word >> 31)
    return words[0], words[1], words[2], words[3]
