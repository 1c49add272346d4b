"""The interpreters that are named are those that can be tried."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.packaging.lockstep import projects


def versions(project) -> list[str]:
    """Return the minor versions of Python that a distribution names."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", text) for text in project["classifiers"])
    return [match[1] for match in found if match]


def test_every_distribution_names_the_same_interpreters(repository):
    named = {name: versions(project) for name, project in projects(repository).items()}
    assert named["obelisk"] == ["3.11", "3.12", "3.13", "3.14", "3.15"]
    assert all(found == named["obelisk"] for found in named.values()), named


@pytest.mark.parametrize("kind", ["demo", "tests"])
def test_nox_has_a_session_for_every_interpreter_that_is_named(repository, kind):
    command = [sys.executable, "-m", "nox", "--list", "--json"]
    listed = subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True, timeout=60).stdout
    expected = versions(projects(repository)["obelisk"])
    assert [item["python"] for item in json.loads(listed) if item["name"] == kind] == expected
