"""Where components come from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from obelisk.interfaces.provider import Host


class Artifact(Struct, frozen=True):
    """The bytes of a component as they were found, binary or text, and where they came from for messages."""

    content: bytes
    origin: str


class ComponentSource(Protocol):
    """Fetches components of one scheme."""

    async def fetch(self, location: str, *, base: Path, max_size: int) -> Artifact:
        """Return what lies at ``location``; relative paths start at ``base``.

        No more than ``max_size`` bytes are read, whatever the other side says about their number. Several locations are
        fetched side by side. Raises ``ComponentError`` with the location, what was found and what was expected.
        """


class SourceProvider(Struct, frozen=True):
    """Offers a source for locations ``scheme://...``; the empty scheme is for paths.

    ``settings`` is the Struct of the TOML table called ``name``. ``open`` is entered at every start, whether a location
    needs the source or not, so it asks nobody yet; it raises ``ComponentError`` when it cannot work at all. ``clean``, if
    it is not ``None``, deletes what the source keeps between starts, before anything is opened; it raises
    ``ComponentError`` when it cannot.
    """

    name: str
    scheme: str
    summary: str
    settings: type[Struct]
    open: Callable[[Any, Host], AbstractAsyncContextManager[ComponentSource]]
    clean: Callable[[Any], None] | None = None
