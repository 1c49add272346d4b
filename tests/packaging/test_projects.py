"""The distributions of the repository fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from obelisk.markers import ENTRY_POINT_GROUP
from obelisk.plugins import EXTRAS
from tests.packaging import lockstep

OTHER_EXTRAS = frozenset({"uvloop"})
"""Extras of packages that are no plugins."""


@pytest.fixture(scope="module")
def projects(repository: Path) -> dict[str, dict[str, Any]]:
    """The `[project]` tables of the kernel and of the plugins."""
    return lockstep.projects(repository)


def plugins_of(projects: dict[str, Any]) -> dict[str, Any]:
    return {name: project for name, project in projects.items() if name != "obelisk"}


def test_every_distribution_needs_the_same_python(projects):
    assert {project["requires-python"] for project in projects.values()} == {">=3.11"}


def test_plugins_are_found_by_their_entry_points(projects):
    plugins = plugins_of(projects)
    assert len(plugins) > 1
    for name, project in plugins.items():
        module = name.replace("-", "_")
        assert project["entry-points"][ENTRY_POINT_GROUP] == {module.removeprefix("obelisk_"): module}


def extras_of_plugins(projects):
    extras = projects["obelisk"]["optional-dependencies"]
    return {extra: requirements for extra, requirements in extras.items() if extra not in OTHER_EXTRAS}


def test_every_extra_is_a_plugin_of_the_repository(projects):
    for extra, requirements in extras_of_plugins(projects).items():
        assert [Requirement(text).name for text in requirements] == [f"obelisk-{extra}"]
        assert f"obelisk-{extra}" in projects


def test_every_plugin_of_the_repository_has_an_extra(projects):
    extras = {f"obelisk-{extra}" for extra in extras_of_plugins(projects)}
    assert set(plugins_of(projects)) == extras


def test_every_extra_can_be_advised(projects):
    assert set(extras_of_plugins(projects)) <= set(EXTRAS.values())
