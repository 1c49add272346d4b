"""What the configuration says of plugins, for commands that are about these and not about a server."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from obelisk.config.document import disabled_plugins, find_file, plugin_files, read_document
from obelisk.config.placing import Places
from obelisk.config.positions import path_in
from obelisk.errors import ConfigError


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
