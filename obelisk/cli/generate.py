"""``obelisk generate``: things that need no server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.api.tokens import TOKEN_RANDOM_BYTES, new_token, token_hash
from obelisk.cli.helping import completion, component_names, schema
from obelisk.cli.output import FAILED, print_json_line, print_line, reporting_errors, warn
from obelisk.cli.server import config_option, logging_to_console
from obelisk.clock import SystemClock, to_milliseconds
from obelisk.ids import ULID_RANDOM_BYTES, new_execution_id

if TYPE_CHECKING:
    from obelisk.cli.wit_deps import Written


@click.group()
def generate() -> None:
    """Make ids and other things."""


generate.add_command(schema)
generate.add_command(completion)


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


@generate.command("token")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@reporting_errors(FAILED)
def token(*, as_json: bool) -> None:
    """Print a new token of the API, and its hash for `[api] token_hashes`. Neither is kept anywhere."""
    made = new_token(os.urandom(TOKEN_RANDOM_BYTES))
    if as_json:
        print_json_line({"token": made, "token_hash": token_hash(made)})
        return
    print_line(f"token       {made}")
    print_line(f"token_hash  {token_hash(made)}")


@generate.command("wit-deps")
@config_option
@click.option(
    "--component",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this component; may be repeated.",
    shell_complete=component_names,
)
@click.option("--host-only", is_flag=True, help="Without components; no configuration is read.")
@click.option("--wasi", is_flag=True, help="The packages of WASI too.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each package.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@reporting_errors(FAILED)
def wit_deps(
    *, path: Path | None, names: tuple[str, ...], host_only: bool, wasi: bool, as_json: bool, directory: Path
) -> None:
    """Write the packages that a guest may import into DIR, its `wit/deps`.

    These are the packages of the engine, and for each configured component what it exports and what is derived from
    that: `-obelisk-ext`, `-obelisk-schedule`, `-obelisk-stub`. Left out are packages that the guest itself declares, and
    components that are not built yet.
    """
    from obelisk.cli import wit_deps as deps

    if host_only and (names or path is not None):
        raise click.UsageError("--host-only goes without --component and --config")
    found = deps.host_dependencies(wasi=wasi)
    if not host_only:
        own = deps.declared_packages(directory.absolute().parent)
        with logging_to_console(path) as config:
            found += deps.component_dependencies(config, names, own=own)
    for written in deps.write(found.files, directory):
        _print_written(written, as_json=as_json)
    for note in found.notes:
        warn(note)


def _print_written(written: Written, *, as_json: bool) -> None:
    if as_json:
        print_json_line({"package": written.package, "path": str(written.path), "changed": written.changed})
    else:
        print_line(f"{written.package}  {written.path}" + ("" if written.changed else "  (unchanged)"))
