"""What a component's WASI sandbox may be given: environment, directories, hosts. Settings only; nothing here acts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from obelisk.interfaces.host_pattern import parse_host_pattern
from obelisk.interfaces.settings import Size
from obelisk.interfaces.url_regex import compile_url_regex

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
"""A token (RFC 9110, section 5.6.2)."""

TMP = "/tmp"  # noqa: S108 - a path of guests
"""Where a guest sees its scratch directory."""


class EnvVar(Struct, frozen=True, forbid_unknown_fields=True):
    """A variable of a guest's environment.

    * ``key``: its name.
    * ``value``: its value.
    """

    key: str
    value: str


def variable_name(variable: str | EnvVar) -> str:
    """Return the name of a variable that is forwarded or set."""
    return variable if isinstance(variable, str) else variable.key


class ReplaceIn(Enum):
    """A part of a request in which placeholders of secrets are replaced."""

    HEADERS = "headers"
    PARAMS = "params"
    BODY = "body"


class AllowedHost(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Requests that may be sent.

    * ``pattern``: scheme, host and port: ``"https://*.example.com"``, ``"http://127.0.0.1:8080"``, ``"*://a.net:*"``.
    * ``methods``: which methods may be used, as they are sent, ``"*"`` for all; left out, none may.
    * ``request_url_regex``: what the method and the URL without its query have to match as a whole, such as
      ``"GET https://[^/]*/v1/.*"``.
    * ``secrets``: names of ``[secrets]`` whose placeholders are replaced in such requests.
    * ``replace_in``: where they are replaced: ``headers``, values of query ``params``, ``body``.
    """

    pattern: str
    methods: Literal["*"] | tuple[str, ...] = ()
    request_url_regex: str | None = None
    secrets: tuple[str, ...] = ()
    replace_in: tuple[ReplaceIn, ...] = ()

    def __post_init__(self) -> None:
        _check("pattern", lambda: parse_host_pattern(self.pattern))
        for method in () if self.methods == "*" else self.methods:
            if not _METHOD.fullmatch(method):
                raise ValueError(
                    f'`methods`: expected methods such as `GET`, found `{method}`; all are `methods = "*"`'
                )
        if self.request_url_regex is not None:
            text = self.request_url_regex
            _check("request_url_regex", lambda: compile_url_regex(text))
        if self.secrets and not self.replace_in:
            raise ValueError(
                "`replace_in`: expected at least one of `headers`, `params` and `body` where `secrets` are named, found none"
            )


class OutboundHost(AllowedHost, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Requests that the operator lets components send. Both this list and the component's own have to allow a request.

    * ``allow_private``: whether a name may resolve to an address that is not public: of this machine, of a private network,
      of a link. A ``pattern`` that is such an address itself, or ``localhost``, needs no permission.
    """

    allow_private: bool = False


class OutboundHttpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which HTTP requests components may send at all.

    A kind of component that sends requests gets it by ``ComponentHost.service(OutboundHttpSettings)``.

    * ``allowed_host``: the operator's list; a request needs an entry here and one of the component's own ``allowed_host``.
    """

    allowed_host: tuple[OutboundHost, ...] = ()


def without_methods(entries: Sequence[AllowedHost]) -> tuple[str, ...]:
    """Return the patterns of entries that allow no method, and so nothing."""
    return tuple(entry.pattern for entry in entries if not entry.methods)


class Mount(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A directory that a guest sees.

    * ``host``: the directory; a relative one starts at the configuration's directory.
    * ``guest``: its path for the guest, such as ``"/data"``.
    * ``read_only``: whether the guest can only read.
    """

    host: Path
    guest: str
    read_only: bool = True

    def __post_init__(self) -> None:
        names = self.guest.split("/")[1:]
        if not self.guest.startswith("/") or "\0" in self.guest or (self.guest != "/" and not _are_plain(names)):
            raise ValueError(
                f'`guest`: expected an absolute path such as "/data", without `.`, `..` and superfluous slashes, found '
                f'"{self.guest}"'
            )


@runtime_checkable
class SandboxSettings(Protocol):
    """Settings of a component that runs in a WASI sandbox; each kind declares the keys in its own table.

    ``env_vars``: names that are forwarded from the server's environment, and variables that are set. ``tmp``: whether each
    run has an empty directory ``/tmp``, which is removed after it.
    """

    @property
    def name(self) -> str:
        """What the component is called."""

    @property
    def env_vars(self) -> tuple[str | EnvVar, ...]:
        """The guest's environment."""

    @property
    def allowed_host(self) -> tuple[AllowedHost, ...]:
        """Requests that it may send."""

    @property
    def mount(self) -> tuple[Mount, ...]:
        """Directories that it sees."""

    @property
    def tmp(self) -> bool:
        """Whether each run has a scratch directory."""


@runtime_checkable
class LimitSettings(Protocol):
    """Settings of a component whose runs are limited; ``None`` is what ``[wasm]`` says."""

    @property
    def memory(self) -> Size | None:
        """Bytes of linear memory."""

    @property
    def fuel(self) -> int | Literal["unlimited"] | None:
        """Instructions, roughly."""


def check_mounts(settings: SandboxSettings) -> None:
    """Raise ``ValueError`` when two directories have the same path for the guest."""
    paths = [mount.guest for mount in settings.mount]
    if settings.tmp and TMP in paths:
        raise ValueError(
            f"`mount`: `{TMP}` is the scratch directory of `tmp = true`; mount another path, or leave out `tmp`"
        )
    for path in paths:
        if paths.count(path) > 1:
            raise ValueError(f"`mount`: the path `{path}` is mounted {paths.count(path)} times, expected once")


def _are_plain(names: Sequence[str]) -> bool:
    return all(name and name not in (".", "..") for name in names)


def _check(key: str, parse: Callable[[], object]) -> None:
    try:
        parse()
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from error


def check_limits(limits: LimitSettings) -> None:
    """Raise ``ValueError`` for a limit below 1."""
    for key, value in (("memory", limits.memory), ("fuel", limits.fuel)):
        if isinstance(value, int) and value < 1:
            raise ValueError(f"`{key}`: expected at least 1, found {value}")
