"""``obelisk generate``: things that need no server."""

from __future__ import annotations

import os

import click

from obelisk.cli.output import FAILED, print_json_line, print_line, reporting_errors
from obelisk.clock import SystemClock, to_milliseconds
from obelisk.ids import ULID_RANDOM_BYTES, new_execution_id


@click.group()
def generate() -> None:
    """Make ids and other things."""


@generate.command("execution-id")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@reporting_errors(FAILED)
def execution_id(*, as_json: bool) -> None:
    """Print a new execution id, for `execution submit --execution-id`."""
    made = new_execution_id(to_milliseconds(SystemClock().now()), os.urandom(ULID_RANDOM_BYTES))
    if as_json:
        print_json_line({"execution_id": made})
    else:
        print_line(made)
