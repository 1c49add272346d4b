"""Names of artifacts: ``oci://host/repository:tag@sha256:...``.

The grammar is that of the distribution project's reference package; what is left out is filled in as Docker does: no host
means Docker Hub, a single name there lies in ``library/``, and the tag is ``latest``.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from obelisk.errors import InputError

PREFIX: Final = "oci://"
DOCKER_HUB: Final = "docker.io"
DOCKER_HUB_ALIASES: Final = ("index.docker.io", "registry-1.docker.io")
DOCKER_HUB_API: Final = "registry-1.docker.io"
DEFAULT_TAG: Final = "latest"
MAX_NAME: Final = 255
MAX_SHOWN: Final = 200

_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LIKE_DIGEST = re.compile(r"sha[0-9]*(?::[^/@]*)?")
_EXPECTED = f"expected `{PREFIX}host/repository:tag` or `{PREFIX}host/repository:tag@sha256:<64 hexadecimal digits>`"


class Reference(Struct, frozen=True):
    """An artifact in a registry. ``str`` of it is its whole name. ``digest`` is that of its manifest, or of an index."""

    host: str
    repository: str
    tag: str = DEFAULT_TAG
    digest: str | None = None

    def __str__(self) -> str:
        pin = "" if self.digest is None else f"@{self.digest}"
        return f"{PREFIX}{self.host}/{self.repository}:{self.tag}{pin}"

    @property
    def api_host(self) -> str:
        """Where the registry answers, ``host`` or ``host:port``."""
        return DOCKER_HUB_API if self.host == DOCKER_HUB else self.host

    @property
    def wanted(self) -> str:
        """What to ask the registry for: the digest, else the tag."""
        return self.digest or self.tag

    def pinned(self, digest: str) -> Reference:
        """Return this reference with a digest."""
        return replace(self, digest=digest)


def parse_reference(text: str) -> Reference:
    """Return the artifact that ``text`` names. Raises ``InputError`` that does not repeat a password."""
    if not text.startswith(PREFIX):
        raise InputError(f"`{text[:MAX_SHOWN]}` does not name an artifact: {_EXPECTED}")
    rest = text.removeprefix(PREFIX)
    name, at, digest = rest.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise InputError(_bad_digest(name, digest))
    host, path = _split_host(name)
    repository, colon, tag = path.partition(":")
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    reference = Reference(host, repository, tag if colon else DEFAULT_TAG, digest or None)
    _check(reference, text)
    return reference


def is_digest(text: str) -> bool:
    """Tell whether ``text`` is ``sha256:`` and 64 hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Tell whether ``host``, perhaps with a port, is this machine."""
    name = host_name(host)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def host_name(host: str) -> str:
    """Return a host without its port, and an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        return DOCKER_HUB, name
    host = first.lower()
    return (DOCKER_HUB if host in DOCKER_HUB_ALIASES else host), rest


def _check(reference: Reference, text: str) -> None:
    shown = f"`{text[:MAX_SHOWN]}`"
    if not _HOST.fullmatch(reference.host) or not _port_fits(reference.host):
        raise InputError(f"{shown} does not name an artifact: `{reference.host[:MAX_SHOWN]}` is no host; {_EXPECTED}")
    if not _REPOSITORY.fullmatch(reference.repository):
        problem = f"`{reference.repository[:MAX_SHOWN]}` is no repository, which has small letters, digits and `._-/`"
        raise InputError(f"{shown} does not name an artifact: {problem}; {_EXPECTED}")
    if not _TAG.fullmatch(reference.tag):
        raise InputError(f"{shown} does not name an artifact: `{reference.tag[:MAX_SHOWN]}` is no tag; {_EXPECTED}")
    if len(reference.host) + 1 + len(reference.repository) > MAX_NAME:
        raise InputError(f"{shown} does not name an artifact: host and repository are longer than {MAX_NAME} letters")


def _port_fits(host: str) -> bool:
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else "1"
    return 0 < int(port) < 65536


def _bad_digest(name: str, digest: str) -> str:
    if not _LIKE_DIGEST.fullmatch(digest) and ("/" in digest or "/" not in name):
        # Somebody wrote `user:password@host/...`; there may be an `@` in the password too.
        place = re.sub(".*@(?!sha)", "", digest)
        return (
            f"`{PREFIX}***@{place[:MAX_SHOWN]}` holds credentials, which do not belong into a location: log in with "
            "`docker login` or `podman login`, or set OBELISK_OCI_REGISTRY, OBELISK_OCI_USERNAME and OBELISK_OCI_PASSWORD"
        )
    return f"`{PREFIX}{name[:MAX_SHOWN]}@{digest[:MAX_SHOWN]}` does not name an artifact: {_EXPECTED}"
