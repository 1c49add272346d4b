"""Walking a path: what it reaches, and that nothing outside is ever reached."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelisk.wasm.wasi.filesystem.descriptors import Descriptor, Opening, open_at
from obelisk.wasm.wasi.filesystem.handles import Files
from obelisk.wasm.wasi.filesystem.paths import MAX_HELD, MAX_LINKS, MAX_PATH, Place, Walk
from tests.wasi.filesystem.listing import open_files

ATTEMPTS = 3000


def reached(start: int, path: str, *, follow: bool = True) -> os.stat_result:
    """Return the status of what a path leads to."""
    with Walk(start) as walk:
        return walk.object(path, follow=follow).stat()


def refusal(start: int, path: str) -> str:
    """Return the name of the error that ends a walk."""
    with pytest.raises(OSError, match="Errno") as raised:
        reached(start, path)
    return errno.errorcode[raised.value.errno or 0]


def inode(path: Path) -> int:
    return path.stat().st_ino


@pytest.fixture
def inside(start: int, tmp_path: Path) -> Path:
    """The directory that walks start from; beside it lies a file ``secret``."""
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "inside"


def test_dots_and_superfluous_slashes_change_nothing(start, inside):
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "file").touch()
    for path in ("a/file", "./a/./file", "a//file", "a/b/../file", "a/../a/b/../../a/file"):
        assert reached(start, path).st_ino == inode(inside / "a" / "file")
    for path in (".", "./", "a/..", "a/b/../..", "a/b/../../."):
        assert reached(start, path).st_ino == inode(inside)


def test_a_name_before_dots_has_to_be_a_directory_that_is_there(start, inside):
    (inside / "file").touch()
    assert refusal(start, "gone/..") == "ENOENT"
    assert refusal(start, "file/..") == "ENOTDIR"
    assert refusal(start, "file/.") == "ENOTDIR"


@pytest.mark.parametrize("path", ["..", "../secret", "a/../../secret", "../inside/a", "a/b/../../../secret", "./.."])
def test_no_path_leads_above_the_start(start, inside, path):
    (inside / "a" / "b").mkdir(parents=True)
    assert refusal(start, path) == "EPERM"


@pytest.mark.parametrize("path", ["/", "//", "/etc/passwd", "//etc/passwd", "/../secret"])
def test_no_path_is_absolute(start, inside, path):
    assert refusal(start, path) == "EPERM"


@pytest.mark.parametrize("target", ["/", "/etc/passwd", "..", "../secret", "a/../../secret", "../inside"])
def test_no_link_leads_out(start, inside, target):
    (inside / "a").mkdir()
    (inside / "link").symlink_to(target)
    assert refusal(start, "link") == "EPERM"
    assert refusal(start, "link/x") == "EPERM"
    assert refusal(start, "a/../link/") == "EPERM"


def test_links_inside_are_followed_from_where_they_are(start, inside):
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "file").touch()
    (inside / "a" / "b" / "up").symlink_to("../file")
    (inside / "short").symlink_to("a/b/")
    (inside / "chain").symlink_to("short/up")
    assert reached(start, "chain").st_ino == inode(inside / "a" / "file")
    assert reached(start, "short/../file").st_ino == inode(inside / "a" / "file")
    assert reached(start, "short/.").st_ino == inode(inside / "a" / "b")


def test_the_last_link_is_left_alone_unless_it_is_to_be_followed(start, inside):
    (inside / "link").symlink_to("/etc/passwd")
    assert reached(start, "link", follow=False).st_ino == (inside / "link").lstat().st_ino


def test_a_link_before_a_slash_is_followed_always(start, inside):
    (inside / "a").mkdir()
    (inside / "link").symlink_to("a")
    assert reached(start, "link/", follow=False).st_ino == inode(inside / "a")


def test_links_in_a_circle_end(start, inside):
    (inside / "one").symlink_to("two")
    (inside / "two").symlink_to("one")
    (inside / "self").symlink_to("self/x")
    assert refusal(start, "one") == "ELOOP"
    assert refusal(start, "self") == "ELOOP"


def test_a_chain_of_links_may_be_so_long(start, inside):
    (inside / "0").touch()
    for number in range(1, MAX_LINKS + 2):
        (inside / str(number)).symlink_to(str(number - 1))
    assert reached(start, str(MAX_LINKS)).st_ino == inode(inside / "0")
    assert refusal(start, str(MAX_LINKS + 1)) == "ELOOP"


def test_links_that_multiply_end(start, inside):
    (inside / "d").mkdir()
    (inside / "l0").symlink_to("/".join(["d/.."] * 400))
    for number in range(1, 30):
        (inside / f"l{number}").symlink_to(f"l{number - 1}/l{number - 1}")
    assert refusal(start, "l29") in ("ELOOP", "ENAMETOOLONG")


@pytest.mark.parametrize(
    ("path", "error"),
    [("", "ENOENT"), ("a\0b", "EINVAL"), ("x" * 256, "ENAMETOOLONG"), ("a/" * MAX_PATH, "ENAMETOOLONG")],
)
def test_a_path_that_can_be_none_is_refused(start, inside, path, error):
    assert refusal(start, path) == error


def test_a_deep_path_holds_few_directories_open(start, inside, monkeypatch):
    depth = 10 * MAX_HELD
    (inside / "/".join(["d"] * depth)).mkdir(parents=True)
    (inside / "file").touch()
    counts = []
    really_open = os.open

    def counting(*arguments, **keywords):
        counts.append(len(open_files()))
        return really_open(*arguments, **keywords)

    monkeypatch.setattr(os, "open", counting)
    found = reached(start, "d/" * depth + "../" * depth + "file")
    assert found.st_ino == inode(inside / "file")
    assert max(counts) - min(counts) <= MAX_HELD + 2


def test_every_level_of_a_deep_path_is_found_again_on_the_way_up(start, inside):
    depth = 3 * MAX_HELD
    (inside / "/".join(["d"] * depth)).mkdir(parents=True)
    for ups in (1, MAX_HELD, 2 * MAX_HELD, depth - 1):
        expected = inode(inside / "/".join(["d"] * (depth - ups)))
        assert reached(start, "d/" * depth + "../" * ups).st_ino == expected


def test_a_directory_that_was_moved_out_has_no_way_up(start, inside, tmp_path):
    (inside / "a" / "b").mkdir(parents=True)
    moved = os.open(inside / "a" / "b", os.O_RDONLY | os.O_DIRECTORY)
    (inside / "a" / "b").rename(tmp_path / "moved")
    assert refusal(moved, "../secret") == "EPERM"
    os.close(moved)


def test_a_walk_leaves_nothing_open(start, inside):
    (inside / "a" / "b" / "c").mkdir(parents=True)
    before = open_files()
    reached(start, "a/b/c/../c/.")
    refusal(start, "a/b/c/gone/x")
    refusal(start, "a/b/../../..")
    assert open_files() == before


# --- while somebody changes the directories ---------------------------------------------------------------------------


@pytest.fixture
def swapped(inside: Path) -> Iterator[Path]:
    """Swap ``swap``, a directory, for a link that leads out, and back, again and again."""
    for directory, content in ((inside.parent, "outside"), (inside / "swap", "inside")):
        (directory / "d").mkdir(parents=True)
        (directory / "d" / "secret").write_text(content)
    (inside / "link").symlink_to("..")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            (inside / "swap").rename(inside / "aside")
            (inside / "link").rename(inside / "swap")
            (inside / "swap").rename(inside / "link")
            (inside / "aside").rename(inside / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    yield inside
    over.set()
    thread.join()


@pytest.mark.parametrize("path", ["swap/d/secret", "swap/d/../d/secret", "swap/secret", "swap/d/../../secret"])
def test_a_directory_that_becomes_a_link_during_a_walk_leads_nowhere(start, swapped, path):
    contents = set()
    for _ in range(ATTEMPTS):
        with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError), Walk(start) as walk:
            place = walk.object(path, follow=True)
            with open(place.name, opener=lambda name, flags: os.open(name, flags, dir_fd=place.directory)) as file:  # noqa: B023
                contents.add(file.read())
    assert contents <= {"inside"}


def test_a_file_that_becomes_a_link_after_the_walk_is_not_followed(start, inside, threads, monkeypatch):
    (inside / "file").touch()
    looked = os.readlink

    def look_and_swap(name: bytes, *, dir_fd: int) -> str:
        monkeypatch.undo()
        try:
            return str(looked(name, dir_fd=dir_fd))
        finally:
            (inside / "file").unlink()
            (inside / "file").symlink_to("../secret")

    monkeypatch.setattr(os, "readlink", look_and_swap)
    opening = Opening("file", follow=True, how=frozenset(), flags=frozenset({"read", "write"}))
    with pytest.raises(OSError, match="Errno") as raised:
        open_at(descriptor(start, threads), opening)
    assert raised.value.errno == errno.ELOOP


def descriptor(start: int, threads: ThreadPoolExecutor) -> Descriptor:
    files = Files(threads, on_idle=lambda: None)
    handle = files.hold(start, lambda number: None)
    return Descriptor(files, handle, status=os.fstat(start), flags=["read"], read_only=False)


# --- any path ---------------------------------------------------------------------------------------------------------


def inode_at(place: Place) -> int | None:
    """Return the inode that is at a place, ``None`` when nothing can be there."""
    try:
        return place.stat().st_ino
    except OSError:
        return None


NAMES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "file",
        "..",
        ".",
        "",
        "up",
        "out",
        "abs",
        "loop",
        "here",
        "deep",
        "secret",
        "inside",
        "é",
        "x" * 255,
    ]
)
PATHS = st.one_of(st.lists(NAMES, min_size=1, max_size=12).map("/".join), st.text(max_size=40))


@pytest.fixture(scope="module")
def maze(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A directory with links to everywhere, opened."""
    root = tmp_path_factory.mktemp("maze")
    (root / "secret").write_text("secret")
    inside = root / "inside"
    (inside / "a" / "b" / "c").mkdir(parents=True)
    for directory in (inside, inside / "a", inside / "a" / "b", inside / "a" / "b" / "c"):
        (directory / "file").touch()
        for name, target in (("up", ".."), ("out", "../../.."), ("abs", "/"), ("loop", "loop"), ("here", ".")):
            (directory / name).symlink_to(target)
    (inside / "deep").symlink_to("a/b/c/up/up/../a/./b/")
    number = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    yield number, inside
    os.close(number)


@settings(max_examples=1500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, follow=st.booleans())
def test_no_path_reaches_what_is_outside(maze, path, follow):
    start, inside = maze
    known: set[int | None] = {each.lstat().st_ino for each in [inside, *inside.rglob("*")]}
    with Walk(start) as walk, Walk(start) as other:
        for place_of in (lambda: walk.object(path, follow=follow), lambda: other.entry(path)):
            try:
                place = place_of()
            except OSError:
                continue
            assert b"/" not in place.name
            assert place.name != b".."
            assert os.fstat(place.directory).st_ino in known
            assert inode_at(place) in known | {None}


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(NAMES, min_size=1, max_size=8).map("/".join))
def test_where_the_system_stays_inside_a_walk_ends_at_the_same_place(maze, path):
    start, _ = maze
    try:
        found = reached(start, path)
    except OSError:
        return
    assert os.stat(path, dir_fd=start).st_ino == found.st_ino
