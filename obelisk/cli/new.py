"""``obelisk new``: projects of components."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath

import click

from obelisk.cli.client import ending_the_command, json_option
from obelisk.cli.output import print_json_line, print_line
from obelisk.scaffold.components.project import Project, ProjectKind, project
from obelisk.scaffold.writing import ProjectFile, write_project

NEXT = ("./build.sh", "obelisk server run")
"""What builds and runs a project, in its directory."""


@click.command()
@click.argument("kind", type=click.Choice([kind.value for kind in ProjectKind]))
@click.argument("name", metavar="NAME")
@click.option("--lang", "language", metavar="LANGUAGE", required=True, help="`python` or `js`.")
@click.option(
    "--directory", "-d", metavar="DIR", type=click.Path(path_type=Path), help="Where it is written; else ./NAME."
)
@json_option
@ending_the_command()
def new(*, kind: str, name: str, language: str, directory: Path | None, as_json: bool) -> None:
    """Write a project with a component, which builds and runs as it is.

    NAME is of small letters and digits, in words with `-` between them. A directory that holds something is left as it is.
    """
    from obelisk.config.schema import FILE_NAME, schema_text
    from obelisk.plugins import Plugins

    made = project(name, ProjectKind(kind), language)
    place = directory or Path(made.name)
    files = (*made.files, ProjectFile(PurePosixPath(FILE_NAME), schema_text(Plugins.load())))
    write_project(files, place.absolute())
    if as_json:
        print_json_line({"directory": str(place), "files": [str(file.path) for file in files], "commands": NEXT})
        return
    print_line(f"Wrote {place} ({len(files)} files). Build it and run it:\n")
    for command in (f"cd {shlex.quote(str(place))}", *NEXT):
        print_line(f"  {command}")
    print_line(f"\n`obelisk dev` does both, and again whenever a file changes. {_then(made)}")


def _then(made: Project) -> str:
    if made.example is None:
        return "Then: curl http://127.0.0.1:9090/greet/World"
    function, params = made.example
    return f"Then, elsewhere:\n\n  obelisk client execution submit --follow {function} {shlex.quote(params)}"
