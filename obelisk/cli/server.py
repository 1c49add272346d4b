"""``obelisk server``."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obelisk.cli.output import FAILED, fail, print_line, reporting_errors

if TYPE_CHECKING:
    from obelisk.config.model import Config, ConsoleLevel
    from obelisk.plugins import Plugins

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "off": logging.CRITICAL + 1,
}

config_option = click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file; see the documentation for where else it is looked for.",
)


@click.group()
def server() -> None:
    """Run a server, or check its configuration."""


@server.command()
@config_option
@click.option("--clean-db", is_flag=True, help="Delete the database first.")
@click.option("--clean-cache", is_flag=True, help="Delete the caches first.")
@reporting_errors(FAILED)
def run(*, path: Path | None, clean_db: bool, clean_cache: bool) -> None:
    """Run a server until SIGINT or SIGTERM."""
    config = load_config(path)
    from obelisk.api import process

    if clean_cache:
        process.clean_cache(config)
    raise SystemExit(asyncio.run(process.run_server(config, clean_database=clean_db)))


@server.command()
@config_option
@reporting_errors(FAILED)
def verify(*, path: Path | None) -> None:
    """Check the configuration and its components, without starting anything."""
    config = load_config(path)
    from obelisk.api.process import verify as verify_server

    asyncio.run(verify_server(config))
    print_line("Server configuration was verified")


@server.command("generate-config")
@reporting_errors(FAILED)
def generate_config() -> None:
    """Write obelisk.toml with every key and its default into the current directory."""
    from obelisk.config.document import FILE_NAME
    from obelisk.config.sample import sample_config
    from obelisk.plugins import Plugins

    text = sample_config(Plugins.load())
    try:
        with Path(FILE_NAME).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"file already exists: {FILE_NAME}", FAILED)
    except OSError as error:
        fail(f"cannot write {FILE_NAME}: {error.strerror or error}", FAILED)
    print_line(f'Generated "{FILE_NAME}"')


def load_config(path: Path | None) -> Config:
    """Read the configuration and start logging as it says; tell of plugins that do not load."""
    from obelisk.config.document import disabled_plugins, read_document
    from obelisk.config.load import decode_document
    from obelisk.plugins import Plugins

    document = read_document(path, environ=os.environ, cwd=Path.cwd())
    plugins = Plugins.load(disabled=disabled_plugins(document))
    config = decode_document(document, plugins)
    _start_logging(config.kernel.log.console.level)
    _warn_of_broken(plugins)
    return config


def _start_logging(level: ConsoleLevel) -> None:
    logging.basicConfig(stream=sys.stderr, level=LOG_LEVELS[level.value], format=LOG_FORMAT)


def _warn_of_broken(plugins: Plugins) -> None:
    for info in plugins.infos:
        if info.error is not None:
            logging.getLogger("obelisk.plugins").warning(
                "plugin `%s` from %s does not load: %s", info.name, info.distribution, info.error
            )
