"""Wheels and source archives hold what belongs into them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.archives import build, package_files, sdist_names, source_directories, unpack, wheel_files

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["obelisk", *(path.name.replace("_", "-") for path in source_directories(ROOT)[1:])]
NEVER = {
    "tests",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".cache",
    "build",
    "dist",
}


@pytest.fixture(params=NAMES)
def built(request, archives):
    return archives[request.param]


def parts(names) -> set[str]:
    return {part for name in names for part in Path(name).parts}


def test_every_directory_with_a_project_is_built(archives):
    assert sorted(archives) == sorted(NAMES)


def test_a_wheel_holds_its_package_and_nothing_else(built):
    names = wheel_files(built.wheel).keys()
    metadata = f"{built.package}-{built.wheel.name.split('-')[1]}.dist-info/"
    assert {name for name in names if not name.startswith(metadata)} == package_files(built.source, built.package)


def test_a_wheel_says_that_it_has_types(built):
    assert f"{built.package}/py.typed" in wheel_files(built.wheel)


def test_a_wheel_brings_the_licence(built):
    texts = [text for name, text in wheel_files(built.wheel).items() if name.endswith(".dist-info/licenses/LICENSE")]
    assert texts == [(ROOT / "LICENSE").read_bytes()]


def test_a_wheel_has_no_tests_and_no_caches(built):
    assert not parts(wheel_files(built.wheel)) & NEVER


def test_a_source_archive_has_no_tests_and_no_caches(built):
    assert not parts(sdist_names(built.sdist)) & NEVER


def test_a_source_archive_holds_what_its_wheel_is_built_from(built):
    expected = {"pyproject.toml", "README.md", "LICENSE", *package_files(built.source, built.package)}
    assert expected <= sdist_names(built.sdist)


def test_a_wheel_from_the_source_archive_is_the_wheel_from_the_tree(built, tmp_path):
    source = unpack(built.sdist, tmp_path)
    (tmp_path / "again").mkdir()
    (again,) = build(source, tmp_path / "again", kinds=["wheel"])
    assert wheel_files(again) == wheel_files(built.wheel)


def test_the_kernel_brings_what_it_reads_at_run_time(archives):
    names = wheel_files(archives["obelisk"].wheel).keys()
    wit = {f"obelisk/wit/host/{path.name}" for path in (ROOT / "obelisk/wit/host").glob("*.wit")}
    assert wit
    assert wit | {"obelisk/api/proto/obelisk.proto", "obelisk/api/pb/obelisk_pb2.py"} <= names
