"""The ``OTEL_...`` variables of the environment, each read as what it means.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and .../protocol/exporter/. A variable that
is empty counts as not set. A value that cannot be is a ``ConfigError`` that names the variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from msgspec import Struct

from obelisk.errors import ConfigError
from obelisk_otlp.headers import parse_pairs

E = TypeVar("E", bound=Enum)
T = TypeVar("T")


class Variables(Struct, frozen=True):
    """Reads variables. With several names the first that is set counts."""

    environ: Mapping[str, str]

    def find(self, *names: str) -> tuple[str, str] | None:
        """Return the name and the text of the first variable that is set."""
        return next(((name, text) for name in names if (text := self.environ.get(name, "").strip())), None)

    def text(self, *names: str) -> str | None:
        """Return a text."""
        found = self.find(*names)
        return None if found is None else found[1]

    def read(self, parse: Callable[[str], T], *names: str) -> T | None:
        """Return what ``parse`` makes of a text; a ``ValueError`` of it is the variable's problem."""
        found = self.find(*names)
        if found is None:
            return None
        try:
            return parse(found[1])
        except ValueError as error:
            raise ConfigError(f"the environment variable {found[0]}: {error}") from error

    def choice(self, options: type[E], *names: str) -> E | None:
        """Return the member of an enum that a text is the value of."""

        def parse(text: str) -> E:
            values = [str(member.value) for member in options]
            if text.lower() not in values:
                raise ValueError(f"expected one of {', '.join(values)}, found `{text[:60]}`")
            return options(text.lower())

        return self.read(parse, *names)

    def flag(self, *names: str) -> bool | None:
        """Return whether a text is ``true``; anything else but ``false`` is an error."""

        def parse(text: str) -> bool:
            if text.lower() not in ("true", "false"):
                raise ValueError(f"expected true or false, found `{text[:60]}`")
            return text.lower() == "true"

        return self.read(parse, *names)

    def seconds(self, *names: str) -> float | None:
        """Return seconds; the variable has milliseconds."""
        count = self.count(*names)
        return None if count is None else count / 1000

    def count(self, *names: str) -> int | None:
        """Return a whole number of at least 1."""

        def parse(text: str) -> int:
            if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) < 1:
                raise ValueError(f"expected a whole number of at least 1, found `{text[:60]}`")
            return int(text)

        return self.read(parse, *names)

    def ratio(self, *names: str) -> float | None:
        """Return a number from 0.0 to 1.0."""

        def parse(text: str) -> float:
            try:
                value = float(text)
            except ValueError:
                value = -1.0
            if not 0 <= value <= 1:
                raise ValueError(f"expected a number from 0.0 to 1.0, found `{text[:60]}`")
            return value

        return self.read(parse, *names)

    def pairs(self, *names: str) -> dict[str, str]:
        """Return ``name=value`` pairs."""
        return self.read(parse_pairs, *names) or {}
