"""What the commands of plugins are handed; see ``obelisk.interfaces.commands``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.cli.groups import OpenGroup
from obelisk.errors import PluginError

if TYPE_CHECKING:
    from obelisk.interfaces.commands import Project


class Extending:
    """The ``CommandHost`` of a command line."""

    def __init__(self, root: click.Group) -> None:
        self._root = root

    def group(self, name: str) -> click.Group:
        """Return a group that plugins may add to."""
        found = self._root.get_command(click.Context(self._root), name)
        if not isinstance(found, OpenGroup):
            raise PluginError(f"`{name}` is no group of commands that can be added to")
        return found

    def project(self, config: Path | None) -> Project:
        """Return the project of a configuration."""
        from obelisk.cli.project import open_project

        return open_project(config)
