"""Files from templates, and a directory of them that is either there as a whole or not at all.

A template is a file whose name ends with ``.template``; what it is called without that, it is called in the project, except
for ``gitignore``, which gets its dot there. ``{{name}}`` in its text stands for a value.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from obelisk.errors import InputError

SUFFIX: Final = ".template"
EXECUTABLE: Final = frozenset({".sh"})
"""How names of files end that can be run."""
_HIDDEN: Final = {"gitignore": ".gitignore"}
_VALUE: Final = re.compile(r"\{\{(\w+)\}\}")
_MODE: Final = 0o755


class ProjectFile(Struct, frozen=True):
    """A file of a project: where it lies in it, and its text."""

    path: PurePosixPath
    text: str


def files_of(templates: Traversable, values: Mapping[str, str]) -> list[ProjectFile]:
    """Return the files that a directory of templates makes, with the values put in.

    Raises ``KeyError`` for a template that wants a value which is not there.
    """
    return [
        ProjectFile(path, _VALUE.sub(lambda match: values[match[1]], template.read_text(encoding="utf-8")))
        for path, template in _found(templates, PurePosixPath())
    ]


def write_project(files: Iterable[ProjectFile], directory: Path) -> None:
    """Write a project as a whole into ``directory``, which must not be there, or be empty.

    Raises ``InputError`` when it is there or cannot be written; nothing is left behind then.
    """
    _check_place(directory)
    unfinished = directory.with_name(f".{directory.name}.{os.getpid()}")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        unfinished.mkdir()
        for file in files:
            _write(file, unfinished)
        unfinished.rename(directory)  # replaces a directory only while that is empty
    except OSError as error:
        raise InputError(f"cannot write {directory}: {error.strerror or error}; nothing was written") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _found(directory: Traversable, place: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _found(entry, place / entry.name)
        elif entry.name.endswith(SUFFIX):
            name = entry.name.removesuffix(SUFFIX)
            yield place / _HIDDEN.get(name, name), entry


def _check_place(directory: Path) -> None:
    if not os.path.lexists(directory):
        _check_way(directory)
        return
    if not directory.is_dir() or directory.is_symlink():
        raise InputError(f"{directory} is there already and is no directory; choose another with `--directory`")
    held = next(directory.iterdir(), None)
    if held is not None:
        raise InputError(
            f"{directory} is there already and holds `{held.name}`, expected nothing; choose another with `--directory`"
        )


def _check_way(directory: Path) -> None:
    """Refuse a place below something that is there and is no directory: the system says no more than "File exists"."""
    there = next((place for place in directory.parents if os.path.lexists(place)), None)
    if there is not None and not there.is_dir():
        raise InputError(
            f"cannot write {directory}: {there} is no directory; nothing was written, choose another with `--directory`"
        )


def _write(file: ProjectFile, directory: Path) -> None:
    path = directory / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.text, encoding="utf-8")
    if path.suffix in EXECUTABLE:
        path.chmod(_MODE)
