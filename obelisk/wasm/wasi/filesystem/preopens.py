"""What one run can reach of the host's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from msgspec import Struct

from obelisk.errors import GuestTrapError
from obelisk.interfaces.sandbox import TMP
from obelisk.wasm.wasi.filesystem.descriptors import Descriptor, directory_flags, status_of
from obelisk.wasm.wasi.filesystem.handles import Files, Handle


class Preopen(Struct, frozen=True):
    """An open directory that guests see under the path ``guest``."""

    guest: str
    number: int
    status: os.stat_result
    read_only: bool


class Preopens:
    """The directories of one run, and the files that it opens in them. ``close`` it with the run.

    ``make_scratch`` makes and opens the run's scratch directory, blocking; it is called when the guest first asks for its
    directories.
    """

    def __init__(
        self, files: Files, mounted: Sequence[Preopen], *, make_scratch: Callable[[], int] | None = None
    ) -> None:
        self.files = files
        self._open = [(each, files.lend(each.number)) for each in mounted]
        self._make_scratch = make_scratch

    @property
    def is_open(self) -> bool:
        """Whether ``descriptors`` has all; else ``open_scratch`` comes first."""
        return self._make_scratch is None

    async def open_scratch(self) -> None:
        """Make the scratch directory. Raises ``GuestTrapError``: ``get-directories`` has no error."""
        make, self._make_scratch = self._make_scratch, None
        if make is None:
            return
        try:
            self._open.append(await self.files.run(lambda: _hold_scratch(self.files, make())))
        except OSError as error:
            raise GuestTrapError(f"the directory `{TMP}` cannot be made: {os.strerror(error.errno or 0)}") from error

    def descriptors(self) -> list[tuple[Descriptor, str]]:
        """Return new descriptors of the directories with their paths."""
        return [(self._descriptor(preopen, handle), preopen.guest) for preopen, handle in self._open]

    def close(self) -> None:
        """Close all files of the run."""
        self.files.close()

    def _descriptor(self, preopen: Preopen, handle: Handle) -> Descriptor:
        handle.share()
        flags = directory_flags(read_only=preopen.read_only)
        return Descriptor(self.files, handle, status=preopen.status, flags=flags, read_only=preopen.read_only)


def _hold_scratch(files: Files, number: int) -> tuple[Preopen, Handle]:
    preopen = Preopen(TMP, number, status_of(number), read_only=False)
    return preopen, files.hold(number)
