"""``${NAME}``, ``${NAME:-default}`` and ``${NAME-default}`` in the texts of a configuration.

``:-`` takes the default also for a variable that is set to nothing, as a shell does. ``$${`` writes a plain ``${``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from obelisk.config.labels import key_path
from obelisk.errors import ConfigError

MAX_DEPTH = 64
_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^}]*))?\}|\$\{")


class Directories(Struct, frozen=True):
    """What ``${DATA_DIR}``, ``${CACHE_DIR}`` and ``${CONFIG_DIR}`` stand for, and ``~``."""

    data: Path
    cache: Path
    config: Path
    home: Path | None


def find_directories(environ: Mapping[str, str], *, cwd: Path, config: Path) -> Directories:
    """Return the directories of a server: those that the variables name, else the user's.

    Raises ``ConfigError`` when neither is known.
    """
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    data = _directory(environ, "DATA", home and home / ".local/share")
    cache = _directory(environ, "CACHE", home and home / ".cache")
    return Directories(cwd / data, cwd / cache, config, home)


def _directory(environ: Mapping[str, str], kind: str, users: Path | None) -> Path:
    own = environ.get(f"OBELISK_{kind}_DIR")
    if own:
        return Path(own)
    shared = environ.get(f"XDG_{kind}_HOME") or users
    if shared is None:
        raise ConfigError(f"no home directory is known; set `OBELISK_{kind}_DIR`")
    return Path(shared) / "obelisk"


class Expander:
    """Replaces references in texts."""

    def __init__(self, environ: Mapping[str, str], directories: Directories) -> None:
        self._directories = directories
        self._values = dict(environ)
        self._values |= {"DATA_DIR": str(directories.data), "CACHE_DIR": str(directories.cache)}
        self._values["CONFIG_DIR"] = str(directories.config)

    def text(self, text: str) -> str:
        """Return ``text`` with its references replaced. Raises ``ValueError`` for one that cannot be."""
        return _REFERENCE.sub(self._replacement, text) if "${" in text else text

    def path(self, path: Path, *, base: Path) -> Path:
        """Return ``path`` with references and ``~`` replaced; a relative one starts at ``base``."""
        text = self.text(str(path))
        if self._directories.home is not None and (text == "~" or text.startswith("~/")):
            text = str(self._directories.home) + text[1:]
        return base / text

    def tree(self, value: Any, path: str, problems: list[str], *, depth: int = 0) -> Any:
        """Return ``value`` with every text in it expanded; what goes wrong is appended to ``problems``."""
        if depth > MAX_DEPTH:
            problems.append(f"`{path[:80]}...`: nested more than {MAX_DEPTH} deep")
            return None
        match value:
            case str():
                return self._checked(value, path, problems)
            case list():
                return [self.tree(v, f"{path}[{i}]", problems, depth=depth + 1) for i, v in enumerate(value)]
            case dict():
                return {k: self.tree(v, key_path(path, k), problems, depth=depth + 1) for k, v in value.items()}
            case _:
                return value

    def _checked(self, text: str, path: str, problems: list[str]) -> str:
        try:
            return self.text(text)
        except ValueError as error:
            problems.append(f"`{path}`: {error}")
            return text

    def _replacement(self, match: re.Match[str]) -> str:
        name, operator, default = match[1], match[2], match[3]
        if match[0] == "$${":
            return "${"
        if name is None:
            raise ValueError("expected `${NAME}` or `${NAME:-default}`; write `$${` for a plain `${`")
        value = self._values.get(name)
        if value or (value is not None and operator != ":-"):
            return value
        if operator is None:
            raise ValueError(f"the variable `{name}` is not set; write `${{{name}:-default}}` to give a default")
        return str(default)
