"""Which files a configuration is about: its own, those of its plugins and components, and what these are built from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from obelisk.cli.development.stamps import Stamps, stamps_of
from obelisk.config.dev_settings import DevBuild
from obelisk.config.model import Config
from obelisk.runtime.deploy import SCHEME_END

Contents = Mapping[Path, bytes]
"""The digests of files; those that cannot be read have none."""


class Watched(Struct, frozen=True):
    """What is watched. ``components`` maps the name of each component that is a file here to its files.

    ``plugins`` are the plugins that are files.
    """

    config_file: Path
    plugins: tuple[Path, ...] = ()
    components: Mapping[str, tuple[Path, ...]] = {}
    builds: tuple[DevBuild, ...] = ()

    def look(self) -> Stamps:
        """Return the stamps of everything that is watched."""
        sources = [path for build in self.builds for path in build.watch]
        return stamps_of([*self._loaded(), *sources])

    def look_at_components(self) -> Stamps:
        """Return the stamps of the components."""
        return stamps_of(self._component_files())

    def without_components(self, stamps: Stamps) -> Stamps:
        """Return those of the stamps that are not of components."""
        components = set(self._component_files())
        return {path: stamp for path, stamp in stamps.items() if path not in components}

    def contents(self) -> Contents:
        """Return the digests of what a server loads: the configuration, the plugins that are files, the components."""
        return {path: digest for path in stamps_of(self._loaded()) if (digest := _digest(path)) is not None}

    def due(self, paths: tuple[Path, ...]) -> tuple[DevBuild, ...]:
        """Return the builds that the change of files is a reason for: of a source, or what one wrote is gone."""
        return tuple(build for build in self.builds if any(_is_reason(path, build) for path in paths))

    def _loaded(self) -> Iterator[Path]:
        yield self.config_file
        yield from self.plugins
        yield from self._component_files()

    def _component_files(self) -> Iterator[Path]:
        for paths in self.components.values():
            yield from paths


def watched_by(config: Config, config_file: Path, *, plugins: tuple[Path, ...]) -> Watched:
    """Return what a configuration that was read from a file is about; ``plugins`` are those that it names as files."""
    settings: list[Struct] = [use.settings for use in config.components]
    settings += [entry.settings for use in config.triggers for entry in use.entries]
    found: dict[str, tuple[Path, ...]] = {}
    for each in settings:
        paths = tuple(_paths(each, config.base))
        if paths:
            found[str(getattr(each, "name", ""))] = paths
    return Watched(config_file, plugins, found, config.kernel.dev.build)


def is_stale(build: DevBuild) -> bool:
    """Tell whether a build has to be run at the start: what it writes is not there, not named, or older than a source."""
    if build.output is None:
        return True
    written = stamps_of([build.output]).get(build.output)
    sources = stamps_of(build.watch).values()
    return written is None or any(source.modified > written.modified for source in sources)


def _paths(settings: Struct, base: Path) -> Iterator[Path]:
    """Yield the files that the table of a component names: ``location`` unless it has a scheme, and ``wit``."""
    location, wit = getattr(settings, "location", None), getattr(settings, "wit", None)
    if isinstance(location, str) and SCHEME_END not in location:
        yield base / Path(location).expanduser()
    if isinstance(wit, Path):
        yield base / wit


def _is_reason(path: Path, build: DevBuild) -> bool:
    return _is_source(path, build) or (path == build.output and not path.exists())


def _is_source(path: Path, build: DevBuild) -> bool:
    return any(path == watched or path.is_relative_to(watched) for watched in build.watch)


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
