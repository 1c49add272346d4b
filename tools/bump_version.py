"""Give every distribution of the repository a new version: ``python tools/bump_version.py 0.2.0``.

The kernel and its plugins have one version. It stands in each ``pyproject.toml``, in what the distributions require of each
other, and in ``obelisk/__init__.py``; in ``CHANGELOG.md`` what was unreleased gets it as a heading, with the day.
Everything is read and checked before anything is written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from obelisk.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent
RELEASE = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
PRESENT = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
UNRELEASED = "## Unreleased\n"


class BumpError(Exception):
    """The version cannot be given; the text says why, and nothing was written."""


class Version(NamedTuple):
    """A release: ``MAJOR.MINOR.PATCH``."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def of_plugin(self) -> str:
        """What the kernel requires of a plugin."""
        return f"=={self.major}.{self.minor}.*"

    @property
    def of_kernel(self) -> str:
        """What a plugin requires of the kernel."""
        return f">={self.major}.{self.minor},<{self.major}.{self.minor + 1}"


class Change(NamedTuple):
    """What a file is to hold."""

    path: Path
    text: str


def main() -> int:
    """Bump the version; return the exit code."""
    if len(sys.argv) != 2:
        print("usage: python tools/bump_version.py MAJOR.MINOR.PATCH", file=sys.stderr)
        return 2
    try:
        changes = plan(ROOT, sys.argv[1], day=SystemClock().now().date().isoformat())
    except BumpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for change in changes:
        change.path.write_text(change.text, encoding="utf-8")
        print(change.path.relative_to(ROOT))
    return 0


def plan(root: Path, wanted: str, *, day: str) -> list[Change]:
    """Return what every file is to hold. ``BumpError`` if the version is not a later one, or a place is not found."""
    package, kernel = root / "obelisk" / "__init__.py", root / "pyproject.toml"
    old, new = parse(find(PRESENT, package)), parse(wanted)
    if new <= old:
        raise BumpError(f"the version is {old}, expected a later one than that, found {new}")
    return [
        substitute(package, lines(f'__version__ = "{old}"', f'__version__ = "{new}"')),
        substitute(kernel, project_version(old, new), of_plugins(old, new)),
        *(
            substitute(path, project_version(old, new), of_kernel(old, new))
            for path in sorted(root.glob("plugins/*/pyproject.toml"))
        ),
        substitute(root / "CHANGELOG.md", lines(UNRELEASED.strip(), f"{UNRELEASED}\n## {new} - {day}")),
    ]


def parse(text: str) -> Version:
    """Return the version that a text is. ``BumpError`` if it is none."""
    match = RELEASE.fullmatch(text)
    if match is None:
        raise BumpError(f"expected a version such as `0.2.0`, found `{text}`")
    return Version(*(int(part) for part in match.groups()))


def find(pattern: re.Pattern[str], path: Path) -> str:
    """Return what a file holds there. ``BumpError`` if it does not."""
    match = pattern.search(path.read_text(encoding="utf-8"))
    if match is None:
        raise BumpError(f"{path} has no line `{pattern.pattern}`")
    return match[1]


Substitution = Callable[[str], tuple[str, int]]
"""Takes a text; returns it changed, and in how many places."""


def substitute(path: Path, *substitutions: Substitution) -> Change:
    """Return a file changed. ``BumpError`` if it has not all that is to be changed."""
    text = path.read_text(encoding="utf-8")
    for change in substitutions:
        text, count = change(text)
        if not count:
            raise BumpError(
                f"{path} does not have the present version where it is expected; correct it, then try again"
            )
    return Change(path, text)


def project_version(old: Version, new: Version) -> Substitution:
    """Return the change of the version of a ``pyproject.toml``."""
    return lines(f'version = "{old}"', f'version = "{new}"')


def of_plugins(old: Version, new: Version) -> Substitution:
    """Return the change of what the kernel requires of plugins."""
    pattern = re.compile(rf'("obelisk-[a-z-]+){re.escape(old.of_plugin)}"')
    return lambda text: pattern.subn(rf'\g<1>{new.of_plugin}"', text)


def of_kernel(old: Version, new: Version) -> Substitution:
    """Return the change of what a plugin requires of the kernel."""
    return lambda text: re.subn(f'"obelisk{re.escape(old.of_kernel)}"', f'"obelisk{new.of_kernel}"', text)


def lines(old: str, new: str) -> Substitution:
    """Return the change of the lines that are ``old``."""
    return lambda text: re.subn(rf"^{re.escape(old)}$", lambda _: new, text, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
