"""Directories from templates: rendered whole, then written whole or not at all.

A template is a directory of files whose names end in ``.tmpl``. In names and contents ``{{word}}`` stands for a value; in
names of directories ``__word__`` does.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from obelisk.errors import InputError

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".tmpl"
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_PLACE_IN_PATH = re.compile(r"__(\w+?)__(?=/)")


def render(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a template, by their paths. ``values`` has a text for each word in it."""
    root = TEMPLATES / template
    found = sorted(path for path in root.rglob(f"*{SUFFIX}") if path.is_file())
    return {_path(path.relative_to(root), values): _filled(path.read_text("utf-8"), values) for path in found}


def write_new_directory(directory: Path, files: Mapping[str, str]) -> None:
    """Write files into a directory that is not there yet, or is empty; when that fails nothing is left.

    Raises ``InputError`` when something is there, and when it cannot be written.
    """
    if directory.is_symlink() or (directory.exists() and (not directory.is_dir() or any(directory.iterdir()))):
        raise InputError(f"{directory} exists already; nothing was written, choose another `--directory`")
    if not directory.parent.is_dir():
        raise InputError(f"the directory {directory.parent} is not there; make it, or choose another `--directory`")
    draft = directory.parent / f".{directory.name}.new"
    try:
        draft.mkdir()
    except FileExistsError as error:
        raise InputError(f"{draft} is left of an attempt that was cut short, or one is under way; delete it") from error
    except OSError as error:
        raise InputError(f"cannot write {directory}: {error.strerror or error}") from error
    try:
        _write(draft, files)
        draft.rename(directory)  # an empty directory is replaced
    except OSError as error:
        raise InputError(f"cannot write {directory}: {error.strerror or error}; nothing was written") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _path(path: Path, values: Mapping[str, str]) -> str:
    text = path.as_posix().removesuffix(SUFFIX)
    return _PLACE_IN_PATH.sub(lambda match: values[match[1]], text)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: values[match[1]], text)
