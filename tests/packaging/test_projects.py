"""The distributions of the repository fit together."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from obelisk import __version__
from obelisk.markers import ENTRY_POINT_GROUP
from obelisk.plugins import EXTRAS


@pytest.fixture(scope="module")
def projects(repository: Path) -> dict[str, dict[str, Any]]:
    """The `[project]` tables of the kernel and of the plugins."""
    files = [repository / "pyproject.toml", *repository.glob("plugins/*/pyproject.toml")]
    tables = [tomllib.loads(path.read_text())["project"] for path in files]
    return {table["name"]: table for table in tables}


def plugins_of(projects: dict[str, Any]) -> dict[str, Any]:
    return {name: project for name, project in projects.items() if name != "obelisk"}


def test_every_distribution_has_the_same_version(projects):
    assert {project["version"] for project in projects.values()} == {__version__}


def test_every_distribution_needs_the_same_python(projects):
    assert {project["requires-python"] for project in projects.values()} == {">=3.11"}


def test_plugins_depend_on_this_minor_version_of_the_kernel(projects):
    for project in plugins_of(projects).values():
        assert "obelisk>=0.1,<0.2" in project["dependencies"]


def test_plugins_are_found_by_their_entry_points(projects):
    for name, project in plugins_of(projects).items():
        module = name.replace("-", "_")
        assert project["entry-points"][ENTRY_POINT_GROUP] == {module.removeprefix("obelisk_"): module}


def test_every_extra_is_a_plugin_of_the_repository(projects):
    for extra, requirements in projects["obelisk"]["optional-dependencies"].items():
        assert requirements == [f"obelisk-{extra}==0.1.*"]
        assert f"obelisk-{extra}" in projects


def test_every_plugin_of_the_repository_has_an_extra(projects):
    extras = {f"obelisk-{extra}" for extra in projects["obelisk"]["optional-dependencies"]}
    assert set(plugins_of(projects)) == extras


def test_every_extra_can_be_advised(projects):
    assert set(projects["obelisk"]["optional-dependencies"]) <= set(EXTRAS.values())


def test_a_wheel_holds_the_package_and_nothing_else(repository, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"obelisk", f"obelisk-{__version__}.dist-info"}
    assert {"obelisk/py.typed", "obelisk/api/proto/obelisk.proto"} <= set(names)
