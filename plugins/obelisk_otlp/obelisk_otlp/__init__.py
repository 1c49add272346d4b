"""Traces, logs and metrics for OpenTelemetry collectors: the table ``[otlp]``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from obelisk import hookimpl
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Host, Provider
from obelisk_otlp.settings import OtlpSettings

SUMMARY = "Sends traces, logs and metrics to an OpenTelemetry collector, from a process of its own."


@hookimpl
def obelisk_register_exporter() -> list[Provider[Any, Exporter]]:
    """Offer the exporter that ``[otlp]`` configures."""
    return [Provider("otlp", SUMMARY, OtlpSettings, _open)]


def _open(settings: OtlpSettings, host: Host) -> AbstractAsyncContextManager[Exporter]:
    from obelisk_otlp.exporter import open_exporter

    return open_exporter(settings, host)
