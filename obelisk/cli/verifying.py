"""How ``server verify`` works: every problem at once, each with the line of the configuration that it is about."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.cli.output import FAILED, OK, print_json_line, print_line
from obelisk.config.document import (
    Document,
    clash_message,
    disabled_plugins,
    find_file,
    parse_document,
    plugin_files,
    read_text,
)
from obelisk.config.load import Examined, examine_document
from obelisk.config.log_settings import LogSettings
from obelisk.config.placing import Places, Problem, in_order, syntax_problem
from obelisk.errors import ConfigError, PluginError
from obelisk.plugins import Plugins

if TYPE_CHECKING:
    from obelisk.api.verifying import Finding
    from obelisk.config.model import Config

_UNREAD = re.compile(r"`([^`]+)`: ")


def verify(path: Path | None, *, allow_unauthenticated_api: bool, as_json: bool) -> int:
    """Check a configuration, print what is wrong with it, and return the exit code."""
    problems = _problems(path, allow_unauthenticated_api=allow_unauthenticated_api)
    for problem in problems:
        if as_json:
            print_json_line(problem)
        else:
            click.echo(f"error: {problem.text}", err=True)
    if not problems and not as_json:
        print_line("Server configuration was verified")
    return FAILED if problems else OK


def _problems(path: Path | None, *, allow_unauthenticated_api: bool) -> list[Problem]:
    cwd = Path.cwd()
    try:
        found = cwd / path if path is not None else find_file(os.environ, cwd=cwd)
        text = read_text(found)
    except ConfigError as error:
        return [Problem(None, None, str(error))]
    misread: list[str] = []
    try:
        document = parse_document(
            text, origin=str(found), base=found.parent, environ=os.environ, cwd=cwd, problems=misread
        )
    except ConfigError as error:
        if isinstance(error.__cause__, ValueError | RecursionError):
            return [syntax_problem(text, error.__cause__, origin=str(found))]
        return [Problem(None, None, str(error))]
    unread = [match[1] for message in misread if (match := _UNREAD.match(message)) is not None]
    try:
        plugins = Plugins.load(disabled=disabled_plugins(document), files=plugin_files(document))
        examined = examine_document(document, plugins, unread=unread)
    except PluginError as error:
        return Places.of(document).problems([*misread, clash_message(document, error)])
    further = _further(examined, plugins, allow_unauthenticated_api=allow_unauthenticated_api)
    return _placed(document, examined.config, [*misread, *examined.problems], further)


def _further(examined: Examined, plugins: Plugins, *, allow_unauthenticated_api: bool) -> list[Finding]:
    """Check what is right so far, as a server would that starts with it."""
    from obelisk.api.verifying import deployment_problems
    from obelisk.cli.server import warn_of_broken
    from obelisk.clock import SystemClock
    from obelisk.runtime.server_log.logs import server_logs

    config = examined.config
    console = LogSettings() if config is None else LogSettings(config.kernel.log.console)
    with server_logs(console, clock=SystemClock()):
        warn_of_broken(plugins, told=examined.problems)
        if config is None or (examined.problems and not _holds_anything(config)):
            return []  # and makes no directory
        checks = deployment_problems(
            config, complete=examined.complete, allow_unauthenticated_api=allow_unauthenticated_api
        )
        return asyncio.run(checks)


def _holds_anything(config: Config) -> bool:
    return bool(config.components) or any(use.entries for use in config.triggers)


def _placed(
    document: Document, config: Config | None, messages: Iterable[str], findings: Iterable[Finding]
) -> list[Problem]:
    """Return problems with their places, in the order of the file; none twice, what has no line last."""
    places = Places.of(document, config)
    told = [places.problem(message) for message in messages]
    return in_order([*told, *(places.problem(one.message, one.path) for one in findings)])
