"""Projects are written as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from obelisk.errors import InputError
from obelisk.scaffold.writing import ProjectFile, files_of, write_project


def file(path: str, text: str = "text\n") -> ProjectFile:
    return ProjectFile(PurePosixPath(path), text)


def templates(directory: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (directory / f"{name}.template").write_text(text)
    return directory


def test_values_are_put_into_templates(tmp_path: Path) -> None:
    (made,) = files_of(templates(tmp_path, README="# {{name}}, {{name}}\n"), {"name": "shop"})
    assert made == file("README", "# shop, shop\n")


def test_a_template_with_an_unknown_value_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nmae"):
        files_of(templates(tmp_path, README="{{nmae}}"), {"name": "shop"})


def test_templates_of_hidden_files_are_not_hidden_themselves(tmp_path: Path) -> None:
    assert files_of(templates(tmp_path, gitignore="x"), {}) == [file(".gitignore", "x")]


def test_files_that_are_no_templates_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    assert files_of(tmp_path, {}) == []


def test_a_project_is_written_with_its_directories(tmp_path: Path) -> None:
    write_project([file("README.md"), file("wit/deps/a.wit", "package a:b;\n")], tmp_path / "new" / "shop")
    assert (tmp_path / "new" / "shop" / "wit" / "deps" / "a.wit").read_text() == "package a:b;\n"


def test_a_script_can_be_run(tmp_path: Path) -> None:
    write_project([file("build.sh"), file("README.md")], tmp_path / "shop")
    assert os.access(tmp_path / "shop" / "build.sh", os.X_OK)
    assert not (tmp_path / "shop" / "README.md").stat().st_mode & 0o111


def test_a_directory_that_is_empty_is_filled(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    write_project([file("README.md")], tmp_path / "shop")
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["README.md"]


def test_a_directory_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine\n")
    with pytest.raises(InputError, match=r"is there already and holds `README\.md`, expected nothing"):
        write_project([file("README.md"), file("other")], tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("README.md", "mine\n")]


@pytest.mark.parametrize("kind", ["file", "link", "broken link"])
def test_what_is_no_directory_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "shop"
    if kind == "file":
        place.touch()
    else:
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / ("elsewhere" if kind == "link" else "nowhere"))
    with pytest.raises(InputError, match="is there already and is no directory"):
        write_project([file("README.md")], place)
    assert not any(path.name == "README.md" for path in tmp_path.rglob("*"))


def test_nothing_is_left_of_a_project_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing was written"):
        write_project([file("README.md"), file("wit"), file("wit/world.wit")], tmp_path / "shop")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("below", ["sub", "sub/project"])
@pytest.mark.parametrize("kind", ["file", "broken link"])
def test_what_is_in_the_way_to_a_place_is_named(tmp_path: Path, kind: str, below: str) -> None:
    way = tmp_path / "way"
    if kind == "file":
        way.write_text("mine\n")
    else:
        way.symlink_to("nowhere")
    with pytest.raises(InputError, match=r"/way is no directory; nothing was written, choose another with `--dir"):
        write_project([file("README.md")], way / below)
    assert [*tmp_path.iterdir()] == [way]
