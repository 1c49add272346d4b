"""Projects of components, as ``obelisk new`` writes them; ``tests/guests_e2e`` builds and runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft7Validator

from obelisk.cli.main import cli
from obelisk.config.document import read_document
from obelisk.config.load import decode_document
from obelisk.plugins import Plugins
from obelisk.scaffold.components.language import LANGUAGES
from obelisk.scaffold.components.project import Project, ProjectKind, project

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [project("my-shop", kind, language) for kind in ProjectKind for language in LANGUAGES]
each_project = pytest.mark.parametrize("made", PROJECTS, ids=lambda made: f"{made.language.name}-{made.kind.value}")


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["new", *arguments])


def written(made: Project, directory: Path) -> Path:
    place = directory / "project"
    result = new(made.kind.value, made.name, "--lang", made.language.name, "--directory", str(place))
    assert (result.exit_code, result.stderr) == (0, "")
    return place


def build(place: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", place / "build.sh"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def programs(directory: Path, *names: str) -> Path:
    """Return a directory that has nothing but these programs."""
    place = directory / "bin"
    place.mkdir()
    for name in names:
        (place / name).symlink_to(str(shutil.which(name)))
    return place


@each_project
def test_every_value_of_a_template_is_put_in(made: Project) -> None:
    assert not [file.path for file in made.files if re.search(r"\{\{|\}\}", file.text)]


@each_project
def test_no_file_is_written_twice(made: Project) -> None:
    paths = [file.path for file in made.files]
    assert len(paths) == len(set(paths))


@each_project
def test_the_configuration_is_valid_and_builds_what_it_names(made: Project, tmp_path: Path) -> None:
    place = written(made, tmp_path)
    document = read_document(place / "obelisk.toml", environ={"HOME": str(tmp_path)}, cwd=tmp_path)
    config = decode_document(document, Plugins.load(environ={}))
    names = [use.settings.name for use in config.components]
    names += [getattr(entry.settings, "location", "") for use in config.triggers for entry in use.entries]
    assert "my-shop-activity" in names
    outputs = {build.output for build in config.kernel.dev.build}
    assert outputs == {place / "build" / f"{component}.wasm" for component in made.kind.components}
    locations = re.findall(r'location = "(.*)"', (place / "obelisk.toml").read_text())
    assert outputs == {place / location for location in locations}
    assert all((place / watched).exists() for build in config.kernel.dev.build for watched in build.watch)


@each_project
def test_an_editor_finds_the_schema_that_the_configuration_names(made: Project, tmp_path: Path) -> None:
    place = written(made, tmp_path)
    text = (place / "obelisk.toml").read_text()
    named = re.match(r"#:schema (.*)\n", text)
    assert named is not None
    schema = (place / named[1]).read_text()
    assert list(Draft7Validator(json.loads(schema)).iter_errors(tomllib.loads(text))) == []
    assert "`obelisk generate schema -o obelisk.schema.json`" in (place / "README.md").read_text()


def test_the_schema_of_a_project_is_the_one_that_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = written(PROJECTS[0], tmp_path)
    before = (place / "obelisk.schema.json").read_text()
    monkeypatch.chdir(place)
    anew = CliRunner().invoke(cli, ["generate", "schema", "-o", "obelisk.schema.json"])
    assert (anew.exit_code, anew.stderr) == (0, "")
    assert (place / "obelisk.schema.json").read_text() == before


@each_project
def test_two_commands_are_printed(made: Project, tmp_path: Path) -> None:
    result = new(made.kind.value, made.name, "--lang", made.language.name, "--directory", str(tmp_path / "x"))
    assert f"  cd {tmp_path / 'x'}\n  ./build.sh\n  obelisk server run\n" in result.stdout


def test_a_project_is_written_into_the_directory_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = json.loads(new("activity", "my-shop", "--lang", "js", "--json").stdout)
    assert line["directory"] == "my-shop"
    assert line["commands"] == ["./build.sh", "obelisk server run"]
    assert {path for path in line["files"] if not (tmp_path / "my-shop" / path).is_file()} == set()


def test_a_directory_whose_name_is_no_text_is_told_as_json(tmp_path: Path) -> None:
    place = os.fsdecode(bytes(tmp_path) + b"/\xff")
    told = new("activity", "my-shop", "--lang", "js", "--directory", place, "--json")
    assert (told.exit_code, told.stderr) == (0, "")
    assert json.loads(told.stdout)["directory"] == place


def test_a_project_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    place = written(PROJECTS[0], tmp_path)
    (place / "README.md").write_text("mine\n")
    result = new("workflow", "my-shop", "--lang", "js", "--directory", str(place))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {place} is there already and holds ")
    assert (place / "README.md").read_text() == "mine\n"


def test_an_unknown_language_is_refused_with_those_that_are_known() -> None:
    result = new("workflow", "my-shop", "--lang", "cobol")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: there are no projects in `cobol`; expected one of `python`, `js`\n"


@pytest.mark.parametrize(
    "name", ["My-shop", "my_shop", "1shop", "my--shop", "-x", "shop-", "my-2nd", "ä", "a/b", "", "a" * 65]
)
def test_a_name_that_is_none_in_wit_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = new("activity", "--lang", "python", "--", name)
    assert result.exit_code == 2
    assert "cannot be the name of a project: expected words of small letters" in result.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", ["list", "world", "map", "wasi", "obelisk"])
def test_a_name_that_is_taken_is_refused_with_another(name: str) -> None:
    result = new("activity", name, "--lang", "python")
    assert result.exit_code == 2
    assert f"choose another, such as `my-{name}`" in result.stderr


@pytest.mark.parametrize(
    ("language", "program", "needed"),
    [("js", "npm", "Node.js 20 or newer with npm"), ("python", "python3", "Python 3.11")],
)
def test_a_build_without_what_installs_its_programs_says_what_is_needed(
    language: str, program: str, needed: str, tmp_path: Path
) -> None:
    place = written(project("my-shop", ProjectKind.ACTIVITY, language), tmp_path)
    ended = build(place, PATH=str(programs(tmp_path, "dirname")))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"build.sh: cannot find `{program}`, expected {needed}")
    assert not (place / "build").exists()


def test_a_build_that_cannot_install_says_why(tmp_path: Path) -> None:
    place = written(project("my-shop", ProjectKind.ACTIVITY, "js"), tmp_path)
    nobody = "http://127.0.0.1:9/"  # the port of the discard protocol, at which nobody listens
    ended = build(
        place, npm_config_registry=nobody, npm_config_fetch_retries="0", npm_config_cache=str(tmp_path / "npm")
    )
    assert ended.returncode != 0
    assert "ECONNREFUSED" in ended.stderr


def test_projects_pin_the_toolchains_that_the_examples_are_built_with() -> None:
    python, js = ({str(file.path): file.text for file in made.files} for made in PROJECTS[:2])
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["guests"]
    assert python["requirements.txt"].splitlines()[1:] == group
    pinned = json.loads((ROOT / "examples" / "js" / "package.json").read_text())["dependencies"]
    assert json.loads(js["package.json"])["dependencies"] == pinned
