"""``obelisk plugins``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.cli.client import json_option
from obelisk.cli.output import FAILED, fail, print_json_line, print_line, print_table, reporting_errors
from obelisk.cli.server import config_option
from obelisk.errors import InputError

if TYPE_CHECKING:
    from obelisk.plugins import PluginInfo

HEADERS = ("NAME", "VERSION", "DISTRIBUTION", "ORIGIN", "OFFERS")
KINDS = ("storage", "source", "trigger", "exporter", "activity")


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
@reporting_errors(FAILED)
def plugins(context: click.Context, *, path: Path | None, as_json: bool) -> None:
    """List the plugins that were found, what they offer, and why one does not load.

    Plugins that the configuration disables, or names as files, are listed when there is a configuration.
    """
    if context.invoked_subcommand is not None:
        return
    from obelisk.cli.configured import configured_plugins
    from obelisk.plugins import Plugins

    configured = configured_plugins(path)
    infos = Plugins.load(disabled=configured.disabled, files=configured.files).infos
    if as_json:
        for info in infos:
            print_json_line(info)
    else:
        print_table([HEADERS, *map(_row, infos)])


@plugins.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@config_option
@json_option
@reporting_errors(FAILED)
def check(*, names: tuple[str, ...], path: Path | None, as_json: bool) -> None:
    """Check the installed plugins and those that are files, or those called NAME.

    Each has to load, to implement hooks that exist, with their parameters, to offer names that nobody else has, with
    settings that can be read, and to work with this version. All problems are told; the exit code is 1 if there are any.
    """
    from obelisk import __version__
    from obelisk.cli.configured import configured_plugins
    from obelisk.cli.plugin_check import check_plugins
    from obelisk.plugins import Origin, disabled_names, find_plugins
    from obelisk.plugins.files import file_plugin

    configured = configured_plugins(path)
    off = configured.disabled | disabled_names(os.environ)
    candidates = [*find_plugins(), *map(file_plugin, dict.fromkeys(configured.files))]
    known = {each.name for each in candidates if each.origin is not Origin.BUILT_IN and each.name not in off}
    for name in names:
        if name not in known:
            why = "is disabled" if name in off else "is not there"
            raise InputError(f"the plugin `{name}` {why}; to be checked are: {', '.join(sorted(known)) or 'none'}")
    findings = check_plugins(candidates, disabled=off, names=frozenset(names), version=__version__)
    for finding in findings:
        if as_json:
            print_json_line(finding)
        else:
            print_line(f"{finding.plugin} ({finding.distribution}): {finding.problem}")
    count = len(names) or len(known)
    if findings:
        fail(f"{_counted(len(findings), 'problem')} in {_counted(count, 'plugin')}", FAILED)
    if not as_json:
        print_line(f"{_counted(count, 'plugin')} checked, no problem found")


@plugins.command()
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What the plugin offers.")
@click.option(
    "--directory",
    "-d",
    type=click.Path(path_type=Path),
    help="Where to write it; left out, a new directory obelisk-NAME.",
)
@json_option
@reporting_errors(FAILED)
def new(*, name: str, kind: str, directory: Path | None, as_json: bool) -> None:
    """Write a package with a plugin called NAME that works, and with its tests.

    The tests are the conformance suite of the kind. NAME is of lower-case letters, digits and `-`.
    """
    from obelisk.config.load import taken_tables
    from obelisk.plugins import Plugins, taken_distributions
    from obelisk.scaffold.plugins.project import PluginKind, write_plugin

    found = Plugins.load()
    distributions = taken_distributions(info.distribution for info in found.infos)
    made = write_plugin(
        name, PluginKind(kind), directory=directory, taken=taken_tables(found), distributions=distributions
    )
    if as_json:
        print_json_line(made)
        return
    print_line(f"Wrote the plugin `{made.name}` to {made.directory}. Now:")
    for line in (f"cd {made.directory}", "pip install -e '.[dev]'", "pytest"):
        print_line(f"  {line}")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _row(info: PluginInfo) -> tuple[str, ...]:
    offers = info.error if info.error is not None else ", ".join(info.offers)
    return info.name, info.version, info.distribution, info.origin.value, offers
