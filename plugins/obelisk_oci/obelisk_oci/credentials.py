"""Who we are for a registry: from the environment, from files of podman and Docker, from credential helpers.

The first place that knows the registry is used: ``OBELISK_OCI_REGISTRY`` with ``_USERNAME`` and ``_PASSWORD``;
``DOCKER_AUTH_CONFIG``, the text of a Docker configuration; the files of ``containers-auth.json(5)`` in their order, then
Docker's ``config.json``. Keys are a registry, or the beginning of a repository; the longest that fits counts. A secret never
becomes part of a message, a log line or a ``repr``.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from obelisk_oci.errors import RegistryError
from obelisk_oci.reference import DOCKER_HUB, DOCKER_HUB_ALIASES, Reference

REGISTRY_VARIABLE: Final = "OBELISK_OCI_REGISTRY"
USERNAME_VARIABLE: Final = "OBELISK_OCI_USERNAME"
PASSWORD_VARIABLE: Final = "OBELISK_OCI_PASSWORD"  # noqa: S105 - the name of a variable
TEXT_VARIABLE: Final = "DOCKER_AUTH_CONFIG"
DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
HELPER_SECONDS: Final = 30
MAX_FILE: Final = 1024 * 1024
TOKEN_USER: Final = "<token>"  # noqa: S105 - by this name helpers say that the secret is an identity token
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_NOT_FOUND = "credentials not found"


class Credentials(Struct, frozen=True, repr_omit_defaults=True):
    """What to show to a registry: a name and a password, an identity token, or a token for the registry itself.

    ``origin`` says where they were found, for messages.
    """

    origin: str
    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.origin!r})"

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class _Auth(Struct, frozen=True, rename="lower"):
    """What a file says of one registry. Its ``repr`` shows no secret."""

    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""
    registrytoken: str = ""

    def __repr__(self) -> str:
        return "_Auth()"


class _File(Struct, frozen=True, rename="camel"):
    """A ``config.json`` of Docker, or an ``auth.json`` of Podman, as far as it is about credentials."""

    auths: dict[str, _Auth] | None = None
    creds_store: str = ""
    cred_helpers: dict[str, str] | None = None


class _Helped(Struct, frozen=True, rename="pascal"):
    """What a credential helper prints. Its ``repr`` shows no secret."""

    username: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return "_Helped()"


class Keyring:
    """Finds credentials. ``environ`` names the files, and is what helpers run with."""

    def __init__(self, environ: Mapping[str, str], log: logging.Logger) -> None:
        self._environ = environ
        self._log = log

    def find(self, reference: Reference) -> Credentials | None:
        """Return the credentials for a repository, ``None`` when nobody knows any. May start a helper, so it blocks.

        Raises ``RegistryError`` for a file that cannot be read. A helper that fails is logged.
        """
        own = self._from_variables(reference)
        if own is not None:
            return own
        for origin, file in self._files():
            found = self._from_file(file, origin, reference)
            if found is not None:
                return found
        return None

    def _from_variables(self, reference: Reference) -> Credentials | None:
        username, password = self._environ.get(USERNAME_VARIABLE), self._environ.get(PASSWORD_VARIABLE)
        registry = self._environ.get(REGISTRY_VARIABLE)
        if registry is None or username is None or password is None:
            return None  # a password without a registry would go to every one
        if _plain_key(registry) not in _keys(reference):
            return None
        return Credentials(f"the variable {PASSWORD_VARIABLE}", username, password)

    def _files(self) -> Iterator[tuple[str, _File]]:
        text = self._environ.get(TEXT_VARIABLE)
        if text:
            yield f"the variable {TEXT_VARIABLE}", _decoded(text.encode(), f"the variable {TEXT_VARIABLE}")
        for path in dict.fromkeys(self._paths()):
            content = _read(path)
            if content is not None:
                yield str(path), _decoded(content, str(path))

    def _paths(self) -> Iterator[Path]:
        chosen = self._environ.get("REGISTRY_AUTH_FILE")
        if chosen:
            yield Path(chosen)
        home = self._environ.get("HOME")
        runtime = self._environ.get("XDG_RUNTIME_DIR")
        if runtime:
            yield Path(runtime, "containers", "auth.json")
        config = self._environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
        if config:
            yield Path(config, "containers", "auth.json")
        docker = self._environ.get("DOCKER_CONFIG") or (home and f"{home}/.docker")
        if docker:
            yield Path(docker, "config.json")

    def _from_file(self, file: _File, origin: str, reference: Reference) -> Credentials | None:
        helpers = {_plain_key(key): helper for key, helper in (file.cred_helpers or {}).items()}
        auths = {_plain_key(key): auth for key, auth in (file.auths or {}).items()}
        for key in _keys(reference):
            if key in helpers:
                return self._helped(helpers[key], key, origin)
            found = _inline(auths[key], f"`{key}` in {origin}") if key in auths else None
            if found is not None:
                return found
        return self._helped(file.creds_store, reference.host, origin) if file.creds_store else None

    def _helped(self, name: str, key: str, origin: str) -> Credentials | None:
        """Ask a helper by Docker's protocol: the registry on its standard input, JSON on its standard output."""
        program = f"docker-credential-{name}"
        path = shutil.which(program, path=self._environ.get("PATH", "")) if _HELPER.fullmatch(name) else None
        if path is None:
            self._log.warning("the credential helper `%s`, which %s names, is not there", program, origin)
            return None
        asked = DOCKER_HUB_KEY if key == DOCKER_HUB else key
        try:
            done = subprocess.run(  # noqa: S603 - the person's own configuration names it
                [path, "get"], input=asked.encode(), capture_output=True, timeout=HELPER_SECONDS,
                env=dict(self._environ), check=False,
            )  # fmt: skip
            if done.returncode:
                # What it printed is not shown: it may be anything.
                if _NOT_FOUND not in done.stdout.decode(errors="replace"):
                    self._log.warning("the credential helper `%s` failed with status %d", program, done.returncode)
                return None
            answer = msgspec.json.decode(done.stdout, type=_Helped)
        except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
            self._log.warning("the credential helper `%s` failed: %s", program, type(error).__name__)
            return None
        if answer.username == TOKEN_USER:
            return Credentials(f"the helper `{program}`", identity_token=answer.secret)
        return Credentials(f"the helper `{program}`", answer.username, answer.secret)


def _keys(reference: Reference) -> Iterator[str]:
    """Yield the keys that fit a repository, the longest first."""
    parts = reference.repository.split("/")
    for count in range(len(parts), -1, -1):
        yield "/".join((reference.host, *parts[:count]))


def _plain_key(key: str) -> str:
    """Return a key without its scheme and the version of an API; every name of Docker Hub becomes one."""
    plain = re.sub(r"/v[12]/?$", "", re.sub(r"^https?://", "", key)).rstrip("/")
    host, slash, rest = plain.partition("/")
    host = host.lower()
    return f"{DOCKER_HUB if host in DOCKER_HUB_ALIASES else host}{slash}{rest}"


def _inline(auth: _Auth, origin: str) -> Credentials | None:
    if auth.registrytoken:
        return Credentials(origin, registry_token=auth.registrytoken)
    if auth.identitytoken:
        return Credentials(origin, identity_token=auth.identitytoken)
    if auth.auth:
        return _decoded_auth(auth.auth, origin)
    return Credentials(origin, auth.username, auth.password) if auth.username else None


def _decoded_auth(auth: str, origin: str) -> Credentials:
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise RegistryError(f"the `auth` of {origin} is not the Base64 of `name:password`; log in again") from None
    return Credentials(origin, username, password.rstrip("\0"))


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RegistryError(f"cannot read the credentials in {path}: {error.strerror or error}") from error


def _decoded(content: bytes, origin: str) -> _File:
    try:
        return msgspec.json.decode(content or b"{}", type=_File)
    except (msgspec.MsgspecError, RecursionError):
        # The decoder's own message may show a piece of the file.
        raise RegistryError(f"the credentials in {origin} are not the JSON that Docker and podman write") from None
