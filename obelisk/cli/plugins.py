"""``obelisk plugins``."""

from __future__ import annotations

import click

from obelisk.cli.output import FAILED, print_json_line, print_line, reporting_errors
from obelisk.plugins import PluginInfo, Plugins

HEADERS = ("NAME", "VERSION", "DISTRIBUTION", "ORIGIN", "OFFERS")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@reporting_errors(FAILED)
def plugins(*, as_json: bool) -> None:
    """List the plugins that were found, what they offer, and why one does not load."""
    infos = Plugins.load().infos
    if as_json:
        for info in infos:
            print_json_line(info)
    else:
        _print_table(infos)


def _print_table(infos: tuple[PluginInfo, ...]) -> None:
    rows = [HEADERS, *(_row(info) for info in infos)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    for row in rows:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(info: PluginInfo) -> tuple[str, ...]:
    offers = info.error if info.error is not None else ", ".join(info.offers)
    return info.name, info.version, info.distribution, info.origin.value, offers
