"""A configuration and its plugins: both checked for a server, or only the plugins for commands that are about these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from obelisk.config.document import Document, clash_message, disabled_plugins, find_file, plugin_files, read_document
from obelisk.config.load import decode_document
from obelisk.config.model import Config
from obelisk.config.placing import Places
from obelisk.config.positions import path_in
from obelisk.errors import ConfigError, PluginError
from obelisk.plugins import Plugins


class ConfiguredPlugins(Struct, frozen=True):
    """Names of plugins that are disabled, and files that are plugins."""

    disabled: frozenset[str] = frozenset()
    files: tuple[Path, ...] = ()


def configured_plugins(path: Path | None) -> ConfiguredPlugins:
    """Return what the configuration at ``path``, or the one in the usual places, says; nothing when there is none.

    Raises ``ConfigError`` when it cannot be read, or its table ``[plugins]`` refers to a variable that is not there.
    """
    cwd = Path.cwd()
    if path is None:
        try:
            path = find_file(os.environ, cwd=cwd)
        except ConfigError:
            return ConfiguredPlugins()
    problems: list[str] = []
    document = read_document(path, environ=os.environ, cwd=cwd, problems=problems)
    problems = [problem for problem in problems if path_in(problem).startswith("plugins.")]
    if problems:
        raise Places.of(document).error(problems)
    return ConfiguredPlugins(disabled_plugins(document), plugin_files(document))


def checked(document: Document, *, environ: Mapping[str, str]) -> tuple[Config, Plugins]:
    """Load the plugins of a configuration that was read, and check it.

    Raises ``ConfigError`` that lists every problem with its place, one per line.
    """
    try:
        plugins = Plugins.load(environ=environ, disabled=disabled_plugins(document), files=plugin_files(document))
        return decode_document(document, plugins), plugins
    except PluginError as error:
        raise Places.of(document).error([clash_message(document, error)]) from error
