"""``obelisk client log-level``."""

from __future__ import annotations

import click

from obelisk.cli.client import ending_the_command, json_option, server_options
from obelisk.cli.output import print_json_line, print_line


@click.command("log-level")
@click.argument("wanted", metavar="[FILTER]", required=False)
@click.option(
    "--sink", type=click.Choice(["console", "file"]), help="Change only this log, instead of all that are on."
)
@json_option
@server_options
@ending_the_command()
def log_level(*, wanted: str | None, sink: str | None, as_json: bool) -> None:
    """Show which lines a running server logs, or change that until it ends.

    FILTER is a level for all lines, and others for targets: `info`, `warn,app=debug`, `info,obelisk.timers=trace`.
    """
    from obelisk.cli.connection import connected

    with connected() as connection:
        levels = connection.log_levels() if wanted is None else connection.set_log_level(wanted, sink or "")
    for each in levels:
        if wanted is not None or sink in (None, each.name):
            if as_json:
                print_json_line({"sink": each.name, "filter": each.filter})
            else:
                print_line(f"{each.name:8} {each.filter}")
