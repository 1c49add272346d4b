"""What the commands do."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from obelisk.errors import ComponentError, InputError
from obelisk.interfaces.commands import Described, Inspected, NewComponent, Place, Project
from obelisk_oci.errors import RegistryError
from obelisk_oci.kinds import WORKFLOW, guess, workflow_keys
from obelisk_oci.manifest import title_of
from obelisk_oci.pulling import Pulled, Puller
from obelisk_oci.pushing import described_by, pack
from obelisk_oci.reference import DEFAULT_TAG, PREFIX, Reference, parse_reference
from obelisk_oci.settings import SCHEME

SUFFIX = ".wasm"
TEXT_SUFFIX = ".wat"


class Wanted(Struct, frozen=True, kw_only=True):
    """What ``add`` is asked for."""

    reference: str
    name: str
    kind: str | None
    no_settings: bool
    no_pin: bool


class Pushed(Struct, frozen=True):
    """A line of ``push --json``: where it is, and the digest of the component."""

    reference: str
    digest: str


class PulledLine(Struct, frozen=True):
    """A line of ``pull --json``."""

    file: str
    reference: str
    digest: str


class Added(Struct, frozen=True):
    """A line of ``add --json``. ``entry`` is the text that was added to ``file``."""

    file: str
    name: str
    table: str
    reference: str
    entry: str


class Pinned(Struct, frozen=True):
    """A line of ``pin --json``."""

    name: str
    location: str
    changed: bool


def push(project: Project, path: Path, text: str, *, kind: str | None, no_settings: bool, as_json: bool) -> None:
    """Push a component file."""
    from obelisk_oci.pushing import push as push_packed

    reference = parse_reference(text)
    component = asyncio.run(project.inspect(_content(path), origin=str(path)))
    described = _described(project, path, component, kind=kind, no_settings=no_settings)
    title = path.stem + SUFFIX if path.suffix == TEXT_SUFFIX else path.name
    packed = pack(component, title=title, described=described, now=project.host.clock.now())
    pinned = push_packed(_puller(project), reference, packed)
    _print(str(pinned), Pushed(str(pinned), component.digest), as_json=as_json)


def pull(project: Project, text: str, *, output: Path | None, as_json: bool) -> None:
    """Pull a component into a file."""
    reference = parse_reference(text)
    pulled = _puller(project).pull(reference, max_size=project.max_component_size)
    path = output or Path(_file_name(pulled))
    _write(path, pulled.content, replace=output is not None)
    _print(f"{path}  {pulled.reference}", PulledLine(str(path), str(pulled.reference), pulled.digest), as_json=as_json)


def add(project: Project, wanted: Wanted, *, as_json: bool) -> None:
    """Pull a component and add it to the configuration."""
    reference = parse_reference(wanted.reference)
    pulled = _puller(project).pull(reference, max_size=project.max_component_size)
    component = asyncio.run(project.inspect(pulled.content, origin=str(reference)))
    described = _told(pulled, component, wanted)
    location = str(reference) if wanted.no_pin else str(pulled.reference)
    entry = project.add(NewComponent(described.table, wanted.name, location, described.keys))
    line = Added(str(project.file), wanted.name, described.table, str(pulled.reference), entry)
    _note(f"added to {project.file}:")
    _print(entry.rstrip(), line, as_json=as_json)


def pin(project: Project, names: tuple[str, ...], *, update: bool, as_json: bool) -> None:
    """Write digests into locations."""
    places = _places(project, names)
    puller = _puller(project)
    pinned = {place.name: _pinned(puller, place, update=update) for place in places}
    changed = {place.name: pinned[place.name] for place in places if pinned[place.name] != place.written}
    if changed:
        project.relocate(changed)
    for name, location in pinned.items():
        _print(f"{name}  {location}", Pinned(name, location, name in changed), as_json=as_json)
    if not places:
        _note(f"no component of the configuration has a location `{PREFIX}...`")


def _puller(project: Project) -> Puller:
    return Puller(project.source_settings(SCHEME), project.host)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the component {path}: {error.strerror or error}") from error


def _described(project: Project, path: Path, component: Inspected, *, kind: str | None, no_settings: bool) -> Described:
    """Return what is pushed along: what the configuration has, what the person says, else what can be guessed."""
    found = project.describe(path)
    if found is None and kind is None:
        guessed = guess(component)
        _note(f"{path} is taken for an entry of `{guessed.table}`; `--kind` says otherwise")
        return guessed
    if found is None or (kind is not None and kind != found.table):
        assert kind is not None
        return Described(kind, {})
    for key in found.withheld:
        _note(f"`{key}` refers to variables of this machine and is not pushed")
    return Described(found.table, {}) if no_settings else found


def _told(pulled: Pulled, component: Inspected, wanted: Wanted) -> Described:
    """Return the kind and the keys for the configuration: what the person says, the artifact tells, or can be guessed."""
    try:
        told = described_by(pulled.manifest)
    except RegistryError as error:
        if wanted.kind is None:
            raise ComponentError(f"`{pulled.reference}`: {error}; name its kind with `--kind`") from error
        told = None
    if wanted.kind is not None and (told is None or told.table != wanted.kind):
        return Described(wanted.kind, workflow_keys(component) if wanted.kind == WORKFLOW else {})
    if told is None:
        told = guess(component)
        _note(f"the artifact does not say what it is; taken for an entry of `{told.table}`, `--kind` says otherwise")
    return Described(told.table, {}) if wanted.no_settings else told


def _file_name(pulled: Pulled) -> str:
    title = title_of(pulled.manifest) or pulled.reference.repository.rpartition("/")[2]
    return title if title.endswith(SUFFIX) else title + SUFFIX


def _write(path: Path, content: bytes, *, replace: bool) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if not replace and path.exists():
            raise InputError(f"{path} exists already; name the file with `-o`")
        if path.exists() and not path.is_dir() and not path.is_file():
            path.write_bytes(content)  # a device or a pipe, which a rename would remove
            return
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def _places(project: Project, names: tuple[str, ...]) -> list[Place]:
    places = [place for place in project.places() if place.location.startswith(PREFIX)]
    missing = [name for name in names if name not in {place.name for place in places}]
    if missing:
        raise InputError(f"the configuration has no component `{missing[0]}` with a location `{PREFIX}...`")
    return [place for place in places if not names or place.name in names]


def _pinned(puller: Puller, place: Place, *, update: bool) -> str:
    """Return the location with its digest. What was written stays as it is, variables and short names too."""
    reference = parse_reference(place.location)
    if reference.digest is not None and not update:
        return place.written
    if reference.digest is not None and not place.written.endswith(f"@{reference.digest}"):
        raise InputError(
            f"the digest of `{place.name}` comes from a variable in its location `{place.written}`; change it there, or "
            "name the others: `obelisk component pin NAME... --update`"
        )
    digest = puller.resolve(Reference(reference.host, reference.repository, reference.tag)).digest
    written = place.written.rpartition("@")[0] if reference.digest is not None else place.written
    tagged = ":" in place.location.removeprefix(PREFIX).partition("@")[0].rpartition("/")[2]
    return f"{written}{'' if tagged else f':{DEFAULT_TAG}'}@{digest}"


def _print(text: str, line: Any, *, as_json: bool) -> None:
    click.echo(msgspec.json.encode(line).decode() if as_json else text)


def _note(text: str) -> None:
    click.echo(text, err=True)
