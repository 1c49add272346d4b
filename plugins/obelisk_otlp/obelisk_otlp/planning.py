"""From the ``[otlp]`` table and the environment to a plan. What the table says wins over what the environment says.

A variable of one kind of signal (``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``) wins over the one of all kinds
(``OTEL_EXPORTER_OTLP_ENDPOINT``), and an endpoint of one kind is a whole URL, as the specification of the exporter has it.
"""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

from obelisk.errors import ConfigError
from obelisk.interfaces.exporters import LEAST_INTERVAL
from obelisk.interfaces.signals import AttributeValue
from obelisk_otlp.endpoint import Endpoint, parse_endpoint
from obelisk_otlp.headers import check_grpc_header, check_header
from obelisk_otlp.plan import Batching, Kind, Plan, Target
from obelisk_otlp.settings import Compression, OtlpSettings, Protocol, Sampler
from obelisk_otlp.variables import Variables

GENERAL: Final = "OTEL_EXPORTER_OTLP_"
INTERVAL_VARIABLE: Final = "OTEL_METRIC_EXPORT_INTERVAL"
DEFAULT_SERVICE: Final = "obelisk-server"
DEFAULT_TIMEOUT: Final = 10.0
DEFAULT_INTERVAL: Final = 60.0
_DEFAULTS: Final = {
    Protocol.GRPC: Endpoint("http", "localhost", 4317, ""),
    Protocol.HTTP: Endpoint("http", "localhost", 4318, ""),
}
_BATCH_PREFIX: Final = {Kind.TRACES: "OTEL_BSP_", Kind.LOGS: "OTEL_BLRP_"}


class Server(Struct, frozen=True):
    """The server that the signals are of: its version, an id of this run of it, the machine's name, the process's id.

    ``jitter`` is a factor of its waits, a little different for each server.
    """

    version: str
    instance_id: str
    host_name: str
    pid: int
    jitter: float = 1.0


def metrics_interval(settings: OtlpSettings, variables: Variables) -> timedelta:
    """Return how often metrics are sent. Raises ``ConfigError``."""
    if settings.metrics_interval is not None:
        return settings.metrics_interval
    seconds = variables.seconds(INTERVAL_VARIABLE) or DEFAULT_INTERVAL
    if seconds < LEAST_INTERVAL.total_seconds():
        raise ConfigError(f"the environment variable {INTERVAL_VARIABLE}: expected at least 1000 ms, found {seconds} s")
    return timedelta(seconds=seconds)


def make_plan(settings: OtlpSettings, variables: Variables, server: Server) -> Plan:
    """Return the plan; it has no targets when nothing is to be sent. Raises ``ConfigError``."""
    disabled = variables.flag("OTEL_SDK_DISABLED") is True if settings.enabled is None else not settings.enabled
    kinds = [] if disabled else [kind for kind in Kind if _is_on(settings, variables, kind)]
    ratio = settings.sample_ratio if settings.sample_ratio is not None else variables.ratio("OTEL_TRACES_SAMPLER_ARG")
    return Plan(
        targets=tuple(_Planner(settings, variables, kind).target() for kind in kinds),
        resource=_resource(settings, variables, server),
        version=server.version,
        sampler=settings.sampler or variables.choice(Sampler, "OTEL_TRACES_SAMPLER") or Sampler.PARENT_ALWAYS_ON,
        sample_ratio=1.0 if ratio is None else ratio,
        flush_seconds=settings.shutdown_timeout.total_seconds(),
        jitter=server.jitter,
    )


def _is_on(settings: OtlpSettings, variables: Variables, kind: Kind) -> bool:
    chosen = {Kind.TRACES: settings.traces, Kind.LOGS: settings.logs, Kind.METRICS: settings.metrics}[kind]
    if chosen is not None:
        return chosen
    exporters = variables.text(f"OTEL_{kind.name}_EXPORTER")
    return exporters is None or "otlp" in [name.strip().lower() for name in exporters.split(",")]


def _resource(settings: OtlpSettings, variables: Variables, server: Server) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {
        "service.name": DEFAULT_SERVICE,
        "service.version": server.version,
        "service.instance.id": server.instance_id,
        "host.name": server.host_name,
        "process.pid": server.pid,
    }
    found |= variables.pairs("OTEL_RESOURCE_ATTRIBUTES")
    if (name := variables.text("OTEL_SERVICE_NAME")) is not None:
        found["service.name"] = name
    found |= settings.resource
    if settings.service_name is not None:
        found["service.name"] = settings.service_name
    return found


class _Planner:
    """Finds out where signals of one kind go."""

    def __init__(self, settings: OtlpSettings, variables: Variables, kind: Kind) -> None:
        self._settings = settings
        self._variables = variables
        self._kind = kind
        self._protocol = settings.protocol or variables.choice(Protocol, *self._names("PROTOCOL")) or Protocol.GRPC

    def target(self) -> Target:
        endpoint, is_whole = self._endpoint()
        is_http = self._protocol is Protocol.HTTP
        path = "" if is_whole or not is_http else f"/v1/{self._kind.value}"
        is_secure = self._is_secure(endpoint)
        scheme = "https" if is_secure else "http"
        return Target(
            kind=self._kind,
            protocol=self._protocol,
            address=endpoint.url(path) if is_http else endpoint.grpc_target,
            shown=endpoint.url() if is_http else f"{scheme}://{endpoint.grpc_target}",
            is_secure=is_secure,
            headers=self._headers(),
            is_compressed=self._compression() is Compression.GZIP,
            timeout=self._timeout(),
            batching=self._batching(),
            **self._files(is_secure=is_secure),
        )

    def _names(self, name: str) -> tuple[str, str]:
        return f"{GENERAL}{self._kind.name}_{name}", GENERAL + name

    def _endpoint(self) -> tuple[Endpoint, bool]:
        """Return the endpoint, and whether it is that of this kind of signal alone."""
        if self._settings.address is not None:
            key = "endpoint" if self._settings.endpoint is not None else "otlp_endpoint"
            return self._checked(parse_endpoint(self._settings.address), f"`otlp.{key}`"), False
        own, general = self._names("ENDPOINT")
        found = self._variables.read(parse_endpoint, own, general)
        if found is None:
            return _DEFAULTS[self._protocol], False
        name = self._variables.find(own, general)
        assert name is not None
        return self._checked(found, f"the environment variable {name[0]}"), name[0] == own

    def _checked(self, endpoint: Endpoint, where: str) -> Endpoint:
        if self._protocol is Protocol.HTTP and not endpoint.scheme:
            raise ConfigError(
                f"{where}: expected `http://` or `https://` before `{endpoint.authority}` with the protocol `http/protobuf`"
            )
        if self._protocol is Protocol.GRPC and endpoint.path.strip("/"):
            raise ConfigError(
                f"{where}: expected no path with the protocol `grpc`, found `{endpoint.path[:60]}`; paths belong to "
                "`http/protobuf`, whose port is usually 4318"
            )
        return endpoint

    def _is_secure(self, endpoint: Endpoint) -> bool:
        if endpoint.scheme:
            return endpoint.scheme == "https"
        insecure = self._settings.insecure
        return not (self._variables.flag(*self._names("INSECURE")) if insecure is None else insecure)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        found = self._variables.pairs(*self._names("HEADERS"))
        variable = self._variables.find(*self._names("HEADERS"))
        for name, value in found.items():
            assert variable is not None
            self._check_header(f"the environment variable {variable[0]}", name, value)
        for name, value in self._settings.headers.items():
            self._check_header("`otlp.headers`", name, value)
        both = {name.lower(): value for name, value in found.items()}
        return tuple((both | {name.lower(): value for name, value in self._settings.headers.items()}).items())

    def _check_header(self, where: str, name: str, value: str) -> None:
        try:
            check_header(name, value)
            if self._protocol is Protocol.GRPC:
                check_grpc_header(name)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error

    def _compression(self) -> Compression | None:
        return self._settings.compression or self._variables.choice(Compression, *self._names("COMPRESSION"))

    def _timeout(self) -> float:
        if self._settings.timeout is not None:
            return self._settings.timeout.total_seconds()
        return self._variables.seconds(*self._names("TIMEOUT")) or DEFAULT_TIMEOUT

    def _batching(self) -> Batching:
        prefix = _BATCH_PREFIX.get(self._kind)
        if prefix is None:
            return Batching()
        usual = Batching()
        linger = self._variables.seconds(f"{prefix}SCHEDULE_DELAY")
        return Batching(
            queue=self._variables.count(f"{prefix}MAX_QUEUE_SIZE") or usual.queue,
            batch=self._variables.count(f"{prefix}MAX_EXPORT_BATCH_SIZE") or usual.batch,
            linger=usual.linger if linger is None else linger,
        )

    def _files(self, *, is_secure: bool) -> dict[str, str | None]:
        """Return the files of TLS. Without TLS those of the table are an error, and those of the environment are ignored."""
        own = self._settings
        keys = {
            "certificate": own.certificate,
            "client_certificate": own.client_certificate,
            "client_key": own.client_key,
        }
        if not is_secure:
            given = [key for key, path in keys.items() if path is not None]
            if given:
                raise ConfigError(
                    f"`otlp.{given[0]}`: expected an endpoint with https://, found one without; nothing would be encrypted"
                )
            return dict.fromkeys(keys)
        found = {key: self._file(key, path) for key, path in keys.items()}
        _check_pair(found["client_certificate"], found["client_key"])
        return {key: None if pair is None else pair[1] for key, pair in found.items()}

    def _file(self, key: str, path: Path | None) -> tuple[str, str] | None:
        """Return where a file was named, and its path."""
        variable = self._variables.find(*self._names(key.upper()))
        if path is None and variable is None:
            return None
        where, name = (
            (f"`otlp.{key}`", str(path))
            if path is not None or variable is None
            else (f"the environment variable {variable[0]}", variable[1])
        )
        _check_readable(where, name)
        if key == "certificate":
            _check_authorities(where, name)
        return where, name


def _check_readable(where: str, name: str) -> None:
    try:
        with Path(name).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{where}: expected a file with PEM, found `{name}`: {reason}") from error


def _check_authorities(where: str, name: str) -> None:
    try:
        ssl.create_default_context(cafile=name)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"{where}: expected certificates as PEM, `{name}` has none that can be read") from error


def _check_pair(certificate: tuple[str, str] | None, key: tuple[str, str] | None) -> None:
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        (where, _) = certificate or key or ("", "")
        raise ConfigError(f"{where}: expected a client's certificate and its key, found one of the two")
    try:
        # A password that is asked for on the terminal would stop the start.
        ssl.create_default_context().load_cert_chain(certificate[1], key[1], password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigError(
            f"{certificate[0]}: expected a certificate as PEM whose key, without a password, is in `{key[1]}`; "
            f"`{certificate[1]}` does not fit"
        ) from error
