"""A client of one repository: manifests and blobs, in and out.

Theory of operation. ``oras.provider.Registry`` knows the endpoints and how an upload goes; every request that it makes
comes through ``do_request``, which is replaced here. So whatever it does goes out under our rules: an ``Authorization`` goes
to the registry's own origin only, redirects are followed by us and drop it elsewhere, plain HTTP only goes where it is
allowed, answers are read up to a bound. A client belongs to one thread. Retries are around whole operations, since a body
that was cut has to be asked for again; each checks whether somebody still waits.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urljoin

import requests
from oras.container import Container
from oras.provider import Registry

from obelisk_oci.authorization import Authorization
from obelisk_oci.errors import RegistryError, TransientError
from obelisk_oci.manifest import INDEXES, MANIFESTS, MAX_MANIFEST, Descriptor, digest_of, shown
from obelisk_oci.progress import Advance
from obelisk_oci.reference import Reference, is_digest
from obelisk_oci.registries import Registries
from obelisk_oci.retrying import Retrying
from obelisk_oci.wire import check_status, chunks, send, small_body, split_url, use_context

MAX_REDIRECTS: Final = 5
DIGEST_HEADER: Final = "Docker-Content-Digest"
USER_AGENT: Final = "obelisk-oci"
PULL: Final = "pull"
PUSH: Final = "pull,push"
UNAUTHORIZED: Final = 401
CREATED: Final = 201


class RegistryClient(Registry):
    """See the module's documentation. Used as a context manager."""

    def __init__(self, reference: Reference, registries: Registries, retrying: Retrying, *, actions: str) -> None:
        self._scheme = retrying.run(str(reference), lambda: registries.scheme(reference.api_host))
        super().__init__(hostname=reference.api_host, insecure=self._scheme == "http")
        self._reference = reference
        self._registries = registries
        self._retrying = retrying
        self._actions = actions
        self._advance: Advance | None = None
        self._container = _container(reference)
        self._authorization = Authorization(
            reference,
            find=lambda: registries.credentials(reference),
            tokens=registries.tokens,
            send=self._to_realm,
            now=registries.clock.now,
            may_send_plainly=registries.may_send_plainly,
        )
        use_context(self.session, registries.trust)

    def __enter__(self) -> RegistryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def fetch_manifest(self, wanted: str) -> tuple[str, bytes]:
        """Return the digest and the bytes of the manifest or index that a tag or digest names.

        Raises ``RegistryError`` also when the bytes do not have the digest.
        """
        return self._retrying.run(str(self._reference), lambda: self._manifest(wanted))

    def fetch_blob(self, layer: Descriptor) -> bytes:
        """Return the bytes of a layer. Raises ``RegistryError`` also when they have another size or digest."""
        return self._retrying.run(str(self._reference), lambda: self._blob(layer))

    def push_blob(self, content: bytes, digest: str) -> None:
        """Upload a blob that is not there yet."""
        with TemporaryDirectory(prefix="obelisk-oci-") as directory:
            path = Path(directory, "blob")  # the library uploads files
            path.write_bytes(content)
            layer = {"digest": digest, "size": len(content)}
            self._retrying.run(str(self._reference), lambda: self._upload(path, layer))

    def push_manifest(self, content: bytes, media_type: str) -> None:
        """Upload a manifest under the tag. Raises ``RegistryError`` when the registry stored something else."""
        self._retrying.run(str(self._reference), lambda: self._put_manifest(content, media_type))

    def do_request(  # the signature is the library's
        self,
        url: str,
        method: str = "GET",
        data: dict[str, Any] | bytes | None = None,
        headers: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        stream: bool = False,  # noqa: FBT001, FBT002
    ) -> requests.Response:
        """Send a request of the library's, by our rules. An answer that is no success is raised."""
        assert json is None, "a manifest is encoded by us, since its digest has to be known"
        self._retrying.check()
        body = data if isinstance(data, bytes) else None
        response = self._followed(method, url, headers or {}, body)
        if not (method == "HEAD" and response.status_code == requests.codes.not_found):
            check_status(response, _what(url), now=self._registries.clock.now())
        if not stream:
            small_body(response)
        return response

    def _manifest(self, wanted: str) -> tuple[str, bytes]:
        url = self._url(self._container.manifest_url(wanted))
        headers = {"Accept": ", ".join((*MANIFESTS, *INDEXES))}
        with self._asked(url, headers) as response:
            check_status(response, "such tag or repository", now=self._registries.clock.now())
            content = b"".join(chunks(response, MAX_MANIFEST, "its manifest"))
        digest = digest_of(content)
        promised = wanted if is_digest(wanted) else response.headers.get(DIGEST_HEADER, digest)
        if digest != promised and (is_digest(wanted) or is_digest(promised)):
            raise RegistryError(f"the registry sends a manifest with the digest {digest}, expected {promised}")
        return digest, content

    def _blob(self, layer: Descriptor) -> bytes:
        parts = []
        count = 0
        url = self._url(self._container.get_blob_url(layer.digest))
        with (
            self._asked(url, {}) as response,
            self._registries.transfers.showing(
                f"{self._reference.repository}:{self._reference.tag}", layer.size
            ) as advance,
        ):
            check_status(response, f"content {layer.digest}", now=self._registries.clock.now())
            for chunk in chunks(response, layer.size, "its component"):
                self._retrying.check()
                parts.append(chunk)
                count += len(chunk)
                advance(len(chunk))
        if count < layer.size:
            raise TransientError(f"its component ended after {count} of {layer.size} bytes")
        content = b"".join(parts)
        if digest_of(content) != layer.digest:
            raise RegistryError(f"its component has the digest {digest_of(content)}, expected {layer.digest}")
        return content

    def _upload(self, path: Path, layer: dict[str, Any]) -> None:
        with self._registries.transfers.showing(f"{self._reference.repository}", layer["size"]) as advance:
            self._advance = advance
            try:
                response = self.upload_blob(str(path), self._container, layer)
            except (ValueError, KeyError) as error:  # what the library raises for an answer that makes no sense
                raise RegistryError(
                    f"the registry's answer to an upload makes no sense: {type(error).__name__}"
                ) from error
            finally:
                self._advance = None
        if response.status_code not in (requests.codes.ok, CREATED):
            raise RegistryError(f"the registry answered {response.status_code} to an upload, expected {CREATED}")

    def _put_manifest(self, content: bytes, media_type: str) -> None:
        url = self._url(self._container.manifest_url(self._reference.tag))
        response = self.do_request(url, "PUT", data=content, headers={"Content-Type": media_type})
        stored, expected = response.headers.get(DIGEST_HEADER), digest_of(content)
        if response.status_code != CREATED or (stored is not None and stored != expected):
            found = f"{response.status_code} and the digest {shown(str(stored))}"
            raise RegistryError(f"the registry answered {found} to the manifest, expected {CREATED} and {expected}")

    def _url(self, rest: str) -> str:
        return f"{self._scheme}://{rest}"

    def _asked(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        self._retrying.check()
        return self._followed("GET", url, headers, None)

    def _followed(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> requests.Response:
        """Send a request, and follow where the registry sends us."""
        for _ in range(MAX_REDIRECTS + 1):
            response = self._authorized(method, url, headers, body)
            if not response.is_redirect:
                return response
            small_body(response)
            url = self._redirected(url, response)
            if response.status_code == requests.codes.see_other and method != "HEAD":
                method, body = "GET", None
        raise RegistryError(f"the registry redirects more than {MAX_REDIRECTS} times")

    def _redirected(self, url: str, response: requests.Response) -> str:
        target = _joined(url, response.headers["Location"])
        parts = split_url(target)
        if parts.scheme == "https" or (parts.scheme == "http" and self._registries.may_send_plainly(parts.netloc)):
            return target
        found = shown(f"{parts.scheme}://{parts.netloc}")
        raise RegistryError(
            f"the registry redirects to `{found}`, expected `https`; plain HTTP needs `oci.insecure_registries`"
        )

    def _authorized(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> requests.Response:
        """Send a request, and answer one challenge after another as long as the answers differ."""
        own = _origin(url) == (self._scheme, self._reference.api_host)
        response = self._once(method, url, headers, body, authorized=own)
        for _ in range(2):  # a token that expired, then one that did not
            if response.status_code != UNAUTHORIZED or not own:
                break
            self._authorization.answer(response, actions=self._actions)
            response = self._once(method, url, headers, body, authorized=True)
        return response

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, authorized: bool
    ) -> requests.Response:
        self._check_scheme(url)
        own = {"Authorization": self._authorization.header} if authorized and self._authorization.header else {}
        data = _Reported(body, self._advance) if body is not None and self._advance is not None else body
        return self._send(method, url, {**headers, **own}, data)

    def _check_scheme(self, url: str) -> None:
        """Refuse the place of an upload that is not protected; redirects were checked before."""
        parts = split_url(url)
        if parts.scheme != "https" and not self._registries.may_send_plainly(parts.netloc):
            raise RegistryError(
                f"the registry wants an upload to `{shown(parts.scheme)}://{shown(parts.netloc)}`, expected `https`"
            )

    def _to_realm(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> requests.Response:
        return self._send(method, url, headers, form)

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: Any) -> requests.Response:
        timeout = self._registries.settings.timeout.total_seconds()
        return send(
            self.session, method, url, headers={"User-Agent": USER_AGENT, **headers}, timeout=timeout, data=data
        )


class _Reported(io.BytesIO):
    """Bytes that tell how many of them were read."""

    def __init__(self, content: bytes, advance: Callable[[int], None]) -> None:
        super().__init__(content)
        self._size = len(content)
        self._advance = advance

    def __len__(self) -> int:
        return self._size

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self._advance(len(chunk))
        return chunk


def _container(reference: Reference) -> Container:
    """Return the library's form of a reference, which its own parser takes for another where there is no dot in the host."""
    container = Container("repository", registry=reference.api_host)
    container.namespace = None
    container.repository = reference.repository
    container.tag = reference.tag
    container.digest = None
    return container


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise RegistryError("the registry redirects to a URL that is none") from None


def _origin(url: str) -> tuple[str, str]:
    parts = split_url(url)
    return parts.scheme, parts.netloc.lower()


def _what(url: str) -> str:
    return "such repository" if "/uploads/" in url else "such content"
