"""Removing what a run left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from obelisk.wasm.wasi.filesystem.removal import remove_tree
from tests.wasi.filesystem.listing import names, open_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory that is to be removed; beside it is one that has to stay."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    return tmp_path / "tree"


def remove(tree: Path) -> None:
    parent = os.open(tree.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        remove_tree(parent, os.fsencode(tree.name))
    finally:
        os.close(parent)


def test_files_links_directories_and_fifos_are_removed(tree):
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "file").touch()
    (tree / "a" / "link").symlink_to("b")
    os.mkfifo(tree / "a" / "b" / "fifo")
    Path(os.fsdecode(os.fsencode(tree) + b"/\xff")).mkdir()
    remove(tree)
    assert names(tree.parent) == ["kept"]


def test_what_links_lead_to_is_kept(tree):
    (tree / "directory").symlink_to("../kept")
    (tree / "absolute").symlink_to(tree.parent / "kept")
    (tree / "file").symlink_to("../kept/file")
    os.link(tree.parent / "kept" / "file", tree / "hard")
    remove(tree)
    assert (tree.parent / "kept" / "file").read_text() == "kept"
    assert names(tree.parent) == ["kept"]


def test_a_tree_deeper_than_any_path_is_removed(tree):
    directory = os.open(tree, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("deep", dir_fd=directory)
        below = os.open("deep", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    before = open_files()
    remove(tree)
    assert not tree.exists()
    assert open_files() == before


def test_names_that_the_removal_would_use_itself_do_not_matter(tree):
    for name in ("0", "1", "2"):
        (tree / name / "0" / "1").mkdir(parents=True)
        (tree / name / "0" / "file").touch()
    (tree / "3").touch()
    remove(tree)
    assert not tree.exists()


def test_many_entries_are_removed(tree):
    for number in range(5000):
        (tree / f"{number}").touch()
    remove(tree)
    assert not tree.exists()


def test_what_is_not_there_is_no_error(tree):
    tree.rmdir()
    remove(tree)


def test_a_link_in_place_of_the_directory_is_not_followed(tree):
    tree.rmdir()
    tree.symlink_to("kept")
    with pytest.raises(NotADirectoryError):
        remove(tree)
    assert (tree.parent / "kept" / "file").exists()


def test_directories_that_forbid_it_are_removed_by_who_owns_them(repository):
    script = """
import os, tempfile
from pathlib import Path
from obelisk.wasm.wasi.filesystem.removal import remove_tree
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
root = Path(tempfile.mkdtemp())
for mode in (0o000, 0o111, 0o444, 0o555):
    forbidden = root / "tree" / f"{mode}" / "inner" / "deeper"
    forbidden.mkdir(parents=True)
    (forbidden / "file").touch()
    for directory in (forbidden, forbidden.parent, forbidden.parent.parent):
        directory.chmod(mode)
(root / "tree").chmod(0)
parent = os.open(root, os.O_RDONLY)
remove_tree(parent, b"tree")
print(os.listdir(root))
root.rmdir()
"""
    environ = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_what_cannot_be_removed_is_told_after_all_else_was(tree, monkeypatch):
    for name in ("one", "stuck", "two"):
        (tree / name).touch()
    really_unlink = os.unlink

    def unlink(name, *, dir_fd):
        if name == b"stuck":
            raise PermissionError(1, "Operation not permitted")
        really_unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(PermissionError):
        remove(tree)
    assert names(tree) == ["stuck"]
