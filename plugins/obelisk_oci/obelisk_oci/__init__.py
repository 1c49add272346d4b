"""Components from OCI registries: ``location = "oci://..."``, and the commands that push and pull them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from obelisk import hookimpl
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sources import ComponentSource, SourceProvider
from obelisk_oci.settings import SCHEME, OciSettings

if TYPE_CHECKING:
    import click

    from obelisk.interfaces.commands import CommandHost

SUMMARY = "Pulls components from OCI registries, and keeps them by their digests."


@hookimpl
def obelisk_register_component_source() -> list[SourceProvider]:
    """Offer locations ``oci://...``."""
    return [SourceProvider("oci", SCHEME, SUMMARY, OciSettings, _open, clean=_clean)]


@hookimpl
def obelisk_register_command(cli: click.Group, host: CommandHost) -> None:
    """Add ``component push``, ``pull``, ``add`` and ``pin``."""
    from obelisk_oci.commands import add_commands

    add_commands(host)


def _open(settings: OciSettings, host: Host) -> AbstractAsyncContextManager[ComponentSource]:
    from obelisk_oci.source import open_source

    return open_source(settings, host)


def _clean(settings: OciSettings) -> None:
    from obelisk_oci.cache import clean

    clean(settings.wasm_directory)
