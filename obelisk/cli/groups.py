"""Groups of commands that import late, and groups that plugins add to.

Plugins are asked for their commands only when a name is wanted that the kernel lacks, or all names are, and once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from obelisk.cli.client import ending_the_command
from obelisk.cli.output import warn
from obelisk.errors import PluginError


class LazyGroup(click.Group):
    """A group that imports a command when it is used.

    ``lazy`` maps the name of a command to ``module:attribute`` and its one line of help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported if it has to be."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing those that have their line of help here."""
        rows = [(name, self._short_help(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _short_help(self, ctx: click.Context, name: str) -> str:
        if name in self._lazy:
            return self._lazy[name][1]
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str(limit=100)


class RootGroup(LazyGroup):
    """The root group, to which plugins add their commands."""

    _asked = False
    _hints: Any = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the kernel's and of the plugins' commands."""
        self.ask_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the kernel or of a plugin."""
        if cmd_name not in self._lazy and cmd_name not in self.commands:
            self.ask_plugins()
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors of plugins' commands end it as those of the kernel's do."""
        with ending_the_command():
            return super().invoke(ctx)

    def ask_plugins(self) -> None:
        """Let the installed plugins add their commands to this group and to those below."""
        if self._asked:
            return
        self._asked = True
        # Commands come from installed plugins only; leaving out the built-in ones keeps `--help` quick.
        from obelisk.cli.extending import Extending
        from obelisk.plugins import Plugins

        try:
            plugins = Plugins.load(built_ins=False)
            self._hints = plugins.hint
            plugins.add_commands(self, Extending(self))
        except PluginError as error:
            warn(f"commands of plugins are left out: {error}")

    def hint(self, command: str) -> str:
        """Return what could be done about a command that is missing, such as ``component push``; may be empty."""
        self.ask_plugins()
        return str(self._hints(command)) if self._hints is not None else ""


class OpenGroup(click.Group):
    """A group of the kernel to which plugins add commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the kernel's and of the plugins' commands."""
        self._ask_plugins(ctx)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the kernel or of a plugin."""
        if cmd_name not in self.commands:
            self._ask_plugins(ctx)
        return super().get_command(ctx, cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command. Raises ``PluginError`` when there is another of this name."""
        name = name or cmd.name or ""
        if self.commands.get(name, cmd) is not cmd:
            raise PluginError(f"the command `{self.name} {name}` exists already")
        super().add_command(cmd, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that ``args`` begin with; for one that a missing plugin has, say what to install."""
        root = ctx.find_root().command
        if self.get_command(ctx, args[0]) is None and isinstance(root, RootGroup):
            hint = root.hint(f"{self.name} {args[0]}")
            if hint and not args[0].startswith("-"):
                ctx.fail(f"No such command '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def _ask_plugins(self, ctx: click.Context) -> None:
        root = ctx.find_root().command
        if isinstance(root, RootGroup):
            root.ask_plugins()
