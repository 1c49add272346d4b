"""What the pages on projects and on ``obelisk dev`` show is what the commands do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from obelisk.cli.main import cli
from tests.docs.fences import Language, blocks_of

PAGES = ("start-a-project.md", "develop-locally.md")


def page(repository: Path, name: str) -> str:
    return (repository / "docs" / "how-to" / name).read_text()


def shown(text: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", text, re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    """The project that the page's command writes."""
    (command,) = [line for line in shown(page(repository, PAGES[0])) if line.startswith("obelisk new ")]
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    (tmp_path / "printed").write_text(result.stdout)
    return tmp_path


def test_the_commands_that_follow_are_those_that_are_printed(project: Path, repository: Path) -> None:
    printed = [line.strip() for line in (project / "printed").read_text().splitlines() if line.startswith("  ")]
    commands = shown(page(repository, PAGES[0]))
    assert commands[2:6] == printed


def test_every_file_that_is_shown_is_written(project: Path, repository: Path) -> None:
    text = page(repository, PAGES[0])
    named = {*re.findall(r"`((?:activity|workflow)/[\w./-]*|obelisk\.toml|build\.sh|pyproject\.toml)`", text)}
    assert "workflow/wit/deps/" in named
    assert [name for name in named if not (project / "my-shop" / name).exists()] == []


def test_the_build_that_is_shown_is_the_projects(project: Path, repository: Path) -> None:
    (block,) = blocks_of(repository / "docs/how-to" / PAGES[1], Language.TOML)
    assert block in (project / "my-shop" / "obelisk.toml").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_every_command_is_one(name: str, repository: Path) -> None:
    lines = [line for line in shown(page(repository, name)) if line.startswith("obelisk ")]
    assert lines
    for line in lines:
        command: click.Command | None = cli
        for word in shlex.split(line)[1:]:
            if not isinstance(command, click.Group):
                break
            command = command.get_command(click.Context(command), word)
        assert command is not None, line
        assert not isinstance(command, click.Group), line
