"""Identifiers: how they are made, parsed and derived.

Every id is text. A prefixed ULID names what stands alone (``E_`` execution, ``Exr_`` executor, ``Run_`` run, ``Dep_``
deployment). A child execution and a delay are named by where their parent asked for them, so the parent and the join
set can be read off the id: ``E_<ULID>.g:1_2`` is the second child of the first generated join set of ``E_<ULID>``.

Ids are ``NewType`` over ``str``: they cost nothing at run time, sort by creation, and are written as they are. The
time and the randomness of a ULID are arguments here; only ``clock`` and ``core.random`` make them.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

from obelisk.errors import InvalidIdError

ExecutionId = NewType("ExecutionId", str)
DelayId = NewType("DelayId", str)
JoinSetId = NewType("JoinSetId", str)
ExecutorId = NewType("ExecutorId", str)
RunId = NewType("RunId", str)
DeploymentId = NewType("DeploymentId", str)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_LENGTH = 26
ULID_RANDOM_BYTES = 10
MAX_ID_LENGTH = 8192
"""A child's id begins with its parent's, so this also bounds how deep executions are nested."""
MAX_JOIN_SET_NAME_LENGTH = 256
EXECUTION_PREFIX = "E_"
DELAY_PREFIX = "Delay_"
EXECUTOR_PREFIX = "Exr_"
RUN_PREFIX = "Run_"
DEPLOYMENT_PREFIX = "Dep_"
LEVEL_SEPARATOR = "."
INDEX_SEPARATOR = "_"
FIRST_INDEX = 1

_PAIRS = tuple(high + low for high in CROCKFORD for low in CROCKFORD)
_VALUES = {letter: value for value, letter in enumerate(CROCKFORD)}
_JOIN_SET_NAME_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/")


class JoinSetKind(Enum):
    """The letter before the colon of a join-set id."""

    ONE_OFF = "o"
    NAMED = "n"
    GENERATED = "g"


def ulid(milliseconds: int, randomness: bytes) -> str:
    """Return a ULID of ``milliseconds`` since the Unix epoch and ten random bytes."""
    if len(randomness) != ULID_RANDOM_BYTES:
        raise ValueError(f"a ULID takes {ULID_RANDOM_BYTES} random bytes, found {len(randomness)}")
    of, time = _PAIRS, milliseconds & (2**48 - 1)
    # Three small numbers: one of 128 bits takes twice the time.
    high, low = int.from_bytes(randomness[:5], "big"), int.from_bytes(randomness[5:], "big")
    return (
        f"{of[time >> 40]}{of[time >> 30 & 1023]}{of[time >> 20 & 1023]}{of[time >> 10 & 1023]}{of[time & 1023]}"
        f"{of[high >> 30]}{of[high >> 20 & 1023]}{of[high >> 10 & 1023]}{of[high & 1023]}"
        f"{of[low >> 30]}{of[low >> 20 & 1023]}{of[low >> 10 & 1023]}{of[low & 1023]}"
    )


def ulid_value(text: str) -> int:
    """Return the 128-bit number that a ULID writes; raise ``InvalidIdError`` when ``text`` is none."""
    if len(text) != ULID_LENGTH or text[0] > "7":
        raise InvalidIdError(f"`{text}` is not a ULID: expected {ULID_LENGTH} characters, the first at most `7`")
    value = 0
    for letter in text:
        digit = _VALUES.get(letter)
        if digit is None:
            raise InvalidIdError(f"`{text}` is not a ULID: `{letter}` is not a Crockford base-32 digit")
        value = value << 5 | digit
    return value


def new_execution_id(milliseconds: int, randomness: bytes) -> ExecutionId:
    """Return the id of a top-level execution."""
    return ExecutionId(EXECUTION_PREFIX + ulid(milliseconds, randomness))


def new_executor_id(milliseconds: int, randomness: bytes) -> ExecutorId:
    """Return the id of one executor process."""
    return ExecutorId(EXECUTOR_PREFIX + ulid(milliseconds, randomness))


def new_run_id(milliseconds: int, randomness: bytes) -> RunId:
    """Return the id of one run: what happens between a lock and its end."""
    return RunId(RUN_PREFIX + ulid(milliseconds, randomness))


def new_deployment_id(milliseconds: int, randomness: bytes) -> DeploymentId:
    """Return the id of a deployment."""
    return DeploymentId(DEPLOYMENT_PREFIX + ulid(milliseconds, randomness))


def child_execution_id(parent: ExecutionId, join_set: JoinSetId, index: int) -> ExecutionId:
    """Return the id of the ``index``-th (from 1) child that ``parent`` asked for in ``join_set``."""
    return ExecutionId(f"{parent}.{join_set}_{index}")


def delay_id(execution: ExecutionId, join_set: JoinSetId, index: int) -> DelayId:
    """Return the id of the ``index``-th (from 1) delay that ``execution`` asked for in ``join_set``."""
    return DelayId(f"{DELAY_PREFIX}{execution[len(EXECUTION_PREFIX) :]}.{join_set}_{index}")


def one_off_join_set_id(index: int, suffix: str) -> JoinSetId:
    """Return the id of the ``index``-th one-off join set; ``suffix`` says what it was made for."""
    return JoinSetId(f"o:{index}-{suffix}")


def generated_join_set_id(index: int) -> JoinSetId:
    """Return the id of the ``index``-th join set that was created without a name."""
    return JoinSetId(f"g:{index}")


def named_join_set_id(name: str) -> JoinSetId:
    """Return the id of a named join set; raise ``InvalidIdError`` for a name with forbidden characters."""
    check_join_set_name(name)
    return JoinSetId(f"n:{name}")


def check_join_set_name(name: str) -> None:
    """Raise ``InvalidIdError`` unless ``name`` is made of at most 256 letters, digits, ``-`` and ``/``."""
    if len(name) > MAX_JOIN_SET_NAME_LENGTH:
        raise InvalidIdError(
            f"a join set name of {len(name)} characters is too long, expected at most {MAX_JOIN_SET_NAME_LENGTH}"
        )
    for letter in name:
        if letter not in _JOIN_SET_NAME_CHARS:
            raise InvalidIdError(
                f"join set name `{name}` contains invalid character `{letter}`, expected letters, digits, `-` and `/`"
            )


def join_set_kind(join_set: JoinSetId) -> JoinSetKind:
    """Return the kind of a join set."""
    return JoinSetKind(join_set[0])


def is_one_off(join_set: JoinSetId) -> bool:
    """Tell whether a join set was made by the engine for a single request."""
    return join_set.startswith("o")


def is_top_level(execution: ExecutionId) -> bool:
    """Tell whether an execution has no parent."""
    return LEVEL_SEPARATOR not in execution


def top_level(execution: ExecutionId) -> ExecutionId:
    """Return the topmost ancestor of an execution, itself when it has no parent."""
    return ExecutionId(execution.split(LEVEL_SEPARATOR, 1)[0])


def is_below(execution: ExecutionId, ancestor: ExecutionId) -> bool:
    """Tell whether an execution is a child of ``ancestor``, or a child of one that is."""
    return execution.startswith(ancestor + LEVEL_SEPARATOR)


def parse_execution_id(text: str) -> ExecutionId:
    """Check ``text`` and return it as an execution id; raise ``InvalidIdError`` when it is none."""
    _check_path(text, EXECUTION_PREFIX)
    return ExecutionId(text)


def parse_delay_id(text: str) -> DelayId:
    """Check ``text`` and return it as a delay id; raise ``InvalidIdError`` when it is none.

    Its index may be 0: ids of this engine begin at 1, those in logs of version 0.40 of the reference implementation at 0.
    """
    _check_path(text, DELAY_PREFIX, first_index=0)
    if LEVEL_SEPARATOR not in text:
        raise InvalidIdError(
            f"cannot parse delay id `{text}`: delimiter '.' not found, expected a join set and an index as in `.g:1_1`"
        )
    return DelayId(text)


def delay_owner(delay: DelayId) -> tuple[ExecutionId, JoinSetId]:
    """Return the execution that asked for a delay and the join set that it belongs to."""
    path, join_set, _ = _split_last(delay)
    return ExecutionId(EXECUTION_PREFIX + path[len(DELAY_PREFIX) :]), join_set


def parent_of(execution: ExecutionId) -> tuple[ExecutionId, JoinSetId] | None:
    """Return the parent of an execution and the join set that it belongs to; ``None`` for a top-level one."""
    if is_top_level(execution):
        return None
    path, join_set, _ = _split_last(execution)
    return ExecutionId(path), join_set


def parse_join_set_id(text: str) -> JoinSetId:
    """Check ``text`` and return it as a join-set id; raise ``InvalidIdError`` when it is none."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in {member.value for member in JoinSetKind}:
        raise InvalidIdError(f"cannot parse join set id `{text}`: expected `o:`, `n:` or `g:` and a name")
    check_join_set_name(name)
    return JoinSetId(text)


def _split_last(text: str) -> tuple[str, JoinSetId, int]:
    path, _, segment = text.rpartition(LEVEL_SEPARATOR)
    join_set, _, index = segment.rpartition(INDEX_SEPARATOR)
    return path, JoinSetId(join_set), int(index)


def _check_path(text: str, prefix: str, *, first_index: int = FIRST_INDEX) -> None:
    if len(text) > MAX_ID_LENGTH:
        raise InvalidIdError(f"an id of {len(text)} characters is too long, expected at most {MAX_ID_LENGTH}")
    if not text.startswith(prefix):
        raise InvalidIdError(f"wrong prefix in `{text}`, expected prefix `{prefix}`")
    first, *levels = text[len(prefix) :].split(LEVEL_SEPARATOR)
    try:
        ulid_value(first)
    except InvalidIdError as error:
        raise InvalidIdError(f"cannot parse `{text}`: {error}") from error
    for level in levels:
        _check_level(text, level, first_index)


def _check_level(text: str, level: str, first_index: int) -> None:
    if not level:
        raise InvalidIdError(f"cannot parse derived id `{text}`: empty segment")
    join_set, separator, index = level.rpartition(INDEX_SEPARATOR)
    if not separator:
        raise InvalidIdError(f"cannot parse derived id `{text}`: cannot find join set delimiter in `{level}`")
    parse_join_set_id(join_set)
    if not (
        index.isascii()
        and index.isdigit()
        and len(index) < 10
        and int(index) >= first_index
        and str(int(index)) == index
    ):
        raise InvalidIdError(
            f"cannot parse derived id `{text}`: `{index}` is not an index, expected a number from {first_index}"
        )
