"""The archives that distributions are handed on as, and what is in them."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BUILD_SECONDS = 60


@dataclass(frozen=True)
class Built:
    """A distribution: where its source is, and what was built of it."""

    name: str
    source: Path
    wheel: Path
    sdist: Path

    @property
    def package(self) -> str:
        """The directory that is imported."""
        return self.name.replace("-", "_")


def source_directories(repository: Path) -> list[Path]:
    """Return the directory of each distribution, the kernel's first."""
    return [repository, *sorted(path.parent for path in repository.glob("plugins/*/pyproject.toml"))]


def build(source: Path, folder: Path, *, kinds: Sequence[str] = ("wheel", "sdist")) -> list[Path]:
    """Build archives of the project in ``source`` into ``folder``; return them in the order of ``kinds``."""
    options = [option for kind in kinds for option in ("-t", kind)]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *options]
    before = set(folder.glob("*"))
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=BUILD_SECONDS)
    made = {path.suffix: path for path in set(folder.glob("*")) - before}
    return [made[{"wheel": ".whl", "sdist": ".gz"}[kind]] for kind in kinds]


def build_all(repository: Path, folder: Path) -> dict[str, Built]:
    """Build every distribution of the repository into ``folder``; return them by their names."""
    folder.mkdir()
    found = {}
    for source in source_directories(repository):
        wheel, sdist = build(source, folder)
        name = wheel.name.partition("-")[0].replace("_", "-")
        found[name] = Built(name, source, wheel, sdist)
    return found


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel and what they hold."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sdist_names(sdist: Path) -> set[str]:
    """Return the names of the files of a source archive, without the directory that all are in."""
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack a source archive into ``folder``; return the directory that it makes."""
    with tarfile.open(fileobj=io.BytesIO(sdist.read_bytes())) as archive:
        archive.extractall(folder, filter="data")
    return folder / sdist.name.removesuffix(".tar.gz")


def package_files(source: Path, package: str) -> set[str]:
    """Return the names of the files of a package as they are in the source, without what running it leaves behind."""
    paths = (path for path in (source / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(source)) for path in paths}
