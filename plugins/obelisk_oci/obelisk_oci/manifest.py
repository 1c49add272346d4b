"""Manifests and indexes: reading them with suspicion, and writing ours.

The layout is that of the CNCF's guide "Wasm OCI Artifact layout": a configuration of the type ``WASM_CONFIG`` and one layer
``application/wasm``. What other tools write differs in the configuration and in the layer's type.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec
from msgspec import Struct

from obelisk_oci.errors import RegistryError
from obelisk_oci.reference import is_digest

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
INDEXES: Final = (OCI_INDEX, DOCKER_INDEX)
MANIFESTS: Final = (OCI_MANIFEST, DOCKER_MANIFEST)
WASM_CONFIG: Final = "application/vnd.wasm.config.v0+json"
WASM_LAYER: Final = "application/wasm"
WASM_LAYERS: Final = (
    WASM_LAYER,
    "application/vnd.wasm.content.layer.v1+wasm",
    "application/vnd.module.wasm.content.layer.v1+wasm",
)
"""The type of our layer, and those that tools used before there was one."""
TITLE: Final = "org.opencontainers.image.title"
CREATED: Final = "org.opencontainers.image.created"
METADATA: Final = "obelisk.component_metadata"
WASM_ARCHITECTURE: Final = "wasm"
MAX_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes; registries are advised to accept manifests of this size (OCI distribution specification)."""
MAX_SHOWN: Final = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # with what reorders a line


class Platform(Struct, frozen=True):
    """What a manifest of an index is for."""

    architecture: str = ""
    os: str = ""


class Descriptor(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Content by its digest."""

    media_type: str
    digest: str
    size: int
    annotations: dict[str, str] | None = None
    platform: Platform | None = None


class Manifest(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A manifest."""

    schema_version: int
    media_type: str = ""
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] | None = None


class Index(Struct, frozen=True, rename="camel", kw_only=True):
    """An index: manifests for several platforms."""

    manifests: tuple[Descriptor, ...]


class _Kind(Struct, frozen=True, rename="camel"):
    """As much of a manifest as tells whether it is an index."""

    media_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw()


class WasmComponent(Struct, frozen=True):
    """What the configuration says of a component."""

    exports: tuple[str, ...]
    imports: tuple[str, ...]
    target: str | None = None


class WasmConfig(Struct, frozen=True, rename="camel"):
    """The configuration of an artifact, ``WASM_CONFIG``. ``created`` is a time of RFC 3339."""

    created: str
    architecture: str
    os: str
    layer_digests: tuple[str, ...]
    component: WasmComponent


def digest_of(content: bytes) -> str:
    """Return ``sha256:`` and the hexadecimal SHA-256 of ``content``."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def parse_document(content: bytes) -> Manifest | Index:
    """Return the manifest or index in ``content``. Raises ``RegistryError`` when it is neither."""
    try:
        kind = msgspec.json.decode(content, type=_Kind)
        is_index = kind.media_type in INDEXES or (not kind.media_type and bool(bytes(kind.manifests)))
        if not is_index and kind.media_type not in ("", *MANIFESTS):
            raise RegistryError(f"it is `{shown(kind.media_type)}`, expected an OCI manifest or index")
        if is_index:
            return msgspec.json.decode(content, type=Index)
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(f"its manifest is not valid: {error}") from error


def wasm_manifest(index: Index) -> Descriptor:
    """Return the entry of an index that is for WebAssembly. Raises ``RegistryError`` when there is not exactly one."""
    entries = [entry for entry in index.manifests if entry.media_type in MANIFESTS]
    chosen = [entry for entry in entries if entry.platform and entry.platform.architecture == WASM_ARCHITECTURE]
    if not chosen:
        chosen = [entry for entry in entries if entry.platform is None]
    if len(chosen) != 1:
        platforms = ", ".join(f"`{_platform(entry)}`" for entry in index.manifests) or "nothing"
        raise RegistryError(
            f"it is an index of {shown(platforms)}, expected exactly one manifest for the architecture `wasm`; "
            "name the one that is meant by its digest"
        )
    return _checked(chosen[0], "manifest")


def component_layer(manifest: Manifest, *, max_size: int) -> Descriptor:
    """Return the layer with the component. Raises ``RegistryError`` when the artifact holds none, or one too large."""
    if len(manifest.layers) != 1:
        raise RegistryError(f"it has {len(manifest.layers)} layers, expected exactly one, `{WASM_LAYER}`")
    layer = manifest.layers[0]
    if layer.media_type not in WASM_LAYERS:
        raise RegistryError(
            f"it is no WebAssembly: its layer is `{shown(layer.media_type)}`, expected `{WASM_LAYER}`"
            f" (its configuration is `{shown(manifest.config.media_type)}`)"
        )
    if layer.size > max_size:
        raise RegistryError(f"its component has {layer.size} bytes, more than `wasm.max_component_size`, {max_size}")
    title_of(manifest)
    return _checked(layer, "layer")


def title_of(manifest: Manifest) -> str | None:
    """Return the file name that the artifact suggests, ``None`` when it suggests none.

    Directories are left out. Raises ``RegistryError`` for a title that leads out of where it would be written.
    """
    annotated = [layer.annotations for layer in manifest.layers[:1]] + [manifest.annotations]
    titles = [found[TITLE] for found in annotated if found and found.get(TITLE)]
    if not titles:
        return None
    for title in titles:
        parts = title.split("/")
        if title.startswith("/") or "\\" in title or ".." in parts or _CONTROL.search(title) or len(title) > MAX_SHOWN:
            raise RegistryError(f"its title is `{shown(title)}`, expected the name of a file")
    return titles[0].rstrip("/").rpartition("/")[2] or None


def shown(text: str) -> str:
    """Return text from outside as messages may show it: without control characters, and not long."""
    clean = _CONTROL.sub("?", text)
    return clean if len(clean) <= MAX_SHOWN else clean[:MAX_SHOWN] + "..."


def _checked(descriptor: Descriptor, what: str) -> Descriptor:
    if not is_digest(descriptor.digest):
        raise RegistryError(f"the digest of its {what} is `{shown(descriptor.digest)}`, expected `sha256:...`")
    if descriptor.size < 0:
        raise RegistryError(f"the size of its {what} is {descriptor.size}")
    return descriptor


def _platform(entry: Descriptor) -> str:
    if entry.platform is None:
        return entry.media_type
    return "/".join(part for part in (entry.platform.os, entry.platform.architecture) if part)
