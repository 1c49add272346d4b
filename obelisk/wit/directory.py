"""WIT packages that lie in a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.errors import ComponentError
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.lexer import Source
from obelisk.wit.resolve import Document, resolve_packages

MAX_FILE_SIZE: Final = 1024 * 1024
MAX_FILES: Final = 1000
DEPENDENCIES: Final = "deps"


def read_directory(directory: Path) -> Document:
    """Return what the ``*.wit`` files of a directory define, and those in ``deps`` and in its directories.

    Each file names its package; the packages of Obelisk itself need not be there. Raises ``ComponentError`` for a directory
    that is missing or has no such file, and as ``resolve_packages`` does, with the name of the file.
    """
    paths = [path for pattern in ("*.wit", f"{DEPENDENCIES}/*.wit", f"{DEPENDENCIES}/*/*.wit") for path in
             sorted(directory.glob(pattern))]  # fmt: skip
    if not paths:
        found = "no such file" if directory.is_dir() else "no directory"
        raise ComponentError(f"expected a directory with files `*.wit` at {directory}, found {found}")
    if len(paths) > MAX_FILES:
        raise ComponentError(f"expected at most {MAX_FILES} files `*.wit` in {directory}, found {len(paths)}")
    return resolve_packages([_read(path) for path in paths], known=host_interfaces().values())


def _read(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ComponentError(f"cannot read the WIT file {path}: {error}") from error
    if len(content) > MAX_FILE_SIZE:
        raise ComponentError(f"the WIT file {path} is larger than {MAX_FILE_SIZE} bytes")
    return Source(text, str(path))
