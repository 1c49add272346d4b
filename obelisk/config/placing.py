"""Where what is wrong with a configuration comes from: a line of its file, or a variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from obelisk.config.positions import Positions, around, path_in
from obelisk.errors import ComponentError, ConfigError, LinkError, ObeliskError, PluginError

if TYPE_CHECKING:
    from obelisk.config.document import Document
    from obelisk.config.model import Config

OF_VARIABLE: Final = "the environment variable `"
"""How the problem of a variable begins that sets no key."""
_AT_LINE: Final = re.compile(r"\(at line ([0-9]+), column [0-9]+\)")
_AT_END: Final = "(at end of document)"


class Problem(Struct, frozen=True):
    """What is wrong; ``file`` and ``line`` are ``None`` for what stands in no file, or in no line of it."""

    file: str | None
    line: int | None
    message: str

    @property
    def text(self) -> str:
        """The problem for people."""
        place = "" if self.file is None else f"{self.file}:" if self.line is None else f"{self.file}:{self.line}:"
        return f"{place} {self.message}".strip()


class Places:
    """The places of one configuration.

    ``overrides`` maps paths of keys to the variables that set them, ``components`` names of components to their paths.
    """

    def __init__(
        self,
        text: str,
        tables: Mapping[str, Any],
        *,
        origin: str,
        overrides: Mapping[str, str],
        components: Mapping[str, str] = {},
    ) -> None:
        self._origin = origin
        self._overrides = overrides
        self._components = components
        self._positions = Positions(text, tables)

    @classmethod
    def of(cls, document: Document, config: Config | None = None) -> Places:
        """Return the places of a configuration that was read, or of one that was checked too."""
        components = {} if config is None else {use.settings.name: use.path for use in config.components}
        return cls(
            document.text,
            document.tables,
            origin=document.origin,
            overrides=document.overrides,
            components=components,
        )

    def problem(self, message: str, path: str = "") -> Problem:
        """Return a message with its place; ``path`` is the key that it is about, where it does not begin with one."""
        if message.startswith(OF_VARIABLE):
            return Problem(None, None, message)
        path = path or path_in(message)
        found = self._of_path(path, message) or self._of_path(self._entry_in(message), message)
        return found or Problem(self._origin, None, message)

    def of_error(self, error: ObeliskError) -> str:
        """Return the message of an error that came after the configuration was read, with the places that it has."""
        if not isinstance(error, ConfigError | ComponentError | PluginError):
            found = self._of_path(path_in(str(error)), str(error))
            return str(error) if found is None else found.text
        is_opening = isinstance(error, ComponentError) and not isinstance(error, LinkError)
        problems = [self._later(message, is_opening=is_opening) for message in problems_of(error)]
        return "\n".join(problem.text for problem in problems)

    def _later(self, message: str, *, is_opening: bool) -> Problem:
        entry = self._entry_in(message) if is_opening else ""
        problem = self.problem(message, f"{entry}.location" if entry else "")
        return problem if problem.line is not None else Problem(None, None, problem.message)

    def _entry_in(self, message: str) -> str:
        return self._positions.entry_in(message, self._components)

    def _of_path(self, path: str, message: str) -> Problem | None:
        variable = next((self._overrides[each] for each in around(path) if each in self._overrides), None)
        if variable is not None:
            return Problem(None, None, f"{message} (set by the environment variable `{variable}`)")
        for each in around(path):
            line = self._positions.exact(each)
            is_told = line is None or each == path
            parts = [key for key in self._overrides if is_told and key.startswith(f"{each}.")]
            if line is not None or parts:
                file = self._origin if line is not None else None
                return Problem(file, line, message + "".join(map(self._part, parts)))
        return None

    def problems(self, messages: Iterable[str]) -> list[Problem]:
        """Return messages with their places, in the order of the file."""
        return in_order(map(self.problem, messages))

    def error(self, messages: Iterable[str]) -> ConfigError:
        """Return the error that lists messages with their places, one to a line."""
        return ConfigError("\n".join(problem.text for problem in self.problems(messages)))

    def _part(self, key: str) -> str:
        return f" (the environment variable `{self._overrides[key]}` sets `{key}`)"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file; none twice, what has no line last."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line is None, problem.line or 0))


def problems_of(error: ObeliskError) -> list[str]:
    """Return the problems of an error that lists them: one to a line, what belongs to it indented below."""
    problems: list[str] = []
    for line in str(error).splitlines():
        if problems and (not line or line[0].isspace()):
            problems[-1] += f"\n{line}"
        else:
            problems.append(line)
    return problems


def syntax_problem(text: str, error: Exception, *, origin: str) -> Problem:
    """Return the problem of a text that is no TOML; ``error`` is what reading it raised."""
    if isinstance(error, RecursionError):
        return Problem(origin, None, "not valid TOML: nested too deeply")
    at = _AT_LINE.search(str(error))
    line = int(at[1]) if at is not None else text.rstrip("\r\n").count("\n") + 1 if _AT_END in str(error) else None
    return Problem(origin, line, f"not valid TOML: {error}")
