"""How ``obelisk generate wit-deps`` works: packages of the engine and of components become files of a guest.

Each package has a directory of its own with one file, which begins with a line that says who wrote it. Files without that
line are somebody else's and are never touched; nor is anything outside of the directory that was asked for.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from obelisk.errors import ComponentError, InputError
from obelisk.wit.extensions import EXT_SUFFIX, SCHEDULE_SUFFIX, STUB_SUFFIX, extension_interfaces
from obelisk.wit.packages import FIRST_LINE, PackageFile, component_files, host_files, placed, wasi_files

if TYPE_CHECKING:
    from obelisk.config.model import ComponentUse, Config
    from obelisk.interfaces.components import Component

_DECLARATION: Final = re.compile(r"^\s*package\s+([a-zA-Z0-9%:-]+)", re.MULTILINE)
_SUFFIXES: Final = ("", EXT_SUFFIX, SCHEDULE_SUFFIX, STUB_SUFFIX)


class Dependencies(Struct, frozen=True):
    """Packages for a guest, and what is to be said about components that have none."""

    files: tuple[PackageFile, ...]
    notes: tuple[str, ...] = ()

    def __add__(self, other: Dependencies) -> Dependencies:
        return Dependencies(self.files + other.files, self.notes + other.notes)


class Written(Struct, frozen=True):
    """A package and its file; ``changed`` is false when it had this content already."""

    package: str
    path: Path
    changed: bool


def host_dependencies(*, wasi: bool) -> Dependencies:
    """Return the packages that need no configuration."""
    return Dependencies((*host_files(), *(wasi_files() if wasi else ())))


def component_dependencies(config: Config, names: Sequence[str], *, own: Collection[str]) -> Dependencies:
    """Return the packages of the configured components, or of those called ``names``, with the derived ones.

    A component that does not open, perhaps because it is built from these files, is left out with a note, unless it was
    named: that raises ``ComponentError``. ``own`` are packages that the guest itself declares; they and what is derived
    from them are left out unless components were named.
    """
    components, problems = asyncio.run(_opened(_chosen(config, names), config))
    if problems and names:
        raise ComponentError("\n".join(map(str, problems)))
    offered = [interface for component in components for interface in component.exports]
    derived = [
        extension
        for component in components
        for exported in component.exports
        for extension in extension_interfaces(exported, role=component.role)
    ]
    described = [interface for component in components for interface in component.world.imports]
    left_out = () if names else [package + suffix for package in own for suffix in _SUFFIXES]
    files = [file for file in component_files(offered + derived, described) if file.unversioned not in left_out]
    return Dependencies(tuple(files), tuple(f"left out: {problem}" for problem in problems))


def declared_packages(directory: Path) -> set[str]:
    """Return the packages, without versions, that the WIT files in a directory declare."""
    found: set[str] = set()
    for path in sorted(directory.glob("*.wit")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {path}: {error}") from error
        found.update(name.replace("%", "") for name in _DECLARATION.findall(text))
    return found


def write(files: Iterable[PackageFile], directory: Path) -> list[Written]:
    """Write packages into a directory; raise ``InputError`` before anything is written when one has no place there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        places = {directory / path: file for path, file in placed(list(files))}
        for path in places:
            _check_place(path, directory)
        return [_written(path, file) for path, file in places.items()]
    except OSError as error:
        raise InputError(f"cannot write to {error.filename or directory}: {error.strerror or error}") from error


async def _opened(uses: Sequence[ComponentUse], config: Config) -> tuple[list[Component], list[ComponentError]]:
    from obelisk.runtime.deploy import open_those_that_open
    from obelisk.runtime.engine import make_host, open_host

    async with AsyncExitStack() as stack:
        host = await open_host(config, make_host(config), stack)
        entries, problems = await open_those_that_open(uses, host, stack)
        return [entry.component for entry in entries], problems


def _chosen(config: Config, names: Sequence[str]) -> list[ComponentUse]:
    known = [use.settings.name for use in config.components]
    for name in names:
        if name not in known:
            configured = ", ".join(f"`{each}`" for each in known) or "none"
            raise InputError(f"there is no component `{name}`; configured are: {configured}")
    return [use for use in config.components if not names or use.settings.name in names]


def _check_place(path: Path, directory: Path) -> None:
    inside = directory.resolve()
    if not path.resolve().is_relative_to(inside):
        raise InputError(
            f"{path} leads to {path.resolve()}, outside of {inside}; expected a directory, remove the link"
        )
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(FIRST_LINE):
        raise InputError(f"{path} was not written by this command, so it is left as it is; move it away and try again")


def _written(path: Path, file: PackageFile) -> Written:
    text = file.content
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return Written(file.package, path, changed=False)
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(file.package, path, changed=True)
