"""The storage suite itself: nobody gets out of a clause without saying so."""

from __future__ import annotations

import pytest

from obelisk.testing.conformance import clauses
from obelisk.testing.storage import StorageConformance

CLAUSE = "test_a_stale_version_is_refused"


async def _replacement(self: StorageConformance) -> None:
    """Hold whatever the storage does."""


def test_a_clause_that_is_replaced_is_named() -> None:
    with pytest.raises(TypeError, match=CLAUSE):
        type("TestMine", (StorageConformance,), {CLAUSE: _replacement})


def test_a_clause_that_is_deleted_is_named() -> None:
    with pytest.raises(TypeError, match=CLAUSE):
        type("TestMine", (StorageConformance,), {CLAUSE: None})


def test_a_clause_that_is_expected_to_fail_needs_a_reason() -> None:
    async def marked(self: StorageConformance) -> None:
        """Fail, some day."""

    with pytest.raises(TypeError, match=CLAUSE):
        type("TestMine", (StorageConformance,), {CLAUSE: pytest.mark.xfail(marked)})


def test_a_clause_may_be_expected_to_fail_with_a_reason() -> None:
    async def marked(self: StorageConformance) -> None:
        """Fail, for a reason."""

    type("TestMine", (StorageConformance,), {CLAUSE: pytest.mark.xfail(reason="versions come later")(marked)})


def test_every_clause_is_a_sentence_of_its_own() -> None:
    assert len(clauses(StorageConformance)) >= 200
    assert all(name.count("_") >= 4 for name in clauses(StorageConformance))


def test_a_suite_that_says_nothing_about_opening_says_so() -> None:
    with pytest.raises(NotImplementedError, match="opened"):
        StorageConformance().open()
