"""The tables of the plugin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Final, Literal, TypeVar

from msgspec import Struct

from obelisk.errors import InputError
from obelisk.interfaces.sandbox import AllowedHost, EnvVar, Mount, check_limits, check_mounts
from obelisk.interfaces.sessions import Persistence
from obelisk.interfaces.settings import Duration, ProgramSettings, Size
from obelisk_http_webhook.address import parse_address
from obelisk_http_webhook.pattern import parse_pattern

DEFAULT_SERVER: Final = "external"
DEFAULT_ADDRESS: Final = "127.0.0.1:9090"
T = TypeVar("T")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Z-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


class TlsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a server shows to its clients.

    * ``certificate``: a PEM file with the certificate and those between it and the root.
    * ``key``: a PEM file with its private key, not encrypted.
    """

    certificate: Path
    key: Path


class HttpServerSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server that listens for HTTP/1.1. One called ``external`` at 127.0.0.1:9090 exists when nobody defines it.

    * ``name``: what ``http_server`` of endpoints and functions names.
    * ``listening_addr``: `HOST:PORT`; port 0 takes a free one.
    * ``max_inflight_requests``: how many requests are worked on at once, or `"unlimited"`; what comes beyond gets 429.
    * ``max_connections``: how many clients may be connected at once; what comes beyond is closed.
    * ``tls``: `certificate` and `key`; left out, the server speaks plain HTTP.
    * ``max_head_size``: bytes of a request's line and headers, more gets 431, and of trailers, more gets 400.
    * ``max_body_size``: bytes of a request's body; more gets 413.
    * ``head_timeout``: how long a client may take to send a request's head; longer gets 408. To agree on TLS it
      has as long.
    * ``stall_timeout``: how long a client may send nothing of what it announced, or take to make room for what is sent
      to it.
    * ``idle_timeout``: how long a connection stays open between requests.
    """

    name: str
    listening_addr: str
    max_inflight_requests: int | Literal["unlimited"] = 1000
    max_connections: int = 5000
    tls: TlsSettings | None = None
    max_head_size: Size = Size(64 * 1024)
    max_body_size: Size = Size(8 * 1024 * 1024)
    head_timeout: Duration = Duration(seconds=10)
    stall_timeout: Duration = Duration(seconds=30)
    idle_timeout: Duration = Duration(seconds=75)

    def __post_init__(self) -> None:
        _check_name(self.name)
        _checked("listening_addr", lambda: parse_address(self.listening_addr))
        for key in ("max_inflight_requests", "max_connections", "max_head_size"):
            found = getattr(self, key)
            if isinstance(found, int) and found < 1:
                raise ValueError(f"`{key}`: expected at least 1, found {found}")
        for key in ("head_timeout", "stall_timeout", "idle_timeout"):
            _check_length(key, getattr(self, key))


class RouteSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Requests that are routed.

    * ``route``: the path: `/orders/:id` with parameters, `/files/*path` with a rest; `""` is every path.
    * ``methods``: which methods; left out, all that no other route has.
    """

    route: str
    methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _checked("route", lambda: parse_pattern(self.route))
        _check_methods(self.methods)


class SignatureForm(Enum):
    """How a request is signed."""

    GITHUB = "github"
    STANDARD = "standard"


class SignatureSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may send requests: those whose signature fits; others get 401.

    * ``form``: `"github"` (the header `X-Hub-Signature-256`) or `"standard"` (Standard Webhooks: `webhook-id`,
      `webhook-timestamp`, `webhook-signature`).
    * ``secret``: the name of a secret of `[secrets]`.
    * ``tolerance``: how far the time of a `"standard"` signature may be from now.
    """

    form: SignatureForm
    secret: str
    tolerance: Duration = Duration(minutes=5)

    def __post_init__(self) -> None:
        _check_length("tolerance", self.tolerance)


class WebhookEndpointSettings(ProgramSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A WebAssembly component that answers HTTP requests: it exports `wasi:http/incoming-handler@0.2.x`.

    * ``location``: the component, binary or text: a path that starts at the configuration's directory.
    * ``http_server``: the name of the server.
    * ``routes``: which requests it gets: paths, or tables with `route` and `methods`; left out, all.
    * ``request_timeout``: how long a request may last; then its instance ends, and a client without an answer gets 408.
    * ``persist``: `"with_effects"` keeps the execution of a request that started something or logged a stored line,
      `"always"` that of each. Of `exec` only `instance_limiter` counts: what comes beyond gets 503.
    * ``signature``: the check of a signature; the whole body is read before the component sees the request.
    * ``env_vars``: its environment: `"NAME"` forwards a variable of the server, `{ key = "NAME", value = "..." }` sets one.
      Parameters of the route are variables too.
    * ``allowed_host``: requests that it may send, as far as `[[outbound_http.allowed_host]]` allows them too.
    * ``mount``: directories that it sees.
    * ``tmp``: whether each request has an empty directory `/tmp`, which is removed after it.
    * ``memory``: the linear memory of a request's instance; left out, what `[wasm]` says.
    * ``fuel``: instructions, roughly, that a request may execute, or `"unlimited"`; left out, what `[wasm]` says.
    """

    location: str
    http_server: str = DEFAULT_SERVER
    routes: tuple[str | RouteSettings, ...] = ("",)
    request_timeout: Duration = Duration(minutes=1)
    persist: Persistence = Persistence.WITH_EFFECTS
    signature: SignatureSettings | None = None
    env_vars: tuple[str | EnvVar, ...] = ()
    allowed_host: tuple[AllowedHost, ...] = ()
    mount: tuple[Mount, ...] = ()
    tmp: bool = False
    memory: Size | None = None
    fuel: int | Literal["unlimited"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limits(self)
        check_mounts(self)
        _check_length("request_timeout", self.request_timeout)
        if not self.routes:
            raise ValueError('`routes`: expected at least one, found none; all requests are `routes = [""]`')
        for route in self.all_routes:
            _checked("routes", lambda: parse_pattern(route.route))  # noqa: B023 - called at once

    @property
    def all_routes(self) -> tuple[RouteSettings, ...]:
        """The routes, all as tables."""
        return tuple(RouteSettings(route=each) if isinstance(each, str) else each for each in self.routes)


class WebhookFunctionSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A function that is started by an HTTP request, without code in between.

    Its parameters are taken by name from the route, the query, and the body, a JSON object; `-` in a name is `_` or `-`.

    * ``name``: what it is called.
    * ``ffqn``: the function.
    * ``route``: the path, with parameters as `:name`.
    * ``methods``: which methods.
    * ``http_server``: the name of the server.
    * ``body``: the parameter that is the whole JSON body; left out, the body's keys are parameters.
    * ``wait``: whether the answer is the result; if not, it is 202 with the execution's id and a URL that tells its status.
    * ``err_status``: the status when the function returns an error.
    * ``request_timeout``: how long `wait` waits; then the answer is 202 as without `wait`. The body may take as long to
      come; longer gets 408.
    * ``status_route``: where the status of executions is told; it ends with `:execution_id`. Left out,
      `/executions/NAME/:execution_id`.
    * ``signature``: the check of a signature; requests for the status of an execution have to be signed too.
    """

    name: str
    ffqn: str
    route: str
    methods: tuple[str, ...] = ("POST",)
    http_server: str = DEFAULT_SERVER
    body: str | None = None
    wait: bool = True
    err_status: int = 422
    request_timeout: Duration = Duration(minutes=1)
    status_route: str | None = None
    signature: SignatureSettings | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        _checked("route", lambda: parse_pattern(self.route))
        _check_methods(self.methods)
        _check_length("request_timeout", self.request_timeout)
        if not self.methods:
            raise ValueError("`methods`: expected at least one, found none")
        if self.err_status not in range(400, 600):
            raise ValueError(f"`err_status`: expected a status from 400 to 599, found {self.err_status}")
        status = _checked("status_route", lambda: parse_pattern(self.status_path))
        if not self.status_path.endswith("/:execution_id") or len(status.names) > 1:
            raise ValueError(
                "`status_route`: expected a path without other parameters that ends with `/:execution_id`, found "
                f"`{self.status_route}`"
            )

    @property
    def status_path(self) -> str:
        """The route that tells the status of executions."""
        return f"/executions/{self.name}/:execution_id" if self.status_route is None else self.status_route


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"`name`: expected letters, digits, `_`, `-` and `.`, found `{name}`")


def _check_methods(methods: tuple[str, ...]) -> None:
    for method in methods:
        if not _METHOD.fullmatch(method):
            raise ValueError(f"`methods`: expected methods such as `GET`, found `{method}`")


def _check_length(key: str, length: timedelta) -> None:
    if length <= timedelta():
        raise ValueError(f"`{key}`: expected more than nothing, found {length.total_seconds()} s")


def _checked(key: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except InputError as error:
        raise ValueError(f"`{key}`: {error}") from error
