"""Names of packages, interfaces and functions, as WIT writes them.

``ns:pkg/ifc@1.2.3`` names an interface and ``ns:pkg/ifc@1.2.3.fn`` a function of it (a fully qualified function name,
``ffqn``). A version belongs to the package; it is written after the interface.
"""

from __future__ import annotations

import re
from typing import NewType

from msgspec import Struct

from obelisk.errors import InvalidNameError

Ffqn = NewType("Ffqn", str)
"""A fully qualified function name, ``ns:pkg/ifc[@version].fn``."""

MAX_NAME_LENGTH = 1024
MAX_FUNCTION_LENGTH = 200
"""A call's join set is named after its function, and such a name has at most 256 characters."""
_WORD = r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*"
_VERSION = r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_INTERFACE = re.compile(rf"({_WORD}):({_WORD})/({_WORD})(?:@({_VERSION}))?")
_LABEL = re.compile(_WORD)
_FUNCTION = re.compile(rf"(?:\[[a-z-]+\])?{_WORD}(?:\.{_WORD})?")


class InterfaceName(Struct, frozen=True):
    """The parts of an interface name; ``version`` is empty when none was written."""

    namespace: str
    package: str
    interface: str
    version: str = ""

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        return f"{self.namespace}:{self.package}/{self.interface}{version}"

    @property
    def package_name(self) -> str:
        """The package with its version, ``ns:pkg@version``."""
        return f"{self.namespace}:{self.package}" + (f"@{self.version}" if self.version else "")

    def with_package_suffix(self, suffix: str) -> InterfaceName:
        """Return the interface of the same name in the package ``pkg`` + ``suffix``."""
        return InterfaceName(self.namespace, self.package + suffix, self.interface, self.version)


def is_word(text: str) -> bool:
    """Tell whether ``text`` can be a name in WIT: words of letters and digits with ``-`` between them."""
    return len(text) <= MAX_NAME_LENGTH and _LABEL.fullmatch(text) is not None


def snake_case(name: str) -> str:
    """Return the name of a class in snake case: ``JoinSetRequest`` is ``join_set_request``."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def parse_interface(text: str) -> InterfaceName:
    """Parse ``ns:pkg/ifc[@version]``; raise ``InvalidNameError`` when ``text`` is something else."""
    match = _INTERFACE.fullmatch(text) if len(text) <= MAX_NAME_LENGTH else None
    if match is None:
        raise InvalidNameError(
            f"`{text[:200]}` is not an interface name, expected `namespace:package/interface[@version]`"
        )
    return InterfaceName(match[1], match[2], match[3], match[4] or "")


def interface_or_none(text: str) -> InterfaceName | None:
    """Parse ``ns:pkg/ifc[@version]``; ``None`` for anything else, such as an interface that only a world names."""
    try:
        return parse_interface(text)
    except InvalidNameError:
        return None


def parse_ffqn(text: str) -> Ffqn:
    """Check ``text`` and return it as a function name; raise ``InvalidNameError`` when it is none."""
    interface, function = split_ffqn(Ffqn(text))
    if interface:
        parse_interface(interface)
    if not interface or len(function) > MAX_FUNCTION_LENGTH or not _FUNCTION.fullmatch(function):
        raise InvalidNameError(
            f"`{text[:200]}` is not a function name, expected `namespace:package/interface[@version].function`"
        )
    return Ffqn(text)


def ffqn(interface: str, function: str) -> Ffqn:
    """Join an interface name and a function name."""
    return Ffqn(f"{interface}.{function}")


def split_ffqn(name: Ffqn) -> tuple[str, str]:
    """Split a function name into its interface and its function.

    A version may hold dots (``ns:pkg/ifc@1.2.3.fn``), so the last dot is the one that separates.
    """
    interface, _, function = name.rpartition(".")
    return interface, function
