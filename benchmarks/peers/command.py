"""``python -m benchmarks peers``: installing other engines, and telling which can be measured."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final, cast

import click

from benchmarks.peer import Peer, PeerError
from benchmarks.peers import PEERS, dbos, restate, temporal
from benchmarks.peers.environment import DIRECTORY, DIRECTORY_VARIABLE, Environment
from benchmarks.peers.installation import install

ENVIRONMENTS: Final[tuple[Environment, ...]] = (dbos.ENVIRONMENT, restate.ENVIRONMENT, temporal.ENVIRONMENT)


@click.group()
def peers() -> None:
    """Other engines that do the same work."""


@peers.command("install")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=DIRECTORY_VARIABLE,
    default=DIRECTORY,
    show_default=True,
    show_envvar=True,
    help="Where they are installed; a run looks where the environment variable says.",
)
def install_peers(directory: Path) -> None:
    """Install each in an environment of its own, with nothing outside of the directory.

    What is there already is left alone. PostgreSQL, for DBOS on it, comes with the system.
    """
    failed = False
    for environment in ENVIRONMENTS:
        try:
            install(environment, directory.absolute(), click.echo)
        except PeerError as error:
            failed = True
            click.echo(f"{environment.name}: not installed: {error}", err=True)
    sys.exit(int(failed))


@peers.command("list")
def list_peers() -> None:
    """List them, and what those lack that cannot be measured here."""
    for name in PEERS:
        peer = cast("Peer", import_module(f"benchmarks.peers.{name}").PEER)
        click.echo(f"{peer.name:<16} {peer.missing() or peer.summary}")
