"""The configuration that commands of plugins work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.cli.project import open_project
from obelisk.errors import ComponentError, ConfigError, InputError, PluginError
from obelisk.interfaces.commands import Described, NewComponent, Place

ROOT = Path(__file__).resolve().parents[2]
FIBO = ROOT / "examples" / "wat" / "fibo_activity.wat"
TEXT = """\
wasm.max_component_size = 5000

[[activity_wasm]]
name = "a"
location = "${DIR:-.}/a.wasm"
max_retries = 3
tmp = true

[[activity_stub]]
ffqn = "a:b/c.d"

[[workflow_wasm]]
name = "w"
location = "oci://example.com/w:1"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of the directory that the test runs in."""
    monkeypatch.chdir(tmp_path)
    for name in ("OBELISK_DATA_DIR", "OBELISK_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    path = tmp_path / "obelisk.toml"
    path.write_text(TEXT)
    return path


def test_the_file_of_the_directory_is_used(file: Path) -> None:
    project = open_project(None)
    assert (project.file, project.max_component_size) == (file, 5000)
    assert project.host.cache_dir.is_dir()


def test_without_a_file_there_are_defaults(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    monkeypatch.setenv("HOME", str(file.parent))
    project = open_project(None)
    assert (project.file, project.places()) == (None, ())
    assert project.max_component_size == 64 * 1024**2
    with pytest.raises(ConfigError, match="no configuration file found"):
        project.add(NewComponent("activity_wasm", "x", "x.wasm"))


def test_a_file_that_is_named_has_to_be_there(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"other\.toml"):
        open_project(Path("other.toml"))


def test_places_are_told_as_written_and_as_meant(file: Path) -> None:
    assert open_project(None).places() == (
        Place("activity_wasm", "a", "./a.wasm", "${DIR:-.}/a.wasm"),
        Place("workflow_wasm", "w", "oci://example.com/w:1", "oci://example.com/w:1"),
    )


def test_settings_of_sources_are_those_of_the_file(file: Path) -> None:
    project = open_project(None)
    assert project.source_settings("").max_size == 256 * 1024**2
    with pytest.raises(PluginError, match="no component source for `ftp://`"):
        project.source_settings("ftp")


def test_a_component_is_described_by_where_it_lies(file: Path) -> None:
    project = open_project(None)
    assert project.describe(Path("a.wasm")) == Described("activity_wasm", {"tmp": True, "max_retries": 3})
    assert project.describe(file.parent / "b.wasm") is None


def test_components_at_one_place_that_differ_are_not_described(file: Path) -> None:
    file.write_text(TEXT + '[[activity_wasm]]\nname = "b"\nlocation = "a.wasm"\n')
    with pytest.raises(InputError, match=r"several components at a\.wasm whose tables differ"):
        open_project(None).describe(Path("a.wasm"))


async def test_a_component_is_looked_at_without_running_it(file: Path) -> None:
    found = await open_project(None).inspect(FIBO.read_bytes(), origin="fibo")
    assert (found.exports, found.imports) == (("testing:fibo/fibo",), ())
    assert found.binary.startswith(b"\0asm")
    assert found.digest.startswith("sha256:")


async def test_what_is_no_component_or_too_large_is_an_error(file: Path) -> None:
    project = open_project(None)
    with pytest.raises(ComponentError, match="it: not a component"):
        await project.inspect(b"hello", origin="it")
    with pytest.raises(ComponentError, match="more than the 5000"):
        await project.inspect(bytes(5001), origin="it")


def test_a_component_is_added_and_seen(file: Path) -> None:
    project = open_project(None)
    added = project.add(NewComponent("activity_wasm", "new", "new.wasm", {"max_retries": 1, "tmp": False}))
    assert added == '[[activity_wasm]]\nname = "new"\nlocation = "new.wasm"\nmax_retries = 1\n'
    assert file.read_text() == f"{TEXT}\n{added}"
    assert "new" in [place.name for place in project.places()]


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (NewComponent("activity_wasm", "a", "x.wasm"), "a component named `a` already"),
        (NewComponent("activity_unheard", "x", "x.wasm"), "`activity_unheard`"),
        (NewComponent("server", "x", "x.wasm"), "`server`"),
        (NewComponent("activity_wasm", "a b", "x.wasm"), "expected letters"),
        (NewComponent("activity_wasm", "x", "x.wasm", {"max_retries": "many"}), "max_retries"),
        (NewComponent("activity_wasm", "x", "x.wasm", {"unheard": 1}), "unheard"),
    ],
)
def test_what_would_be_wrong_is_not_written(file: Path, component: NewComponent, said: str) -> None:
    with pytest.raises((InputError, ConfigError), match=said):
        open_project(None).add(component)
    assert file.read_text() == TEXT


def test_a_location_is_replaced(file: Path) -> None:
    project = open_project(None)
    project.relocate({"w": "oci://example.com/w:2"})
    assert file.read_text() == TEXT.replace("w:1", "w:2")
    assert project.places()[1].location == "oci://example.com/w:2"


def test_a_location_of_nobody_cannot_be_replaced(file: Path) -> None:
    with pytest.raises(InputError, match="`nobody`"):
        open_project(None).relocate({"nobody": "x"})
