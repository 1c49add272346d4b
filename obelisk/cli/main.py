"""The root of the commands: names and where they are, without importing them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from obelisk import __version__
from obelisk.cli.output import FAILED, reporting_errors, warn

CLIENT_COMMANDS = {
    "component": ("obelisk.cli.component:component", "List and inspect the components of a server."),
    "execution": ("obelisk.cli.execution:execution", "Submit, follow, list and control executions."),
}
COMMANDS = CLIENT_COMMANDS | {
    "server": ("obelisk.cli.server:server", "Run a server, or check its configuration."),
    "plugins": ("obelisk.cli.plugins:plugins", "List the plugins."),
    "generate": ("obelisk.cli.generate:generate", "Make ids and other things."),
}


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
    """The root group, to which plugins add their commands. They are asked only for names that the kernel lacks."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the kernel's and of the plugins' commands."""
        self._load_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the kernel or of a plugin."""
        if cmd_name not in self._lazy and cmd_name not in self.commands:
            self._load_plugins()
        return super().get_command(ctx, cmd_name)

    def _load_plugins(self) -> None:
        # Commands come from installed plugins only; leaving out the built-in ones keeps `--help` quick.
        from obelisk.errors import PluginError
        from obelisk.plugins import Plugins

        try:
            Plugins.load(built_ins=False).add_commands(self)
        except PluginError as error:
            warn(f"commands of plugins are left out: {error}")


@click.group(cls=RootGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", "-v", message="%(version)s")
def cli() -> None:
    """Obelisk: deterministic workflows on the WebAssembly component model."""


@cli.group(cls=LazyGroup, lazy=CLIENT_COMMANDS)
def client() -> None:
    """Talk to a running server."""


def main() -> None:
    """Run the command line and end the process."""
    try:
        with reporting_errors(FAILED):
            cli(prog_name="obelisk")
    except SystemExit as end:
        _exit_now(end)


def _exit_now(end: SystemExit) -> None:
    """End the process with everything written, without taking the interpreter apart: that costs a quarter of a call."""
    if not isinstance(end.code, int | None):
        raise end
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(end.code or FAILED)  # nobody reads what was printed
    os._exit(end.code or 0)
