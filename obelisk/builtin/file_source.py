"""Components from files: a location without a scheme is a path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from obelisk import hookimpl
from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.settings import Size
from obelisk.interfaces.sources import Artifact, ComponentSource, SourceProvider


class FileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Components from files.

    * ``max_size``: files above it are not read.
    """

    max_size: Size = Size(256 * 1024**2)


class FileSource:
    """Reads component files."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size

    async def fetch(self, location: str, *, base: Path, max_size: int) -> Artifact:
        """Return the content of the file at ``location``; a relative one starts at ``base``."""
        return await asyncio.to_thread(self._read, location, base, max_size)

    def _read(self, location: str, base: Path, max_size: int) -> Artifact:
        path = base / _expanded(location)
        if max_size < self._max_size:
            return Artifact(self._content(path, max_size, key="wasm.max_component_size"), str(path))
        return Artifact(self._content(path, self._max_size, key="file.max_size"), str(path))

    def _content(self, path: Path, limit: int, *, key: str) -> bytes:
        try:
            if not path.is_file():
                found = "a directory" if path.is_dir() else "nothing" if not path.exists() else "no regular file"
                raise ComponentError(f"expected a component file at {path}, found {found}")
            with path.open("rb") as file:
                content = file.read(limit + 1)
        except (OSError, ValueError) as error:
            raise ComponentError(f"cannot read the component file {path}: {error}") from error
        if len(content) > limit:
            raise ComponentError(f"the component file {path} is larger than `{key}`, {limit} bytes")
        return content


def _expanded(location: str) -> Path:
    try:
        return Path(location).expanduser()
    except RuntimeError as error:  # nobody has that name
        raise ComponentError(f"cannot read the component file {location}: {error}") from error


@asynccontextmanager
async def _open(settings: FileSettings, host: Host) -> AsyncIterator[ComponentSource]:
    yield FileSource(settings.max_size)


@hookimpl
def obelisk_register_component_source() -> Sequence[SourceProvider]:
    """Offer locations without a scheme."""
    return [SourceProvider("file", "", "Reads components from files.", FileSettings, _open)]
