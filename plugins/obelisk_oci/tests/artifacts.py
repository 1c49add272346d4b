"""Artifacts as others might make them: uploaded by plain HTTP requests, nothing checked."""

from __future__ import annotations

import functools
import hashlib
import http.client
import json
from dataclasses import dataclass
from typing import Any

from obelisk_oci.manifest import OCI_INDEX, OCI_MANIFEST, TITLE, WASM_CONFIG, WASM_LAYER
from obelisk_oci.pulling import Puller
from obelisk_oci.pushing import pack, push
from obelisk_oci.reference import Reference
from obelisk_oci.settings import OciSettings
from wasmtime import wat2wasm

from obelisk.interfaces.commands import Inspected
from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.workplace import WAT


@functools.cache
def fibo() -> bytes:
    """Return the binary of the fibo activity."""
    return bytes(wat2wasm((WAT / "fibo_activity.wat").read_text()))


def padded(size: int) -> bytes:
    """Return a component of about ``size`` bytes: one custom section with zeros."""
    length = b"".join(bytes([(size >> shift & 0x7F) | (0x80 if shift < 28 else 0)]) for shift in range(0, 35, 7))
    return fibo()[:8] + b"\x00" + length + b"\x01x" + bytes(size - 2)


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Uploader:
    """Uploads to one repository over plain HTTP."""

    host: str
    repository: str

    def blob(self, content: bytes) -> str:
        """Upload a blob and return its digest."""
        digest = digest_of(content)
        connection = http.client.HTTPConnection(self.host)
        try:
            connection.request("POST", f"/v2/{self.repository}/blobs/uploads/")
            started = connection.getresponse()
            started.read()
            place = started.headers["Location"].partition(self.host)[2]
            connection.request("PUT", f"{place}&digest={digest}", content)
            done = connection.getresponse()
            assert done.status == 201, done.read()
        finally:
            connection.close()
        return digest

    def document(self, tag: str, document: Any, media_type: str = OCI_MANIFEST) -> str:
        """Upload a manifest or index under a tag, or under its digest when ``tag`` is empty, and return its digest."""
        content = json.dumps(document).encode()
        connection = http.client.HTTPConnection(self.host)
        try:
            url = f"/v2/{self.repository}/manifests/{tag or digest_of(content)}"
            connection.request("PUT", url, content, {"Content-Type": media_type})
            done = connection.getresponse()
            assert done.status == 201, done.read()
        finally:
            connection.close()
        return digest_of(content)

    def artifact(
        self,
        tag: str,
        *layers: bytes,
        layer_type: str = WASM_LAYER,
        config_type: str = WASM_CONFIG,
        title: str | None = None,
        annotations: dict[str, str] | None = None,
    ) -> str:
        """Upload an artifact and return the digest of its manifest."""
        return self.document(
            tag,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor(config_type, self.blob(b"{}"), b"{}"),
                "layers": [
                    descriptor(layer_type, self.blob(layer), layer)
                    | ({"annotations": {TITLE: title}} if title is not None else {})
                    for layer in layers
                ],
                **({"annotations": annotations} if annotations else {}),
            },
        )

    def index(self, tag: str, *entries: dict[str, Any]) -> str:
        """Upload an index and return its digest."""
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}
        return self.document(tag, document, OCI_INDEX)


def push_fibo(host: Host, reference: Reference, settings: OciSettings) -> Reference:
    """Push the fibo activity as the command does, without a process of its own."""
    component = Inspected(fibo(), digest_of(fibo()), ("testing:fibo/fibo",), ())
    packed = pack(component, title="fibo.wasm", described=None, now=host.clock.now())
    return push(Puller(settings, host), reference, packed)


def uploader(reference: Reference) -> Uploader:
    return Uploader(reference.host, reference.repository)


def descriptor(media_type: str, digest: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def entry(digest: str, size: int, **platform: str) -> dict[str, Any]:
    found = {"mediaType": OCI_MANIFEST, "digest": digest, "size": size}
    return found | ({"platform": platform} if platform else {})
