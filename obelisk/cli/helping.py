"""What helps a person to write: the schema of the configuration for an editor, completion for a shell."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from obelisk.cli.output import FAILED, fail, print_line, reporting_errors, warn
from obelisk.cli.server import config_option

PROGRAM = "obelisk"
COMPLETE_VARIABLE = "_OBELISK_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""A name that a component can have. Others are left out: a shell would run what stands in them."""


@click.command("schema")
@config_option
@click.option("--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="Write it into FILE instead.")
@reporting_errors(FAILED)
def schema(*, path: Path | None, output: Path | None) -> None:
    """Print the JSON Schema of obelisk.toml, with the tables of the plugins.

    These are the installed plugins, and when there is a configuration, those that it names as files, without those that
    it disables. An editor checks and completes keys by it when the file begins with `#:schema ./obelisk.schema.json`.
    """
    from obelisk.cli.configured import configured_plugins
    from obelisk.config.schema import schema_text
    from obelisk.plugins import Plugins

    configured = configured_plugins(path)
    plugins = Plugins.load(disabled=configured.disabled, files=configured.files)
    for problem in plugins.problems:
        warn(problem)
    text = schema_text(plugins)
    if output is None:
        print_line(text.removesuffix("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror or error}", FAILED)
    print_line(f'Generated "{output}"')


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@reporting_errors(FAILED)
def completion(*, shell: str) -> None:
    """Print what makes a shell complete commands, options and names of components.

    \b
    bash  source <(obelisk generate completion bash)   in ~/.bashrc
    zsh   source <(obelisk generate completion zsh)    in ~/.zshrc
    fish  obelisk generate completion fish > ~/.config/fish/completions/obelisk.fish
    """  # noqa: D301 - click reads the \b
    found = get_completion_class(shell)
    assert found is not None  # click knows the shells of SHELLS
    root = click.get_current_context().find_root().command
    print_line(found(root, {}, PROGRAM, COMPLETE_VARIABLE).source())


def component_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete names of components from the configuration that the command would read; nothing when it cannot be read."""
    from obelisk.config.document import find_file, read_text
    from obelisk.errors import ConfigError

    chosen = context.params.get("path")
    try:
        path = Path(chosen) if chosen else find_file(os.environ, cwd=Path.cwd())
        tables = tomllib.loads(read_text(path))
    except (ConfigError, ValueError, RecursionError):
        return []
    entries = [(table, entry) for table, array in tables.items() if isinstance(array, list) for entry in array]
    names = [(table, entry.get("name")) for table, entry in entries if isinstance(entry, dict)]
    return [
        CompletionItem(name, help=table)
        for table, name in names
        if isinstance(name, str) and name.startswith(incomplete) and _NAME.fullmatch(name) is not None
    ]
