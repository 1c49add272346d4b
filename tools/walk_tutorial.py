"""Type what the tutorial shows into a shell, in an empty directory, with wheels of this checkout, and time it.

    python tools/walk_tutorial.py                 # everything, installation included
    python tools/walk_tutorial.py --installed     # without the installation: the packages of this interpreter are used

It fails when a command does not do what the page says, or when all of it takes longer than five minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tutorial" / "first-workflow.md"
INSTALLATION = "Install"
LIMIT_SECONDS = 300
PACKAGES = (".", "plugins/obelisk_sqlite", "plugins/obelisk_exec")


def main() -> int:
    """Walk; return the exit code."""
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--installed", action="store_true", help="leave out the installation")
    installed: bool = parser.parse_args().installed
    with tempfile.TemporaryDirectory(prefix="obelisk-tutorial-") as directory:
        environ = dict(os.environ) if installed else with_wheels(Path(directory) / "wheels")
        try:
            seconds = walk(Path(directory) / "walk", environ, installed=installed)
        except AssertionError as error:
            print(error)
            return 1
    print(f"{'without' if installed else 'with'} the installation it took {seconds:.1f} s of {LIMIT_SECONDS} s")
    return 0 if seconds <= LIMIT_SECONDS else 1


def walk(directory: Path, environ: Mapping[str, str], *, installed: bool) -> float:
    """Do what the page shows in a new directory; return the seconds. Raises ``AssertionError`` where the page is wrong."""
    from obelisk.plugins import Plugins
    from tests.docs.walking import walk_page

    directory.mkdir(parents=True)
    reader, without = reader_environ(environ, directory), INSTALLATION if installed else None
    started = time.monotonic()
    walk_page(PAGE, directory, reader, plugins=Plugins.load(environ={}), without=without)
    return time.monotonic() - started


def reader_environ(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the variables of a reader whose programs are those of this interpreter, and whose caches are empty."""
    programs = str(Path(sys.executable).parent)
    found = {**environ, "PATH": f"{programs}{os.pathsep}{environ['PATH']}"}
    return {**found, "OBELISK_CACHE_DIR": str(directory / ".cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def with_wheels(directory: Path) -> dict[str, str]:
    """Build the wheels, which a package index would have; return variables with which pip finds them too."""
    from tests.packaging.archives import build

    directory.mkdir()
    for package in PACKAGES:
        build(ROOT / package, directory, kinds=("wheel",))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {directory}".strip()}


if __name__ == "__main__":
    sys.exit(main())
