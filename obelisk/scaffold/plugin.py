"""A package with a plugin that works, and its tests: what ``obelisk plugins new`` writes."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import fields

from obelisk import __version__
from obelisk.config.load import claims
from obelisk.config.model import KernelSettings
from obelisk.errors import InputError
from obelisk.registry import Catalog
from obelisk.scaffold.memory_copy import storage_files
from obelisk.scaffold.rendering import render, write_new_directory

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


def write_plugin(name: str, kind: PluginKind, directory: Path | None, *, catalog: Catalog) -> WrittenPlugin:
    """Write a package with a plugin called ``name`` into ``directory``, left out ``obelisk-NAME``.

    ``catalog`` is what is installed: a plugin has to offer what nobody else does. Raises ``InputError``, and has written
    nothing, when the name cannot be, when it is taken, and when something is in the way.
    """
    words = _words(name)
    values = _values(words)
    _check_free(values["name"], kind, catalog)
    files = render("plugin/common", values) | render(f"plugin/{kind.value}", values)
    if kind is PluginKind.STORAGE:
        files |= storage_files(values["package"], values["class"])
    place = directory or Path(values["distribution"])
    write_new_directory(place, files)
    return WrittenPlugin(values["name"], values["distribution"], str(place), tuple(sorted(files)))


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


def _check_free(name: str, kind: PluginKind, catalog: Catalog) -> None:
    table = f"activity_{name}" if kind is PluginKind.ACTIVITY else name
    kernel = {field.name: "the kernel" for field in fields(KernelSettings)}
    taken = kernel | {claim.table: claim.owner for claim in claims(catalog).values()}
    if table in taken:
        raise InputError(
            f"the table `{table}` of a plugin called `{name}` is that of {taken[table]}; choose another name"
        )
