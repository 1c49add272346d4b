"""``obelisk client component``: the components of a server, and component files."""

from __future__ import annotations

import click

from obelisk.cli.client import ending_the_command, json_option, server_options
from obelisk.cli.groups import OpenGroup
from obelisk.cli.helping import component_names


@click.group(cls=OpenGroup)
@server_options
def component() -> None:
    """List and inspect components; plugins add commands that move them."""


@component.command("list")
@click.option("-v", "-i", "--imports", is_flag=True, help="Imported functions too; --json has them always.")
@click.option("-e", "--extensions", is_flag=True, help="Functions that the engine derives too.")
@json_option
@server_options
@ending_the_command()
def list_(*, imports: bool, extensions: bool, as_json: bool) -> None:
    """List the components of a server and what they export."""
    from obelisk.cli import component_view

    component_view.print_components(imports=imports, extensions=extensions, as_json=as_json)


@component.command()
@click.argument("target", metavar="PATH|NAME", shell_complete=component_names)
@click.option("-v", "-i", "--imports", is_flag=True, help="Imported functions too; --json has them always.")
@click.option("-e", "--extensions", is_flag=True, help="Functions that the engine derives too.")
@json_option
@server_options
@ending_the_command()
def inspect(*, target: str, imports: bool, extensions: bool, as_json: bool) -> None:
    """Show what a component exports: a `.wasm` or `.wat` file, or a component of a server by its name or digest."""
    from obelisk.cli import component_view

    component_view.print_component(target, imports=imports, extensions=extensions, as_json=as_json)


@component.command()
@click.argument("target", metavar="NAME|DIGEST|PATH", shell_complete=component_names)
@json_option
@server_options
@ending_the_command()
def wit(*, target: str, as_json: bool) -> None:
    """Print the WIT of a component, with the packages that the engine derives from it."""
    from obelisk.cli import component_view

    component_view.print_wit(target, as_json=as_json)
