"""Pulling a component: from the cache when its digest is known and here, else from its registry.

Nothing is kept of an artifact before all of it was checked: the digests, one layer of a type of WebAssembly, its size, its
title, and that the content begins as a component does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from obelisk_oci.cache import Cache
from obelisk_oci.errors import RegistryError
from obelisk_oci.manifest import Descriptor, Index, Manifest, component_layer, parse_document, wasm_manifest
from obelisk_oci.reference import Reference
from obelisk_oci.retrying import Retrying
from obelisk_oci.settings import OciSettings, wasm_directory

if TYPE_CHECKING:
    from obelisk_oci.client import RegistryClient
    from obelisk_oci.registries import Registries

COMPONENT: Final = b"\0asm\x0d\x00\x01\x00"
CORE_MODULE: Final = b"\0asm\x01\x00\x00\x00"


class Pulled(Struct, frozen=True):
    """A component that was pulled. ``reference`` is pinned, ``digest`` that of ``content``."""

    reference: Reference
    manifest: Manifest
    digest: str
    content: bytes


class Puller:
    """Pulls components with the settings of one ``[oci]`` table. Usable from several threads.

    ``registries`` is made when the network is needed first: what it imports takes longer than a start from the cache.
    """

    def __init__(self, settings: OciSettings, host: Host) -> None:
        self.cache = Cache(wasm_directory(settings, host.cache_dir))
        self._settings = settings
        self._host = host
        self._lock = threading.Lock()
        self._registries: Registries | None = None

    def pull(self, reference: Reference, *, max_size: int, stop: threading.Event | None = None) -> Pulled:
        """Return a component. ``stop`` ends the pull early.

        Raises ``ComponentError`` that names the reference; then nothing was kept.
        """
        try:
            return self._cached(reference, max_size) or self._fetched(reference, max_size, self.retrying(stop))
        except RegistryError as error:
            raise ComponentError(f"`{reference}`: {error}") from error

    def resolve(self, reference: Reference) -> Reference:
        """Return a reference pinned to what its tag means now. Raises ``ComponentError`` that names the reference."""
        try:
            with self._client(reference, self.retrying(None)) as client:
                digest, content = client.fetch_manifest(reference.tag)
            parse_document(content)
        except RegistryError as error:
            raise ComponentError(f"`{reference}`: {error}") from error
        return reference.pinned(digest)

    def retrying(self, stop: threading.Event | None) -> Retrying:
        """Return how failures are repeated."""
        settings = self._settings
        return Retrying(
            settings.max_retries,
            settings.retry_exp_backoff.total_seconds(),
            settings.retry_max_backoff.total_seconds(),
            self._host.random,
            stop or threading.Event(),
        )

    def registries(self) -> Registries:
        """Return what all clients share."""
        with self._lock:
            if self._registries is None:
                from obelisk_oci.registries import Registries

                self._registries = Registries(self._settings, self._host)
            return self._registries

    def _cached(self, reference: Reference, max_size: int) -> Pulled | None:
        if reference.digest is None:
            return None
        content = self.cache.manifest(reference.digest)
        if content is None:
            return None
        document = parse_document(content)
        if isinstance(document, Index):
            inner = self.cache.manifest(wasm_manifest(document).digest)
            document = parse_document(inner) if inner is not None else document
        if isinstance(document, Index):
            return None
        layer = component_layer(document, max_size=max_size)
        component = self.cache.component(layer.digest, max_size=max_size)
        return None if component is None else Pulled(reference, document, layer.digest, component)

    def _fetched(self, reference: Reference, max_size: int, retrying: Retrying) -> Pulled:
        with self._client(reference, retrying) as client:
            digest, content = client.fetch_manifest(reference.wanted)
            manifests = {digest: content}
            document = parse_document(content)
            if isinstance(document, Index):
                document = _of_index(client, document, manifests)
            layer = component_layer(document, max_size=max_size)
            component = self._component(client, layer, max_size)
        for kept, raw in reversed(manifests.items()):
            self.cache.keep_manifest(kept, raw)
        return Pulled(reference.pinned(digest), document, layer.digest, component)

    def _component(self, client: RegistryClient, layer: Descriptor, max_size: int) -> bytes:
        present = self.cache.component(layer.digest, max_size=max_size)
        if present is not None:
            return present
        component = client.fetch_blob(layer)
        _check_component(component)
        self.cache.keep_component(layer.digest, component)
        return component

    def _client(self, reference: Reference, retrying: Retrying) -> RegistryClient:
        from obelisk_oci.client import PULL, RegistryClient

        return RegistryClient(reference, self.registries(), retrying, actions=PULL)


def _of_index(client: RegistryClient, index: Index, manifests: dict[str, bytes]) -> Manifest:
    """Return the manifest for WebAssembly of an index, and note its bytes."""
    entry = wasm_manifest(index)
    digest, content = client.fetch_manifest(entry.digest)
    manifests[digest] = content
    document = parse_document(content)
    if isinstance(document, Index):
        raise RegistryError("it is an index of indexes, expected one of manifests")
    return document


def _check_component(content: bytes) -> None:
    beginning = content[: len(COMPONENT)]
    if beginning == CORE_MODULE:
        raise RegistryError("it is a core WebAssembly module, expected a component")
    if beginning != COMPONENT:
        raise RegistryError(f"it is no component: it begins with {beginning.hex(' ') or 'nothing'}")
