"""What the commands of plugins are handed: groups to join, and the project that the person works on.

``obelisk_register_command`` gets a ``CommandHost``. Having it costs nothing; the configuration is read, and heavy modules
are imported, once a command calls ``project``. Errors of the ``ObeliskError`` tree end a command with one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from obelisk.interfaces.provider import Host

if TYPE_CHECKING:
    import click

Keys = Mapping[str, Any]
"""Keys of a TOML table and their plain values."""


class Inspected(Struct, frozen=True):
    """A component that was looked at and not run.

    ``binary`` is what is run, text assembled; ``digest`` is its ``sha256:...``. ``exports`` and ``imports`` are names of
    interfaces, and of functions outside of interfaces.
    """

    binary: bytes
    digest: str
    exports: tuple[str, ...]
    imports: tuple[str, ...]


class Described(Struct, frozen=True):
    """What a configuration says of a component: its table, such as ``activity_wasm``, and the keys that others need too.

    ``withheld`` names the keys that were not taken because they refer to variables of this machine.
    """

    table: str
    keys: Keys
    withheld: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where a component of a configuration comes from.

    ``location`` is what it means, ``written`` what the file says, in which variables are not replaced.
    """

    table: str
    name: str
    location: str
    written: str


class NewComponent(Struct, frozen=True):
    """A component to be added to a configuration. ``keys`` are those of its table besides ``name`` and ``location``."""

    table: str
    name: str
    location: str
    keys: Keys = {}


class Project(Protocol):
    """A configuration file with what lies around it; without a file, the defaults."""

    @property
    def file(self) -> Path | None:
        """The configuration file, ``None`` when there is none."""

    @property
    def host(self) -> Host:
        """Clock, randomness, directories and environment. The directories are created."""

    @property
    def max_component_size(self) -> int:
        """``wasm.max_component_size`` in bytes."""

    def source_settings(self, scheme: str) -> Any:
        """Return the settings of the component source for a scheme. Raises ``PluginError`` when there is none."""

    async def inspect(self, content: bytes, *, origin: str) -> Inspected:
        """Look at a component, binary or text. Raises ``ComponentError`` that names ``origin`` for what is none."""

    def places(self) -> tuple[Place, ...]:
        """Return where the components of the configuration come from, those that have a location."""

    def describe(self, path: Path) -> Described | None:
        """Return what the configuration says of the component that lies at ``path``, ``None`` when it has none there.

        Of its keys only those are taken that its kind shares. Raises ``InputError`` when it has several that differ.
        """

    def add(self, component: NewComponent) -> str:
        """Add a component to the file, and return the text that was added; comments and order are kept.

        The keys may come from a stranger: they are checked, only those are taken that the kind shares, and references to
        variables in them lose their meaning. Raises ``InputError`` when there is no file or no such table, ``ConfigError``
        when the configuration would be wrong afterwards; then nothing is written.
        """

    def relocate(self, locations: Mapping[str, str]) -> None:
        """Give components, by name, other locations; comments and order are kept.

        Raises ``InputError`` for a name that is not there or has no location.
        """


class CommandHost(Protocol):
    """What ``obelisk_register_command`` is handed beside ``cli``."""

    def group(self, name: str) -> click.Group:
        """Return a group of the kernel that plugins may add commands to, such as ``component``.

        It is there with and without ``client``. Raises ``PluginError`` for any other name.
        """

    def project(self, config: Path | None) -> Project:
        """Return the project of the configuration ``config``, or of the one that a server here would use, or of none.

        Raises ``ConfigError`` that lists all that is wrong with it.
        """
