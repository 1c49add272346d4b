"""``component push``, ``pull``, ``add`` and ``pin``: names, arguments and help. What they do is in ``running``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from obelisk.interfaces.commands import CommandHost

F = TypeVar("F", bound=Callable[..., Any])

_config = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    help="The configuration file; without one, the file that a server here would use, or the defaults.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
_kind = click.option("--kind", metavar="TABLE", help="Its kind, such as `activity_wasm`.")
_no_settings = click.option("--no-settings", is_flag=True, help="Leave its settings out.")


def add_commands(host: CommandHost) -> None:
    """Add the commands to the group ``component``."""
    group = host.group("component")
    for make in (_push, _pull, _add, _pin):
        group.add_command(make(host))


def _push(host: CommandHost) -> click.Command:
    @click.command()
    @click.argument("path", type=click.Path(path_type=Path))
    @click.argument("reference", metavar="oci://HOST/REPOSITORY:TAG")
    @_kind
    @_no_settings
    @_config
    @_json
    def push(
        *, path: Path, reference: str, kind: str | None, no_settings: bool, config: Path | None, as_json: bool
    ) -> None:
        """Push a component file to a registry, and print its reference with its digest.

        Its kind, and those settings of it that are for everybody, are those that the configuration has for PATH. Values of
        variables, secrets and directories are never pushed.
        """
        from obelisk_oci import running

        running.push(host.project(config), path, reference, kind=kind, no_settings=no_settings, as_json=as_json)

    return push


def _pull(host: CommandHost) -> click.Command:
    @click.command()
    @click.argument("reference", metavar="oci://HOST/REPOSITORY:TAG")
    @click.option(
        "-o", "--output", type=click.Path(path_type=Path), help="The file; without it a new one, named as it says."
    )
    @_config
    @_json
    def pull(*, reference: str, output: Path | None, config: Path | None, as_json: bool) -> None:
        """Pull a component from a registry into a file."""
        from obelisk_oci import running

        running.pull(host.project(config), reference, output=output, as_json=as_json)

    return pull


def _add(host: CommandHost) -> click.Command:
    @click.command()
    @click.argument("reference", metavar="oci://HOST/REPOSITORY:TAG")
    @click.argument("name")
    @_kind
    @_no_settings
    @click.option("--no-pin", is_flag=True, help="Write the location as it is, without a digest.")
    @_config
    @_json
    def add(
        *,
        reference: str,
        name: str,
        kind: str | None,
        no_settings: bool,
        no_pin: bool,
        config: Path | None,
        as_json: bool,
    ) -> None:
        """Pull a component and add it to the configuration as NAME, with the settings that it came with.

        Look at what is printed: it may be given variables of the environment, and hosts that it may talk to.
        """
        from obelisk_oci import running

        wanted = running.Wanted(reference=reference, name=name, kind=kind, no_settings=no_settings, no_pin=no_pin)
        running.add(host.project(config), wanted, as_json=as_json)

    return add


def _pin(host: CommandHost) -> click.Command:
    @click.command()
    @click.argument("names", nargs=-1, metavar="[NAME]...")
    @click.option("--update", is_flag=True, help="Those that have a digest too: to what their tags mean now.")
    @_config
    @_json
    def pin(*, names: tuple[str, ...], update: bool, config: Path | None, as_json: bool) -> None:
        """Write digests into the locations of the configuration, of all components or of those named."""
        from obelisk_oci import running

        running.pin(host.project(config), names, update=update, as_json=as_json)

    return pin
