"""``obelisk dev``: a server for those who write components."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from obelisk.cli.output import FAILED, reporting_errors
from obelisk.cli.server import config_option, unauthenticated_option


@click.command()
@config_option
@unauthenticated_option
@reporting_errors(FAILED)
def dev(*, path: Path | None, allow_unauthenticated_api: bool) -> None:
    """Run a server that follows the files that are worked on.

    When a component's file or the configuration changes, they are checked, and loaded when they are good; until then the
    server goes on with what it had. Executions that are open go on with the new components. The commands of
    `[[dev.build]]` are run when their sources change.
    """
    from obelisk.cli.development.session import DevSession
    from obelisk.config.document import find_file

    cwd = Path.cwd()
    file = cwd / path if path is not None else find_file(os.environ, cwd=cwd)
    session = DevSession(file, environ=os.environ, say=_say, allow_unauthenticated_api=allow_unauthenticated_api)
    asyncio.run(session.run())


def _say(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"dev: {line}", err=True)
