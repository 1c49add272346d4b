"""Every distribution of the repository, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.archives import Built, build_all
from tests.packaging.wheels import third_party_wheels


@pytest.fixture(scope="session")
def archives(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """The wheel and the source archive of each distribution, all in one folder."""
    return build_all(repository, tmp_path_factory.mktemp("archives") / "dist")


@pytest.fixture(scope="session")
def folder(archives: dict[str, Built]) -> Path:
    """The folder that holds the archives and nothing else."""
    return archives["obelisk"].wheel.parent


@pytest.fixture(scope="session")
def wheels(repository: Path) -> Path:
    """The folder with the wheels of others that ours need."""
    return third_party_wheels(repository)
