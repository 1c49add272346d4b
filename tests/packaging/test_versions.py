"""All distributions have one version, and one script gives them the next."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.lockstep import headings, inner_requirements, out_of_step, package_version, projects

SCRIPT = "tools/bump_version.py"


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """The files of the repository in which a version stands, and the script."""
    files = ["pyproject.toml", "CHANGELOG.md", "obelisk/__init__.py", SCRIPT]
    files += [str(path.relative_to(repository)) for path in repository.glob("plugins/*/pyproject.toml")]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / name, tmp_path / name)
    return tmp_path


def bump(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(copy / SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def contents(copy: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in copy.rglob("*") if path.is_file()}


def next_minor(version: str) -> str:
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def test_everything_in_the_repository_has_one_version(repository):
    assert out_of_step(repository) == []


def test_every_plugin_requires_the_kernel_and_the_kernel_every_plugin(repository):
    found = projects(repository)
    requirements = {name: inner_requirements(project) for name, project in found.items()}
    others = sorted(name for name in found if name != "obelisk")
    assert {re.match(r"[a-z-]+", text)[0] for text in requirements["obelisk"]} == set(others)
    assert all(len(requirements[name]) == 1 for name in others)


def test_the_script_bumps_every_place_at_once(copy):
    version = next_minor(package_version(copy))
    ended = bump(copy, version)
    assert ended.returncode == 0, ended.stderr
    assert package_version(copy) == version
    assert out_of_step(copy) == []


def test_what_was_unreleased_becomes_the_release_of_the_day(copy):
    version = next_minor(package_version(copy))
    bump(copy, version)
    first, second, *_ = headings(copy)
    assert first == "Unreleased"
    assert re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", second)


def test_the_script_bumps_what_it_has_bumped(copy):
    version = next_minor(package_version(copy))
    bump(copy, version)
    patch = f"{version[:-1]}1"
    assert bump(copy, patch).returncode == 0
    assert out_of_step(copy) == []
    assert [heading.partition(" ")[0] for heading in headings(copy)[:3]] == ["Unreleased", patch, version]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("0.0.1", "the version is .*, expected a later one than that, found 0.0.1"),
        ("1.0", "expected a version such as `0.2.0`, found `1.0`"),
        ("1.0.0rc1", "expected a version such as `0.2.0`, found `1.0.0rc1`"),
    ],
)
def test_a_version_that_cannot_be_given_changes_nothing(copy, wanted, message):
    before = contents(copy)
    ended = bump(copy, wanted)
    assert ended.returncode == 1
    assert re.search(message, ended.stderr)
    assert contents(copy) == before


def test_a_file_that_is_out_of_step_stops_the_script_before_it_writes(copy):
    strange = copy / "plugins" / "obelisk_sqlite" / "pyproject.toml"
    strange.write_text(strange.read_text().replace("obelisk>=", "obelisk>"))
    before = contents(copy)
    ended = bump(copy, next_minor(package_version(copy)))
    assert ended.returncode == 1
    assert str(strange) in ended.stderr
    assert contents(copy) == before


def test_a_distribution_that_lags_behind_is_told(copy):
    lagging = copy / "plugins" / "obelisk_exec" / "pyproject.toml"
    lagging.write_text(re.sub(r'^version = ".*"$', 'version = "0.0.9"', lagging.read_text(), flags=re.MULTILINE))
    assert out_of_step(copy) == ["obelisk-exec is 0.0.9"]
