"""``python -m benchmarks peers``: installing other engines, and telling which can be measured."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final, cast

import click

from benchmarks.interrupts import run_until_interrupted
from benchmarks.peer import Peer, PeerError
from benchmarks.peers import PEERS, dbos, restate, syncs, temporal
from benchmarks.peers.environment import DIRECTORY, DIRECTORY_VARIABLE, Environment
from benchmarks.peers.installation import install
from benchmarks.places import CACHE
from benchmarks.shared_work import SERIAL
from benchmarks.working_directory import working_directory

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
    for peer in _all_peers():
        click.echo(f"{peer.name:<16} {peer.missing() or peer.summary}")


@peers.command("syncs")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=CACHE,
    show_default=True,
    help="Where they have their files meanwhile, on a disk.",
)
def count_syncs(cache: Path) -> None:
    """Count by strace how often each syncs a file for a serial step."""
    if (reason := syncs.missing()) is not None:
        raise click.ClickException(reason)
    for peer in _all_peers():
        with working_directory(cache, "syncs-") as place:
            click.echo(f"{peer.name:<16} {peer.missing() or _syncs(peer, place)}")


def _syncs(peer: Peer, directory: Path) -> str:
    place = directory / peer.name
    place.mkdir()
    try:
        return f"{run_until_interrupted(syncs.syncs_per_step(peer, SERIAL, place)):.2f} syncs for each step"
    except PeerError as error:
        return f"not counted: {error}"


def _all_peers() -> list[Peer]:
    return [cast("Peer", import_module(f"benchmarks.peers.{name}").PEER) for name in PEERS]
