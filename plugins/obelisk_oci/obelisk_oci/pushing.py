"""Pushing a component in the layout of the CNCF's guide "Wasm OCI Artifact layout"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from obelisk.errors import ComponentError, InputError
from obelisk.interfaces.commands import Described, Inspected
from obelisk_oci.errors import RegistryError
from obelisk_oci.manifest import (
    CREATED,
    METADATA,
    OCI_MANIFEST,
    TITLE,
    WASM_ARCHITECTURE,
    WASM_CONFIG,
    WASM_LAYER,
    Descriptor,
    Manifest,
    WasmComponent,
    WasmConfig,
    digest_of,
)
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import Reference

WASI: Final = "wasip2"
COMPONENT_TYPE: Final = "component_type"


class Packed(Struct, frozen=True):
    """An artifact that is ready to be pushed."""

    config: bytes
    layer: bytes
    manifest: bytes


def pack(component: Inspected, *, title: str, described: Described | None, now: datetime) -> Packed:
    """Return the artifact of a component."""
    created = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    wasm = WasmComponent(component.exports, component.imports)
    config = msgspec.json.encode(WasmConfig(created, WASM_ARCHITECTURE, WASI, (component.digest,), wasm))
    annotations = {TITLE: title, CREATED: created}
    if described is not None:
        annotations[METADATA] = metadata_text(described)
    layer = Descriptor(WASM_LAYER, component.digest, len(component.binary), {TITLE: title})
    manifest = Manifest(
        schema_version=2,
        media_type=OCI_MANIFEST,
        config=Descriptor(WASM_CONFIG, digest_of(config), len(config)),
        layers=(layer,),
        annotations=annotations,
    )
    return Packed(config, component.binary, msgspec.json.encode(manifest))


def metadata_text(described: Described) -> str:
    """Return the text of the annotation that tells a component's kind and settings: one JSON object."""
    return msgspec.json.encode({COMPONENT_TYPE: described.table, **described.keys}).decode()


def push(puller: Puller, reference: Reference, packed: Packed) -> Reference:
    """Push an artifact under the tag of a reference; return the reference with the digest of its manifest.

    Raises ``InputError`` for a reference with a digest, ``ComponentError`` that names the reference for everything else.
    """
    from obelisk_oci.client import PUSH, RegistryClient

    if reference.digest is not None:
        raise InputError(f"`{reference}` has a digest, which only what was pushed can have; leave it out")
    try:
        with RegistryClient(reference, puller.registries(), puller.retrying(None), actions=PUSH) as client:
            for blob in (packed.layer, packed.config):
                client.push_blob(blob, digest_of(blob))
            client.push_manifest(packed.manifest, OCI_MANIFEST)
    except RegistryError as error:
        raise ComponentError(f"`{reference}`: {error}") from error
    return reference.pinned(digest_of(packed.manifest))


def described_by(manifest: Manifest) -> Described | None:
    """Return the kind and settings that a manifest tells, ``None`` when it tells none.

    What it tells is a stranger's word. Raises ``RegistryError`` when it cannot be read. A key that has a version behind the
    annotation's name is read too, for the kind alone.
    """
    for key, text in (manifest.annotations or {}).items():
        if key == METADATA or key.startswith(f"{METADATA}:"):
            keys = _metadata(text)
            table = keys.pop(COMPONENT_TYPE, None)
            if not isinstance(table, str) or not table.isidentifier():
                raise RegistryError(f"its annotation `{METADATA}` names no kind of component")
            return Described(table, keys if key == METADATA else {})
    return None


def _metadata(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RegistryError(f"its annotation `{METADATA}` is not valid: {error}") from error
