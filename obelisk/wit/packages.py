"""Packages for guests to import: what the engine offers, WASI, and what components export, each as the text of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

from obelisk.names import interface_or_none, parse_interface
from obelisk.wit.hosts import HOST_PACKAGES, host_interfaces, host_package_text
from obelisk.wit.model import Interface
from obelisk.wit.printer import package_text, with_every_type
from obelisk.wit.wasi import WASI_PACKAGES, WASI_VERSION, is_wasi, wasi_package_text

FIRST_LINE: Final = "// Written by `obelisk generate wit-deps`; changes are lost.\n"
"""What a file begins with that holds a package for a guest."""
FILE_NAME: Final = "package.wit"


class PackageFile(Struct, frozen=True):
    """A package, ``ns:name@version``, and its WIT text."""

    package: str
    text: str

    @property
    def unversioned(self) -> str:
        """The package without its version."""
        return self.package.partition("@")[0]

    @property
    def content(self) -> str:
        """The content of the file."""
        return FIRST_LINE + self.text


def placed(files: Sequence[PackageFile]) -> Iterator[tuple[PurePosixPath, PackageFile]]:
    """Yield where in ``wit/deps`` each package lies: its directory says the version only when there are several."""
    bases = [file.unversioned for file in files]
    for file, base in zip(files, bases, strict=True):
        name = base if bases.count(base) == 1 else file.package
        yield PurePosixPath(name.replace(":", "_"), FILE_NAME), file


def host_files() -> list[PackageFile]:
    """Return the packages that the engine offers."""
    return [PackageFile(package, host_package_text(package)) for package in HOST_PACKAGES]


def wasi_files() -> list[PackageFile]:
    """Return the packages of WASI."""
    return [PackageFile(f"wasi:{name}@{WASI_VERSION}", wasi_package_text(name)) for name in WASI_PACKAGES]


def component_files(offered: Iterable[Interface], described: Iterable[Interface] = ()) -> list[PackageFile]:
    """Return the packages of the interfaces that components offer, without those of the engine and of WASI.

    ``described`` are interfaces that these may use types of; they are added as far as they are used. Of an interface
    that is offered twice the first is taken.
    """
    found = {interface.name: interface for interface in reversed(list(offered)) if _is_of_a_component(interface.name)}
    used = {interface.name: interface for interface in described if _is_of_a_component(interface.name)}
    ordered = sorted(_with_used(found, used), key=_by_package)
    known = {*host_interfaces(), *(interface.name for interface in ordered)}
    packages: dict[str, list[Interface]] = {}
    for interface in ordered:
        package = parse_interface(interface.name).package_name
        packages.setdefault(package, []).append(with_every_type(interface, known))
    return [PackageFile(package, package_text(package, members)) for package, members in packages.items()]


def _by_package(interface: Interface) -> tuple[str, str]:
    name = parse_interface(interface.name)
    return name.package_name, name.interface


def _is_of_a_component(name: str) -> bool:
    return interface_or_none(name) is not None and not is_wasi(name) and name not in host_interfaces()


def _with_used(found: Mapping[str, Interface], used: Mapping[str, Interface]) -> Iterator[Interface]:
    """Yield interfaces, and those that they use types of, directly or through each other."""
    seen = set(found)
    queue = list(found.values())
    for interface in queue:
        yield interface
        for definition in interface.types:
            if definition.source in used and definition.source not in seen:
                seen.add(definition.source)
                queue.append(used[definition.source])
