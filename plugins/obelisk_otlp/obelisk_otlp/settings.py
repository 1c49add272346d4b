"""The ``[otlp]`` table of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import ParamSpec, TypeVar

from msgspec import Struct

from obelisk.interfaces.exporters import LEAST_INTERVAL
from obelisk.interfaces.log_filter import DEFAULT_FILTER, LogFilter
from obelisk.interfaces.settings import Duration
from obelisk_otlp.endpoint import parse_endpoint
from obelisk_otlp.headers import check_header

P = ParamSpec("P")
T = TypeVar("T")
Scalar = bool | int | float | str


class Protocol(Enum):
    """How signals are sent."""

    GRPC = "grpc"
    HTTP = "http/protobuf"


class Compression(Enum):
    """How requests are made smaller."""

    NONE = "none"
    GZIP = "gzip"


class Sampler(Enum):
    """Which traces are sent. The names are those of ``OTEL_TRACES_SAMPLER``."""

    ALWAYS_ON = "always_on"
    ALWAYS_OFF = "always_off"
    RATIO = "traceidratio"
    PARENT_ALWAYS_ON = "parentbased_always_on"
    PARENT_ALWAYS_OFF = "parentbased_always_off"
    PARENT_RATIO = "parentbased_traceidratio"


class OtlpSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Traces, logs and metrics for an OpenTelemetry collector. Keys that are not set are taken from ``OTEL_...`` variables.

    * ``enabled``: whether anything is sent; not set, it is, unless ``OTEL_SDK_DISABLED`` says ``true``.
    * ``endpoint``: the collector's URL; with ``http/protobuf``, ``/v1/traces`` and so on is appended. Not set, it is
      ``http://localhost:4317`` for ``grpc`` and ``http://localhost:4318`` for ``http/protobuf``.
    * ``otlp_endpoint``: another name of ``endpoint``.
    * ``protocol``: ``grpc``, which it is when not set, or ``http/protobuf``.
    * ``headers``: names and values that are sent with each request, such as a key.
    * ``service_name``: what the server is called, ``obelisk-server`` when not set.
    * ``resource``: further attributes of the server, such as ``"deployment.environment.name" = "production"``.
    * ``compression``: ``none``, which it is when not set, or ``gzip``.
    * ``timeout``: how long the collector may take to answer, 10 s when not set.
    * ``certificate``: certificates, as PEM, of the authorities that vouch for the collector, instead of the usual ones.
    * ``client_certificate``, ``client_key``: what the server shows of itself to the collector, as PEM.
    * ``insecure``: whether ``grpc`` goes without TLS to an ``endpoint`` that is ``host:port`` without ``http://``.
    * ``sampler``: which traces are sent: ``always_on``, ``always_off``, ``traceidratio``, or, with ``parentbased_`` before
      them, those of which whoever began the trace elsewhere decided so. Not set, it is ``parentbased_always_on``.
    * ``sample_ratio``: the part of the traces, from 0.0 to 1.0, that the ``traceidratio`` samplers send.
    * ``traces``, ``logs``, ``metrics``: whether signals of a kind are sent; not set, they are.
    * ``metrics_interval``: how often metrics are sent, 60 s when not set.
    * ``level``: which log records are sent: a level, and others for targets.
    * ``shutdown_timeout``: how long the end of the server may wait for what was not sent yet.
    """

    enabled: bool | None = None
    endpoint: str | None = None
    otlp_endpoint: str | None = None
    protocol: Protocol | None = None
    headers: dict[str, str] = {}
    service_name: str | None = None
    resource: dict[str, Scalar] = {}
    compression: Compression | None = None
    timeout: Duration | None = None
    certificate: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    insecure: bool | None = None
    sampler: Sampler | None = None
    sample_ratio: float | None = None
    traces: bool | None = None
    logs: bool | None = None
    metrics: bool | None = None
    metrics_interval: Duration | None = None
    level: str = DEFAULT_FILTER
    shutdown_timeout: Duration = Duration(seconds=3)

    def __post_init__(self) -> None:
        self._check_endpoint()
        for name, value in self.headers.items():
            _checked("headers", check_header, name, value)
        if self.service_name is not None and not self.service_name.strip():
            raise ValueError("`service_name`: expected a name, found nothing")
        if self.sample_ratio is not None and not 0 <= self.sample_ratio <= 1:
            raise ValueError(f"`sample_ratio`: expected a number from 0.0 to 1.0, found {self.sample_ratio}")
        _checked("level", LogFilter.parse, self.level)
        self._check_times()
        if (self.client_certificate is None) is not (self.client_key is None):
            raise ValueError("`client_certificate` and `client_key`: expected both or none, found one")

    @property
    def address(self) -> str | None:
        """The endpoint by either of its names."""
        return self.endpoint if self.endpoint is not None else self.otlp_endpoint

    def _check_endpoint(self) -> None:
        if self.endpoint is not None and self.otlp_endpoint is not None:
            raise ValueError("`endpoint` and `otlp_endpoint` are the same, expected one of them")
        key = "endpoint" if self.endpoint is not None else "otlp_endpoint"
        if self.address is None:
            return
        endpoint = _checked(key, parse_endpoint, self.address)
        if endpoint.scheme == "https" and self.insecure:
            raise ValueError(f"`insecure`: expected it with `host:port`, found `{key}` with https://")

    def _check_times(self) -> None:
        for key, length in (("timeout", self.timeout), ("shutdown_timeout", self.shutdown_timeout)):
            if length is not None and length <= timedelta():
                raise ValueError(f"`{key}`: expected more than nothing, found {length.total_seconds()} s")
        if self.metrics_interval is not None and self.metrics_interval < LEAST_INTERVAL:
            raise ValueError(
                f"`metrics_interval`: expected at least 1 s, found {self.metrics_interval.total_seconds()} s"
            )


def _checked(key: str, check: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    try:
        return check(*values, **named)
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from error
