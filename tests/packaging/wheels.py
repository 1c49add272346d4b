"""Wheels of the packages of others that the distributions need, fetched once for every installation of the tests.

They lie in ``.cache/wheels``, in a directory for each set of requirements, so that suites of one checkout share them. What
is installed from there is what an index would give, without asking it again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from tests.packaging.lockstep import KERNEL, projects
from tools.build_guest import locked

FETCH_SECONDS = 240


def offline(*folders: Path) -> dict[str, str]:
    """Return variables with which pip finds packages in folders and nowhere else."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": " ".join(folder.as_uri() for folder in folders)}


def third_party_wheels(repository: Path) -> Path:
    """Return a folder with a wheel of each package that is not ours and is needed to build or to install ours."""
    wanted = sorted(_requirements(repository))
    key = hashlib.sha256("\n".join([sys.implementation.cache_tag or "", *wanted]).encode()).hexdigest()[:16]
    place = repository / ".cache" / "wheels" / key
    with locked(place.with_suffix(".lock")):
        if not place.exists():
            unfinished = place.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(unfinished), *wanted]
            subprocess.run(command, check=True, timeout=FETCH_SECONDS)
            unfinished.rename(place)
    return place


def _requirements(repository: Path) -> Iterator[str]:
    build = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    yield from build
    for project in projects(repository).values():
        extras = project.get("optional-dependencies", {}).values()
        for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
            if not Requirement(text).name.startswith(KERNEL):
                yield text
