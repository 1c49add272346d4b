"""The plugins that a configuration of a test uses: those that are installed, and the files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from obelisk.config.document import disabled_plugins, parse_document, plugin_files
from obelisk.plugins import Plugins


def plugins_of(toml: str, *, base: Path, environ: Mapping[str, str]) -> Plugins:
    """Load the plugins of the configuration ``toml``, whose relative locations start at ``base``."""
    document = parse_document(toml, origin="configuration", base=base, environ=environ, cwd=base)
    return Plugins.load(environ={}, disabled=disabled_plugins(document), files=plugin_files(document))
