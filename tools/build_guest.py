"""Build components from source: ``python tools/build_guest.py DIRECTORY...`` builds every guest in the directories.

A guest is a directory with a ``guest.toml``:

* ``command``: the toolchain's command, run in the directory; ``{output}`` is the component that it has to write.
* ``output``: where the component is put besides the cache; relative to the directory.

Components are kept under the hash of what they are made from: the guest's files, the files that the command names, and
the toolchain's pinned packages. The path of each component is printed, one a line.

A toolchain is installed when it is first needed, from the dependency group ``guests`` of ``pyproject.toml`` for
``componentize-py`` and from ``examples/js/package.json`` for the rest. Toolchains and components lie in ``.cache/guests``,
or where ``OBELISK_GUEST_CACHE`` says. Any number of processes may build at the same time: each component is built by one.
"""

from __future__ import annotations

import argparse
import fcntl
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
PACKAGE_JSON = ROOT / "examples" / "js" / "package.json"
DESCRIPTION = "guest.toml"
OUTPUT = "{output}"
PYTHON_TOOL = "componentize-py"
NOT_SOURCES = frozenset({"__pycache__", "node_modules", "build", "README.md"})
BUILDERS = 2
"""How many builds run at a time; one takes up to a gigabyte."""


class BuildError(Exception):
    """A guest cannot be built; the text is for the user."""


@dataclass(frozen=True)
class Guest:
    """A guest as its ``guest.toml`` describes it."""

    directory: Path
    command: tuple[str, ...]
    output: Path | None


@dataclass(frozen=True)
class Toolchain:
    """Programs that are installed together into ``place``: what pins them, what has to be there, how they get there."""

    name: str
    pins: str
    place: Path
    programs: Path
    needs: tuple[str, ...] = ()
    install: tuple[tuple[str, ...], ...] = ()


def main() -> int:
    """Build the guests that the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(description="Build components from source.")
    parser.add_argument("directories", nargs="+", type=Path, help="a guest, or a directory that holds guests")
    directories = parser.parse_args().directories
    try:
        guests = [guest for directory in directories for guest in find_guests(directory)]
        with ThreadPoolExecutor(BUILDERS) as builders:
            for path in builders.map(build, guests, map(toolchain_of, guests)):
                print(path, flush=True)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def find_guests(directory: Path) -> list[Guest]:
    """Return the guest in a directory, or all in the directories below it."""
    found = [path for path in sources(directory) if path.name == DESCRIPTION]
    if not found:
        raise BuildError(f"there is no guest in {directory}; a guest is a directory with a {DESCRIPTION}")
    return [read_guest(path) for path in found]


def read_guest(path: Path) -> Guest:
    """Read a ``guest.toml``."""
    try:
        described: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"cannot read {path}: {error}") from error
    command, output = described.pop("command", None), described.pop("output", None)
    if not isinstance(command, list) or not any(OUTPUT in str(word) for word in command) or described:
        raise BuildError(
            f"{path} has to have `command`, a list with `{OUTPUT}` in it; it may have `output`, nothing else"
        )
    directory = path.resolve().parent
    return Guest(directory, tuple(map(str, command)), None if output is None else (directory / output).resolve())


def build(guest: Guest, toolchain: Toolchain) -> Path:
    """Return the path of a guest's component, built from its source when it is not there."""
    component = cache() / f"{guest.directory.name}-{hash_of(guest, toolchain)}.wasm"
    with locked(component.with_suffix(".lock")):
        if not component.exists():
            install(toolchain)
            run_build(guest, toolchain, component)
    return component if guest.output is None else placed(component, guest.output)


def cache() -> Path:
    """Return the directory of components and toolchains."""
    chosen = os.environ.get("OBELISK_GUEST_CACHE")
    return Path(chosen).resolve() if chosen else ROOT / ".cache" / "guests"


def hash_of(guest: Guest, toolchain: Toolchain) -> str:
    """Return the hash of what a guest's component is made from."""
    whole = hashlib.sha256("\0".join((*guest.command, toolchain.pins)).encode())
    for path in (*sources(guest.directory), *named_files(guest)):
        whole.update(os.path.relpath(path, guest.directory).encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:32]


def sources(directory: Path) -> Iterator[Path]:
    """Yield the files below a directory that are no products of a build, in order."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not NOT_SOURCES & set(path.relative_to(directory).parts):
            yield path


def named_files(guest: Guest) -> Iterator[Path]:
    """Yield the files outside of the guest that its command names."""
    for word in guest.command[1:]:
        path = guest.directory / word
        if path.is_file() and not path.resolve().is_relative_to(guest.directory):
            yield path


def run_build(guest: Guest, toolchain: Toolchain, component: Path) -> None:
    """Build a component and put it in its place once it is whole."""
    unfinished = component.with_name(f"{component.stem}.{os.getpid()}.wasm")
    command = [word.replace(OUTPUT, str(unfinished)) for word in guest.command]
    print(f"building {guest.directory.name}", file=sys.stderr, flush=True)
    try:
        run([str(toolchain.programs / command[0]), *command[1:]], guest.directory, what=f"building {guest.directory}")
        if not unfinished.exists():
            raise BuildError(f"building {guest.directory}: {command[0]} wrote no component")
        unfinished.replace(component)
    finally:
        unfinished.unlink(missing_ok=True)


def placed(component: Path, output: Path) -> Path:
    """Return ``output``, a copy of a component."""
    if not output.exists() or not filecmp.cmp(component, output, shallow=False):
        output.parent.mkdir(parents=True, exist_ok=True)
        unfinished = output.with_name(f".{output.name}.{os.getpid()}")
        shutil.copyfile(component, unfinished)
        unfinished.replace(output)
    return output


# --- toolchains -------------------------------------------------------------------------------------------------------


def toolchain_of(guest: Guest) -> Toolchain:
    """Return the toolchain that a guest's command belongs to."""
    return python_toolchain() if guest.command[0] == PYTHON_TOOL else javascript_toolchain()


def python_toolchain() -> Toolchain:
    """Return the toolchain of guests in Python, an environment of its own."""
    with PYPROJECT.open("rb") as file:
        requirements: list[str] = tomllib.load(file)["dependency-groups"]["guests"]
    place = toolchain_place("python", "\n".join(requirements))
    python = str(place / "bin" / "python")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
    return Toolchain(
        name="Python guests",
        pins="\n".join(requirements),
        place=place,
        programs=place / "bin",
        install=((sys.executable, "-m", "venv", str(place)), pip),
    )


def javascript_toolchain() -> Toolchain:
    """Return the toolchain of guests in JavaScript, a directory of npm packages."""
    pins = PACKAGE_JSON.read_text(encoding="utf-8")
    place = toolchain_place("javascript", pins)
    npm = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent", "--prefix", str(place))
    return Toolchain(
        name="JavaScript guests",
        pins=pins,
        place=place,
        programs=place / "node_modules" / ".bin",
        needs=("node", "npm"),
        install=(("cp", str(PACKAGE_JSON), str(place)), npm),
    )


def toolchain_place(language: str, pins: str) -> Path:
    """Return the directory of a toolchain; other pins have another one."""
    return cache() / "toolchains" / f"{language}-{hashlib.sha256(pins.encode()).hexdigest()[:16]}"


def install(toolchain: Toolchain) -> None:
    """Install a toolchain that is not there yet."""
    missing = [program for program in toolchain.needs if shutil.which(program) is None]
    if missing:
        raise BuildError(f"{toolchain.name} need {' and '.join(missing)}; install Node.js 20 or newer with npm")
    done = toolchain.place / ".installed"
    with locked(toolchain.place.with_suffix(".lock")):
        if not done.exists():
            print(f"installing the toolchain of {toolchain.name}", file=sys.stderr, flush=True)
            shutil.rmtree(toolchain.place, ignore_errors=True)
            toolchain.place.mkdir(parents=True)
            for command in toolchain.install:
                run(command, toolchain.place, what=f"installing the toolchain of {toolchain.name}")
            done.touch()


def run(command: Iterable[str], directory: Path, *, what: str) -> None:
    """Run a command; its output is shown only when it fails."""
    words = list(command)
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(
            f"{what} failed with exit code {done.returncode}: {' '.join(words)}\n{done.stdout}{done.stderr}"
        )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes and threads wait for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
