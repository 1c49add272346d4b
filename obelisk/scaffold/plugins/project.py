"""A package with a plugin that works, and its tests: what ``obelisk plugins new`` writes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum
from importlib.resources import files
from pathlib import Path, PurePosixPath

from msgspec import Struct

from obelisk import __version__
from obelisk.errors import InputError
from obelisk.scaffold.plugins.memory_copy import storage_files
from obelisk.scaffold.writing import ProjectFile, files_of, write_project

TEMPLATES = "templates"
COMMON = "common"
PACKAGE = "package"
"""The directory of a template that is called as the package is."""
LONGEST = 40
PREFIX = "obelisk-"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class PluginKind(Enum):
    """What a plugin offers."""

    STORAGE = "storage"
    SOURCE = "source"
    TRIGGER = "trigger"
    EXPORTER = "exporter"
    ACTIVITY = "activity"


class WrittenPlugin(Struct, frozen=True):
    """A package that was written: the name of its plugin and of its distribution, and the files below ``directory``."""

    name: str
    distribution: str
    directory: str
    files: tuple[str, ...]


def write_plugin(
    name: str,
    kind: PluginKind,
    *,
    directory: Path | None,
    taken: Mapping[str, str],
    distributions: Collection[str] = frozenset(),
) -> WrittenPlugin:
    """Write a package with a plugin called ``name`` into ``directory``, left out ``obelisk-NAME``.

    ``taken`` has the tables that a plugin cannot have, and whose they are; ``distributions`` are those whose place pip
    would give it. Raises ``InputError``, and has written nothing, when the name cannot be, when its table or its
    distribution is taken, and when something is in the way.
    """
    values = _values(_words(name))
    table = f"activity_{values['name']}" if kind is PluginKind.ACTIVITY else values["name"]
    if table in taken:
        raise InputError(
            f"the table `{table}` of a plugin called `{values['name']}` is that of {taken[table]}; choose another name"
        )
    if values["distribution"] in distributions:
        raise InputError(
            f"the distribution `{values['distribution']}` of a plugin called `{values['name']}` is there already; "
            "choose another name"
        )
    written = _files(kind, values)
    place = directory or Path(values["distribution"])
    write_project(written, place)
    return WrittenPlugin(
        values["name"], values["distribution"], str(place), tuple(sorted(str(file.path) for file in written))
    )


def _files(kind: PluginKind, values: Mapping[str, str]) -> list[ProjectFile]:
    templates = files(__package__) / TEMPLATES
    found = [*files_of(templates / COMMON, values), *files_of(templates / kind.value, values)]
    if kind is PluginKind.STORAGE:
        found += storage_files(values["package"], values["class"])
    return [ProjectFile(_placed(file.path, values["package"]), file.text) for file in found]


def _placed(path: PurePosixPath, package: str) -> PurePosixPath:
    return PurePosixPath(package, *path.parts[1:]) if path.parts[0] == PACKAGE else path


def _words(name: str) -> list[str]:
    found = name.replace("_", "-").removeprefix(PREFIX)
    if not _NAME.fullmatch(found) or len(found) > LONGEST:
        raise InputError(
            f"cannot name a plugin `{name[:80]}`, expected at most {LONGEST} lower-case letters, digits and `-`, beginning "
            "with a letter, such as `my-store`"
        )
    return found.split("-")


def _values(words: list[str]) -> dict[str, str]:
    major, minor = __version__.split(".")[:2]
    return {
        "name": "_".join(words),
        "scheme": "-".join(words),
        "words": " ".join(words),
        "package": "_".join(["obelisk", *words]),
        "distribution": PREFIX + "-".join(words),
        "class": "".join(word.capitalize() for word in words),
        "range": f"obelisk>={major}.{minor},<{major}.{int(minor) + 1}",
    }
