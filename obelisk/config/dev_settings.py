"""What ``obelisk dev`` does besides running a server."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class DevBuild(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A command that builds components from their sources.

    * ``watch``: files and directories; a change of one, or of a file below one, has the command run. Files and directories
      that are hidden, ``__pycache__`` and ``node_modules`` do not count.
    * ``command``: the program and its arguments; it is run in the directory of this file.
    * ``output``: what it writes: it is run when this is deleted, and at the start unless this is newer than everything
      watched. Unset, it is run at every start.
    """

    watch: tuple[Path, ...]
    command: tuple[str, ...]
    output: Path | None = None

    def __post_init__(self) -> None:
        if not self.command or not self.command[0]:
            raise ValueError("`command`: expected a program and its arguments, found none")
        if not self.watch:
            raise ValueError("`watch`: expected at least one file or directory, found none")


class DevSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What ``obelisk dev`` does besides running a server. ``obelisk server run`` takes no notice of it.

    * ``build``: commands that build components from their sources; those that are to run are run in this order.
    """

    build: tuple[DevBuild, ...] = ()
