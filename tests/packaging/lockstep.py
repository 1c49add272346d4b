"""Whether the distributions below a directory have one version, told without the script that writes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

KERNEL = "obelisk"


def projects(root: Path) -> dict[str, dict[str, Any]]:
    """Return the ``[project]`` tables of the kernel and of the plugins, by the names of the distributions."""
    files = [root / "pyproject.toml", *sorted(root.glob("plugins/*/pyproject.toml"))]
    tables = [tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in files]
    return {table["name"]: table for table in tables}


def package_version(root: Path) -> str:
    """Return ``obelisk.__version__`` as it is written."""
    match = re.search(
        r'^__version__ = "(.*)"$', (root / "obelisk" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert match is not None
    return match[1]


def headings(root: Path) -> list[str]:
    """Return the headings of the changelog's parts, the newest first."""
    return re.findall(r"^## (.*)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def out_of_step(root: Path) -> list[str]:
    """Return what differs from ``obelisk.__version__``, nothing when all is in step."""
    version = package_version(root)
    found = projects(root)
    problems = [f"{name} is {project['version']}" for name, project in found.items() if project["version"] != version]
    for name, project in found.items():
        problems += [f"{name} requires {text}" for text in inner_requirements(project) if not fits(text, version, name)]
    first, *released = headings(root)
    if first != "Unreleased":
        problems.append(f"the changelog begins with {first}")
    if released and released[0].partition(" ")[0] != version:
        problems.append(f"the changelog's newest release is {released[0]}")
    return problems


def inner_requirements(project: dict[str, Any]) -> list[str]:
    """Return what a distribution requires of the others of the repository."""
    extras = project.get("optional-dependencies", {}).values()
    texts = [*project["dependencies"], *(text for extra in extras for text in extra)]
    return [text for text in texts if re.match(rf"{KERNEL}\b", text)]


def fits(text: str, version: str, name: str) -> bool:
    """Tell whether a requirement takes every patch of this minor version, and nothing else."""
    major, minor, _ = version.split(".")
    mine = f"{major}.{minor}"
    expected = f"=={mine}.*" if name == KERNEL else f">={mine},<{major}.{int(minor) + 1}"
    return Requirement(text).specifier == Requirement(f"x{expected}").specifier
