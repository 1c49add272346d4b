"""The storage suite notices when a storage breaks a rule: each mutant breaks one."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.errors import ObeliskError
from tests.testing.mutants import CAUGHT, GROUPS, MUTANTS, KeepingClauses, Kept, Mutant, SharingClauses

FOUND = (AssertionError, pytest.fail.Exception, ObeliskError)
"""What a clause that does not hold raises; anything else would be a mistake of the mutant."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.storage.__name__)
async def test_the_clause_about_a_broken_rule_fails(mutant: Mutant, tmp_path: Path) -> None:
    with pytest.raises(FOUND):
        await mutant.try_clause(mutant.caught_by, tmp_path)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.storage.__name__)
async def test_a_mutant_breaks_one_rule_and_not_all(mutant: Mutant, tmp_path: Path) -> None:
    """A storage that could do nothing at all would be noticed by any clause."""
    for name in mutant.clauses:
        if await _holds(mutant, name, tmp_path):
            return
    pytest.fail("no clause holds")


async def _holds(mutant: Mutant, clause: str, directory: Path) -> bool:
    try:
        await mutant.try_clause(clause, directory)
    except FOUND:
        return False
    return True


@pytest.mark.parametrize("group", [KeepingClauses, SharingClauses], ids=lambda group: group.__name__)
async def test_what_the_mutants_of_a_directory_are_made_of_breaks_nothing(group: type, tmp_path: Path) -> None:
    sound = Mutant(Kept, group, "")
    for place, name in enumerate(sound.clauses):
        await sound.try_clause(name, tmp_path / str(place))


def test_each_group_of_clauses_has_mutants() -> None:
    assert set(CAUGHT) == set(GROUPS)
