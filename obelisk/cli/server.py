"""``obelisk server``."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.cli.client import json_option
from obelisk.cli.output import FAILED, print_json_line, print_line, reporting_errors, warn
from obelisk.errors import ConfigError, ObeliskError

if TYPE_CHECKING:
    from obelisk.config.document import Document
    from obelisk.config.model import Config
    from obelisk.plugins import Plugins

config_option = click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file; see the documentation for where else it is looked for.",
)

unauthenticated_option = click.option(
    "--allow-unauthenticated-api",
    is_flag=True,
    help="Let everybody who reaches the API call it, without a token.",
)


@click.group()
def server() -> None:
    """Run a server, check its configuration, back up and restore its database."""


@server.command()
@config_option
@click.option("--clean-db", is_flag=True, help="Delete the database first.")
@click.option("--clean-cache", is_flag=True, help="Delete the caches first.")
@unauthenticated_option
@reporting_errors(FAILED)
def run(*, path: Path | None, clean_db: bool, clean_cache: bool, allow_unauthenticated_api: bool) -> None:
    """Run a server until SIGINT or SIGTERM."""
    from obelisk.api import process
    from obelisk.clock import SystemClock
    from obelisk.runtime.server_log.logs import server_logs

    document, config, plugins = _read(path)
    with placing_errors(document, config), server_logs(config.kernel.log, clock=SystemClock()) as logs:
        warn_of_broken(plugins)
        if clean_cache:
            process.clean_cache(config)
        served = process.run_server(
            config,
            logs,
            say=click.echo,
            clean_database=clean_db,
            allow_unauthenticated_api=allow_unauthenticated_api,
        )
        with asyncio.Runner(loop_factory=config.kernel.server.event_loop.factory) as runner:
            code = runner.run(served)
    raise SystemExit(code)


@server.command()
@config_option
@unauthenticated_option
@json_option
@reporting_errors(FAILED)
def verify(*, path: Path | None, allow_unauthenticated_api: bool, as_json: bool) -> None:
    """Check the configuration and its components, without starting anything; tell all problems with their lines."""
    from obelisk.cli.verifying import verify as verify_file

    raise SystemExit(verify_file(path, allow_unauthenticated_api=allow_unauthenticated_api, as_json=as_json))


@server.command()
@click.argument("target", metavar="PATH", type=click.Path(path_type=Path))
@config_option
@click.option("--force", is_flag=True, help="Replace a backup that is at PATH.")
@json_option
@reporting_errors(FAILED)
def backup(*, target: Path, path: Path | None, force: bool, as_json: bool) -> None:
    """Back up the database to the new directory PATH, whether or not a server runs."""
    from obelisk.clock import SystemClock
    from obelisk.runtime.backups import back_up

    with logging_to_console(path) as config:
        made = back_up(config, target, clock=SystemClock(), force=force)
    if as_json:
        print_json_line({"backup": str(made.path), "bytes": made.size})
    else:
        print_line(f"Backed up to {made.path} ({made.size} bytes)")


@server.command()
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@config_option
@click.option("--force", is_flag=True, help="Replace the database that is there.")
@json_option
@reporting_errors(FAILED)
def restore(*, source: Path, path: Path | None, force: bool, as_json: bool) -> None:
    """Put the backup at PATH in the place of the database, while no server runs."""
    from obelisk.clock import SystemClock
    from obelisk.runtime.backups import restore as restore_backup

    with logging_to_console(path) as config:
        restore_backup(config, source, clock=SystemClock(), force=force)
    if as_json:
        print_json_line({"restored": str(source.absolute())})
    else:
        print_line(f"Restored {source.absolute()}")


@server.command("generate-config")
@reporting_errors(FAILED)
def generate_config() -> None:
    """Write obelisk.toml with every key and its default into the current directory, and obelisk.schema.json beside it.

    An editor completes and checks keys by the schema. Neither is overwritten: an obelisk.toml that is there is an error, a
    schema is kept.
    """
    from obelisk.cli.config_files import write_config_files
    from obelisk.config.schema import FILE_NAME
    from obelisk.plugins import Plugins

    written = write_config_files(Path.cwd(), Plugins.load())
    for name in written:
        print_line(f'Generated "{name}"')
    if FILE_NAME not in written:
        warn(
            f"kept {FILE_NAME}, which was there already; `obelisk generate schema --output {FILE_NAME}` writes it anew"
        )


def _read(path: Path | None) -> tuple[Document, Config, Plugins]:
    """Read the configuration, and load the plugins that it does not disable."""
    from obelisk.cli.configured import checked
    from obelisk.config.document import read_document

    document = read_document(path, environ=os.environ, cwd=Path.cwd())
    return document, *checked(document, environ=os.environ)


@contextmanager
def placing_errors(document: Document, config: Config) -> Iterator[None]:
    """Tell the lines of the configuration that an error is about."""
    from obelisk.config.placing import Places

    try:
        yield
    except ObeliskError as error:
        told = Places.of(document, config).of_error(error)
        if told == str(error):
            raise
        raise ConfigError(told) from error


@contextmanager
def logging_to_console(path: Path | None) -> Iterator[Config]:
    """Read the configuration for a command that is no server: it logs to the console as that says, and into no file."""
    from obelisk.clock import SystemClock
    from obelisk.config.log_settings import LogSettings
    from obelisk.runtime.server_log.logs import server_logs

    document, config, plugins = _read(path)
    with placing_errors(document, config), server_logs(LogSettings(config.kernel.log.console), clock=SystemClock()):
        warn_of_broken(plugins)
        yield config


def warn_of_broken(plugins: Plugins, *, told: Sequence[str] = ()) -> None:
    """Log which plugins do not load, but those of which a message in ``told`` says so."""
    for problem in plugins.problems:
        if not any(problem in message for message in told):
            logging.getLogger("obelisk.plugins").warning("%s", problem)
