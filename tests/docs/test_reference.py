"""The references tell of everything that is there."""

from __future__ import annotations

import importlib.util
import inspect
import re
import tomllib
from pathlib import Path
from types import ModuleType

import click
import pytest

from obelisk import hookspecs
from obelisk.cli.main import cli
from tests.docs.fences import Language, blocks_of


def tool(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator(repository: Path) -> ModuleType:
    """The script that writes the configuration reference."""
    return tool(repository / "tools/generate_reference.py")


def commands(group: click.Group, prefix: str) -> list[str]:
    context = click.Context(group)
    names = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        path = f"{prefix} {name}"
        names += commands(command, path) if isinstance(command, click.Group) else [path]
    return names


def test_the_configuration_reference_is_up_to_date(generator):
    assert generator.TARGET.read_text() == generator.reference_page(), "run `make reference`"


def test_the_pages_that_the_code_tells_are_up_to_date(repository: Path):
    pages = tool(repository / "tools/generate_reference_pages.py")
    outdated = [name for name, text in pages.pages().items() if not pages.is_written(pages.DIRECTORY / name, text)]
    assert outdated == [], "run `make reference`"


def test_the_schema_of_the_repository_is_up_to_date(generator):
    assert generator.SCHEMA.read_text() == generator.schema_text(generator.own_plugins()), "run `make reference`"


def test_every_hook_is_in_the_reference(repository):
    page = (repository / "docs/reference/hooks.md").read_text()
    hooks = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("obelisk_")]
    assert [name for name in hooks if f"`{name}(" not in page] == []


def test_every_hook_is_documented():
    hooks = [value for name, value in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("obelisk_")]
    assert [hook.__name__ for hook in hooks if not hook.__doc__] == []


def test_every_command_is_in_the_reference(repository):
    page = (repository / "docs/reference/cli.md").read_text()
    short = ("obelisk component", "obelisk execution", "obelisk log-level")
    paths = [path for path in commands(cli, "obelisk") if not path.startswith(short)]
    assert [path for path in paths if f"`{path}" not in page] == []


def test_every_option_that_the_reference_shows_exists(repository):
    page = (repository / "docs/reference/cli.md").read_text()
    rows = re.findall(r"^\| `obelisk ([^`]*)`", page, re.MULTILINE)
    assert len(rows) > 15
    for row in rows:
        names, command = row.split(), cli
        while isinstance(command, click.Group) and names and not names[0].startswith("["):
            command = command.get_command(click.Context(command), names.pop(0))
        known = {option for param in command.params for option in param.opts}
        assert set(re.findall(r"--[a-z-]+", row)) <= known, row


def test_the_configuration_of_the_repository_names_files_that_exist(repository):
    tables = tomllib.loads((repository / "obelisk.toml").read_text())
    locations = [entry["location"] for table in ("activity_wasm", "workflow_wasm") for entry in tables[table]]
    assert [location for location in locations if not (repository / location).is_file()] == []


def test_the_example_in_the_readme_is_part_of_the_configuration_of_the_repository(repository):
    example = tomllib.loads(blocks_of(repository / "README.md", Language.TOML)[0])
    tables = tomllib.loads((repository / "obelisk.toml").read_text())
    assert example["storage"] == tables["storage"]
    for name in ("activity_wasm", "workflow_wasm"):
        assert all(entry in tables[name] for entry in example[name])
