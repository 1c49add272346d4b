"""The differential run notices a storage that answers otherwise, and says how to see it again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.testing.differential.machine import Opens
from obelisk.testing.differential.running import compare_with_memory
from tests.testing.mutants import (
    AnswersRemembered,
    BacklogMiscounts,
    CursorUnchecked,
    DeploymentIdsReused,
    LineCursorIncluded,
    LockLimitIgnored,
)

BROKEN = [
    AnswersRemembered,
    BacklogMiscounts,
    CursorUnchecked,
    DeploymentIdsReused,
    LineCursorIncluded,
    LockLimitIgnored,
]


def opener(storage: type[MemoryStorage]) -> Opens:
    @asynccontextmanager
    async def opens(directory: Path) -> AsyncIterator[MemoryStorage]:
        yield storage()

    return opens


@pytest.mark.parametrize("storage", BROKEN)
def test_a_storage_that_breaks_a_rule_is_noticed(storage: type[MemoryStorage]) -> None:
    with pytest.raises(AssertionError):
        compare_with_memory(opener(storage), operations=4_000, seed_number=1, shrinks=False)


def test_a_storage_that_breaks_none_is_not() -> None:
    assert compare_with_memory(opener(MemoryStorage), operations=200, seed_number=1) >= 200


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "obelisk.testing.differential", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_says_how_much_it_compared() -> None:
    ended = run("--storage", "memory", "--operations", "50")
    assert ended.returncode == 0, ended
    assert "every answer and every state was the same" in ended.stdout


def test_the_command_names_a_storage_that_is_not_there() -> None:
    ended = run("--storage", "nothing", "--operations", "50")
    assert (ended.returncode, ended.stderr) == (2, "")
    assert "`nothing`" in ended.stdout
