"""The command that builds guests. Its toolchain here is a small program, so that it takes no time."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.build_guest import BuildError, Toolchain, build, find_guests

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ["compile", "app.txt", "../shared.wit", "{output}"]
COMPILE = """#!/bin/sh
echo built >>"$(dirname "$0")/log"
case "$(cat "$1")" in broken) echo "app.txt is broken"; exit 3;; esac
cat "$1" "$2" >"$3"
"""


class Place:
    """A guest, a toolchain of one program, and a cache."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "guest"
        self.programs = directory / "programs"
        self.cache = directory / "cache"
        self.write("guest/guest.toml", f"command = {COMMAND}\n")
        self.write("guest/app.txt", "source ")
        self.write("shared.wit", "wit")
        self.write("programs/compile", COMPILE)
        (self.programs / "compile").chmod(0o755)

    def write(self, name: str, text: str) -> None:
        path = self.directory.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, pins: str = "1.0") -> Path:
        (guest,) = find_guests(self.directory)
        return build(guest, Toolchain("a guest", pins, self.cache / "toolchains" / "sh", self.programs))

    @property
    def builds(self) -> int:
        return len((self.programs / "log").read_text().splitlines())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setenv("OBELISK_GUEST_CACHE", str(place.cache))
    return place


def test_a_guest_is_built_from_its_sources(place: Place) -> None:
    assert place.build().read_text() == "source wit"


def test_the_same_content_is_built_once(place: Place) -> None:
    assert place.build() == place.build()
    assert place.builds == 1


@pytest.mark.parametrize("name", ["guest/app.txt", "shared.wit", "guest/wit/world.wit"])
def test_another_content_is_built_again(place: Place, name: str) -> None:
    first = place.build()
    place.write(name, "changed")
    assert place.build() != first
    assert place.builds == 2


def test_another_toolchain_builds_again(place: Place) -> None:
    assert place.build("1.0") != place.build("1.1")


@pytest.mark.parametrize("name", ["guest/README.md", "guest/__pycache__/app.pyc", "guest/build/app.wasm"])
def test_what_is_no_source_changes_nothing(place: Place, name: str) -> None:
    first = place.build()
    place.write(name, "text")
    assert place.build() == first


def test_those_who_ask_at_the_same_time_share_one_build(place: Place) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = {future.result() for future in [pool.submit(place.build) for _ in range(8)]}
    assert len(found) == place.builds == 1


def test_a_component_is_put_where_the_guest_says(place: Place) -> None:
    place.write("guest/guest.toml", f'command = {COMMAND}\noutput = "../out/app.wasm"\n')
    assert place.build() == place.directory.parent / "out" / "app.wasm"
    assert place.build().read_text() == "source wit"


def test_a_build_that_fails_shows_what_it_said_and_leaves_nothing(place: Place) -> None:
    place.write("guest/app.txt", "broken")
    with pytest.raises(BuildError, match=r"guest failed with exit code 3: (.|\n)*app\.txt is broken"):
        place.build()
    assert not list(place.cache.glob("*.wasm"))


def test_a_build_that_failed_is_tried_again(place: Place) -> None:
    place.write("guest/app.txt", "broken")
    with pytest.raises(BuildError):
        place.build()
    place.write("guest/app.txt", "mended ")
    assert place.build().read_text() == "mended wit"


@pytest.mark.parametrize("text", ["", "command = 1", 'command = ["compile"]', 'command = ["{output}"]\nmore = 1', "["])
def test_a_description_that_is_wrong_is_told(place: Place, text: str) -> None:
    place.write("guest/guest.toml", text)
    with pytest.raises(BuildError, match=r"guest\.toml"):
        find_guests(place.directory)


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "build_guest.py"), *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def test_a_directory_without_guests_is_told(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"error: there is no guest in {tmp_path}; a guest is a directory with a guest.toml\n"


def test_a_machine_without_node_is_told_what_is_missing(tmp_path: Path) -> None:
    guest = ROOT / "examples" / "js" / "fibo"
    done = run(str(guest), PATH=str(tmp_path), OBELISK_GUEST_CACHE=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "error: JavaScript guests need node and npm; install Node.js 20 or newer with npm\n"
