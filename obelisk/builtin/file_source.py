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

    async def fetch(self, location: str, *, base: Path) -> Artifact:
        """Return the content of the file at ``location``; a relative one starts at ``base``."""
        return await asyncio.to_thread(self._read, location, base)

    def _read(self, location: str, base: Path) -> Artifact:
        path = base / Path(location).expanduser()
        return Artifact(self._content(path), str(path))

    def _content(self, path: Path) -> bytes:
        try:
            if not path.is_file():
                found = "a directory" if path.is_dir() else "nothing" if not path.exists() else "no regular file"
                raise ComponentError(f"expected a component file at {path}, found {found}")
            with path.open("rb") as file:
                content = file.read(self._max_size + 1)
        except (OSError, ValueError) as error:
            raise ComponentError(f"cannot read the component file {path}: {error}") from error
        if len(content) > self._max_size:
            raise ComponentError(f"the component file {path} is larger than `file.max_size`, {self._max_size} bytes")
        return content


@asynccontextmanager
async def _open(settings: Struct, host: Host) -> AsyncIterator[ComponentSource]:
    assert isinstance(settings, FileSettings)
    yield FileSource(settings.max_size)


@hookimpl
def obelisk_register_component_source() -> Sequence[SourceProvider]:
    """Offer locations without a scheme."""
    return [SourceProvider("file", "", "Reads components from files.", FileSettings, _open)]
