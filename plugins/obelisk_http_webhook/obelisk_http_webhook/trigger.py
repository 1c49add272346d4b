"""Opens servers, endpoints and functions, and lets them serve."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from obelisk.errors import ConfigError, ObeliskError
from obelisk.interfaces.http_handlers import HttpHandler, HttpHandlers
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.triggers import TriggerCheckHost, TriggerEntry, TriggerHost
from obelisk_http_webhook.background import Background
from obelisk_http_webhook.endpoint import Endpoint
from obelisk_http_webhook.function import FunctionService, StatusService
from obelisk_http_webhook.parameters import Parameters
from obelisk_http_webhook.router import GET, Router
from obelisk_http_webhook.server import HttpServer, Service, tls_context
from obelisk_http_webhook.settings import (
    DEFAULT_ADDRESS,
    DEFAULT_SERVER,
    HttpServerSettings,
    WebhookEndpointSettings,
    WebhookFunctionSettings,
)
from obelisk_http_webhook.signature import open_check

S = TypeVar("S", bound=Struct)


class Tables(Struct, frozen=True):
    """The entries of the configuration, with the default server when it is needed."""

    servers: tuple[HttpServerSettings, ...]
    endpoints: tuple[WebhookEndpointSettings, ...]
    functions: tuple[WebhookFunctionSettings, ...]

    @property
    def webhooks(self) -> tuple[WebhookEndpointSettings | WebhookFunctionSettings, ...]:
        """What is served."""
        return *self.endpoints, *self.functions


def tables_of(entries: Iterable[TriggerEntry]) -> Tables:
    """Return entries by their kind. Raises ``ConfigError`` for unknown servers, and for names and routes that are taken."""
    entries = tuple(entries)
    servers = _of(entries, HttpServerSettings)
    endpoints, functions = _of(entries, WebhookEndpointSettings), _of(entries, WebhookFunctionSettings)
    tables = Tables(servers, endpoints, functions)
    used = {each.http_server for each in tables.webhooks}
    names = [server.name for server in servers]
    if DEFAULT_SERVER in used and DEFAULT_SERVER not in names:
        default = HttpServerSettings(name=DEFAULT_SERVER, listening_addr=DEFAULT_ADDRESS)
        tables = replace(tables, servers=(*servers, default))
    problems = [*_taken(names, "HTTP server"), *_taken([each.name for each in tables.webhooks], "webhook")]
    problems += _unknown_servers(tables)
    problems += _taken_routes(tables)
    if problems:
        raise ConfigError("\n".join(problems))
    return tables


def _of(entries: Sequence[TriggerEntry], kind: type[S]) -> tuple[S, ...]:
    return tuple(entry.settings for entry in entries if isinstance(entry.settings, kind))


def _taken(names: Sequence[str], what: str) -> Iterable[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"there are {names.count(name)} of the {what} `{name}`, expected one"


def _unknown_servers(tables: Tables) -> Iterable[str]:
    known = [server.name for server in tables.servers]
    for each in tables.webhooks:
        if each.http_server not in known:
            names = ", ".join(f"`{name}`" for name in known) or "none"
            yield f"the webhook `{each.name}` names the HTTP server `{each.http_server}`, known are {names}"


def _taken_routes(tables: Tables) -> Iterable[str]:
    for server in tables.servers:
        router: Router[str] = Router()
        names: dict[str, str] = {}
        for target, name, route, methods in _routes(tables, server.name):
            names[target] = name
            try:
                router.add(route, methods, target, names=names)
            except ConfigError as error:
                yield f"HTTP server `{server.name}`: {error}"


def _routes(tables: Tables, server: str) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
    """Yield what is served at a server: its key, its name, the route, the methods."""
    for endpoint in tables.endpoints:
        if endpoint.http_server == server:
            for each in endpoint.all_routes:
                yield endpoint.name, endpoint.name, each.route, each.methods
    for function in tables.functions:
        if function.http_server == server:
            yield function.name, function.name, function.route, function.methods
            yield status_key(function), f"{function.name} (status)", function.status_path, (GET,)


def status_key(function: WebhookFunctionSettings) -> str:
    """Return what stands for the status of a function's executions; no entry has such a name."""
    return f"{function.name}/status"


async def check_entries(entries: tuple[TriggerEntry, ...], host: TriggerCheckHost) -> None:
    """Raise ``ConfigError`` that lists all that is wrong with the entries."""
    tables = tables_of(entries)
    problems = [*_checked(tables.servers, lambda server: _context(server, host))]
    problems += _checked(tables.functions, lambda function: Parameters(function, host.calls))
    for each in tables.webhooks:
        problems += _checked((each,), lambda part: open_check(part.signature, host.service(Secrets), host.host.clock))
    async with AsyncExitStack() as stack:
        opened = await asyncio.gather(
            *(_handler(endpoint, host, stack) for endpoint in tables.endpoints), return_exceptions=True
        )
    problems += [_text(error, each.name) for error, each in zip(opened, tables.endpoints, strict=True)
                 if isinstance(error, ObeliskError)]  # fmt: skip
    for error in opened:
        if isinstance(error, BaseException) and not isinstance(error, ObeliskError):
            raise error
    if problems:
        raise ConfigError("\n".join(problems))


def _checked(parts: Iterable[S], check: Callable[[S], object]) -> Iterable[str]:
    for part in parts:
        try:
            check(part)
        except ObeliskError as error:
            yield _text(error, getattr(part, "name", ""))


def _text(error: BaseException, name: str) -> str:
    return str(error) if f"`{name}`" in str(error) else f"webhook `{name}`: {error}"


def _context(server: HttpServerSettings, host: TriggerCheckHost) -> ssl.SSLContext | None:
    return None if server.tls is None else tls_context(server.tls, host.base, server=server.name)


async def _handler(endpoint: WebhookEndpointSettings, host: TriggerCheckHost, stack: AsyncExitStack) -> HttpHandler:
    handlers: HttpHandlers = host.service(HttpHandlers)  # type: ignore[type-abstract]
    return await stack.enter_async_context(handlers.open(endpoint, endpoint.location, host))


@asynccontextmanager
async def open_trigger(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AsyncIterator[WebhookTrigger]:
    """Open everything but the sockets."""
    tables = tables_of(entries)
    async with AsyncExitStack() as stack:
        trigger = WebhookTrigger(tables, host)
        await trigger.open(stack)
        yield trigger


class WebhookTrigger:
    """Serves; see ``interfaces.triggers.Trigger``."""

    def __init__(self, tables: Tables, host: TriggerHost) -> None:
        self._tables = tables
        self._host = host
        self._background = Background()
        self._servers = {
            each.name: HttpServer(each, host.host.clock, context=_context(each, host)) for each in tables.servers
        }

    async def open(self, stack: AsyncExitStack) -> None:
        """Open what is served, and route to it. Raises ``ComponentError`` and ``ConfigError``."""
        services = await self._services(stack)
        names = {service: service.name for service in services.values()}
        for server in self._servers.values():
            for key, _name, route, methods in _routes(self._tables, server.settings.name):
                server.router.add(route, methods, services[key], names=names)

    async def run(self, started: Callable[[], None]) -> None:
        """Serve until cancelled, then let what is under way end."""
        try:
            for server in self._servers.values():
                await server.listen()
            started()
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            await self._drain()
            raise
        finally:
            for server in self._servers.values():
                server.stop()
                server.abort()
            self._background.cancel()
            await self._ended()  # no instance may be left when its component is closed

    async def _drain(self) -> None:
        for server in self._servers.values():
            server.stop()
        await self._ended()

    async def _ended(self) -> None:
        for server in self._servers.values():
            await server.drained()
        await self._background.wait()

    async def _services(self, stack: AsyncExitStack) -> dict[str, Service]:
        host, services = self._host, dict[str, Service]()
        secrets, clock = host.service(Secrets), host.host.clock
        for endpoint in self._tables.endpoints:
            services[endpoint.name] = Endpoint(
                endpoint, await _handler(endpoint, host, stack), host, background=self._background,
                signature=open_check(endpoint.signature, secrets, clock), scheme=self._scheme(endpoint.http_server),
            )  # fmt: skip
        for function in self._tables.functions:
            signature = open_check(function.signature, secrets, clock)
            services[function.name] = FunctionService(function, host, signature=signature)
            services[status_key(function)] = StatusService(function, host, signature=signature)
        return services

    def _scheme(self, server: str) -> str:
        return "http" if self._servers[server].settings.tls is None else "https"
