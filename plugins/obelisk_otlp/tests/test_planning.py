"""What the table and the environment add up to, and what is told of values that cannot be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from obelisk_otlp.plan import Batching, Kind, Plan, Target
from obelisk_otlp.planning import Server, make_plan, metrics_interval
from obelisk_otlp.settings import Compression, OtlpSettings, Protocol, Sampler
from obelisk_otlp.variables import Variables

from obelisk.errors import ConfigError
from obelisk.interfaces.settings import Duration
from plugins.obelisk_otlp.tests.opening import opened

SERVER = Server("1.2.3", "an-id", "a-host", 7)


def plan(environ: dict[str, str] | None = None, /, **settings: Any) -> Plan:
    return make_plan(OtlpSettings(**settings), Variables(environ or {}), SERVER)


def target(environ: dict[str, str] | None = None, /, *, kind: Kind = Kind.TRACES, **settings: Any) -> Target:
    (found,) = [each for each in plan(environ, **settings).targets if each.kind is kind]
    return found


def test_without_anything_all_goes_to_this_machine_over_grpc():
    found = plan()
    assert [each.kind for each in found.targets] == list(Kind)
    assert {each.address for each in found.targets} == {"localhost:4317"}
    assert {each.protocol for each in found.targets} == {Protocol.GRPC}
    assert {each.is_secure for each in found.targets} == {False}
    assert {each.timeout for each in found.targets} == {10.0}
    assert (found.sampler, found.sample_ratio) == (Sampler.PARENT_ALWAYS_ON, 1.0)
    assert found.resource == {
        "service.name": "obelisk-server",
        "service.version": "1.2.3",
        "service.instance.id": "an-id",
        "host.name": "a-host",
        "process.pid": 7,
    }


def test_over_http_it_goes_to_the_port_of_http():
    addresses = [each.address for each in plan(protocol=Protocol.HTTP).targets]
    assert addresses == [f"http://localhost:4318/v1/{kind.value}" for kind in Kind]


@pytest.mark.parametrize(
    ("endpoint", "address", "is_secure"),
    [
        ("http://collector:4000", "collector:4000", False),
        ("http://collector", "collector:4317", False),
        ("https://collector", "collector:443", True),
        ("https://[::1]:4000/", "[::1]:4000", True),
        ("collector:4000", "collector:4000", True),
        ("HTTP://Collector:1", "collector:1", False),
    ],
)
def test_endpoints_of_grpc(endpoint: str, address: str, is_secure: bool):
    found = target(endpoint=endpoint)
    assert (found.address, found.is_secure) == (address, is_secure)


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("http://collector", "http://collector/v1/traces"),
        ("https://collector:1/otlp", "https://collector:1/otlp/v1/traces"),
        ("http://[::1]:4318/otlp/", "http://[::1]:4318/otlp/v1/traces"),
    ],
)
def test_endpoints_of_http(endpoint: str, address: str):
    assert target(endpoint=endpoint, protocol=Protocol.HTTP).address == address


def test_the_other_name_of_the_endpoint_is_understood():
    assert target(otlp_endpoint="http://collector:1").address == "collector:1"


def test_the_environment_is_honoured(tmp_path: Path):
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(authority)
    found = target(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:1/x",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, X-Tenant = shop ,",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
            "OTEL_EXPORTER_OTLP_CERTIFICATE": str(authority),
        }
    )
    assert found.address == "https://collector:1/x/v1/traces"
    assert found.headers == (("api-key", "a b"), ("x-tenant", "shop"))
    assert (found.is_compressed, found.timeout, found.certificate) == (True, 2.5, str(authority))


def test_variables_of_one_kind_win_over_those_of_all():
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://all:1",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://logs:2/take/them",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1000",
        "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "2000",
        "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "b=2",
    }
    logs, traces = target(environ, kind=Kind.LOGS), target(environ)
    assert (logs.address, logs.timeout, logs.headers) == ("http://logs:2/take/them", 2.0, (("b", "2"),))
    assert (traces.address, traces.timeout, traces.headers) == ("all:1", 1.0, (("a", "1"),))


def test_the_table_wins_over_the_environment():
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://environment:1",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://environment:2",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_EXPORTER_OTLP_HEADERS": "both=1,other=1",
        "OTEL_SERVICE_NAME": "environment",
        "OTEL_RESOURCE_ATTRIBUTES": "both=1,other=a%2Cb,service.name=nobody",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_SDK_DISABLED": "true",
    }
    settings = {
        "enabled": True, "endpoint": "http://table:3", "protocol": Protocol.HTTP, "compression": Compression.NONE,
        "timeout": Duration(seconds=7), "headers": {"Both": "2"}, "service_name": "table", "resource": {"both": 2},
        "sampler": Sampler.RATIO, "sample_ratio": 0.5, "logs": True,
    }  # fmt: skip
    found, traces = plan(environ, **settings), target(environ, **settings)
    assert (traces.address, traces.is_compressed, traces.timeout) == ("http://table:3/v1/traces", False, 7.0)
    assert traces.headers == (("both", "2"), ("other", "1"))
    assert {name: found.resource[name] for name in ("service.name", "both", "other")} == {
        "service.name": "table",
        "both": 2,
        "other": "a,b",
    }
    assert (found.sampler, found.sample_ratio, found.has(Kind.LOGS)) == (Sampler.RATIO, 0.5, True)


def test_the_name_of_the_service_in_the_environment_wins_over_its_resource():
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=less", "OTEL_SERVICE_NAME": "more"}
    assert plan(environ).resource["service.name"] == "more"


def test_samplers_of_the_environment_are_honoured():
    environ = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    assert (plan(environ).sampler, plan(environ).sample_ratio) == (Sampler.PARENT_RATIO, 0.25)


@pytest.mark.parametrize(
    ("name", "value", "kinds"),
    [
        ("OTEL_SDK_DISABLED", "true", []),
        ("OTEL_SDK_DISABLED", "false", list(Kind)),
        ("OTEL_TRACES_EXPORTER", "none", [Kind.LOGS, Kind.METRICS]),
        ("OTEL_LOGS_EXPORTER", "console", [Kind.TRACES, Kind.METRICS]),
        ("OTEL_METRICS_EXPORTER", "console, otlp", list(Kind)),
        ("OTEL_METRICS_EXPORTER", "", list(Kind)),
    ],
)
def test_the_environment_can_switch_kinds_off(name: str, value: str, kinds: list[Kind]):
    assert [each.kind for each in plan({name: value}).targets] == kinds


def test_how_batches_are_made_can_be_set_by_the_environment():
    environ = {
        "OTEL_BSP_MAX_QUEUE_SIZE": "10",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5",
        "OTEL_BSP_SCHEDULE_DELAY": "1500",
        "OTEL_BLRP_MAX_QUEUE_SIZE": "20",
    }
    assert target(environ).batching == Batching(queue=10, batch=5, linger=1.5)
    assert target(environ, kind=Kind.LOGS).batching == Batching(queue=20)


@pytest.mark.parametrize(
    ("environ", "settings", "seconds"),
    [
        ({}, {}, 60),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "5000"}, {}, 5),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "5000"}, {"metrics_interval": Duration(seconds=9)}, 9),
    ],
)
def test_the_interval_of_metrics(environ: dict[str, str], settings: dict[str, Any], seconds: int):
    assert metrics_interval(OtlpSettings(**settings), Variables(environ)) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x", "expected a URL such as"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://x:99999", "expected a URL such as"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "expected one of grpc, http/protobuf, found `http/json`"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "carrier-pigeon", "expected one of grpc, http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "just-a-name", "expected `name=value,name=value`, entry 1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0Ac", "has the character '\\n' at position 2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "te=x", "is set by the protocol"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "key-bin=x", "gRPC cannot send the header `key-bin`"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "expected one of none, gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "expected a whole number"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "expected a whole number of at least 1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1", "expected a whole number"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "10", "expected at least 1000 ms"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "expected one of always_on"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "expected a number from 0.0 to 1.0"),
        ("OTEL_TRACES_SAMPLER_ARG", "nan", "expected a number from 0.0 to 1.0"),
        ("OTEL_SDK_DISABLED", "yes", "expected true or false"),
        ("OTEL_RESOURCE_ATTRIBUTES", "x", "expected `name=value,name=value`"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "expected a whole number"),
    ],
)
async def test_a_variable_that_cannot_be_is_named(name: str, value: str, message: str):
    with pytest.raises(ConfigError) as caught:
        async with opened({name: value}):
            pass
    assert str(caught.value).startswith(f"the environment variable {name}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"endpoint": "collector:1", "protocol": Protocol.HTTP}, "`otlp.endpoint`: expected `http://` or `https://`"),
        ({"otlp_endpoint": "http://x/v1/traces"}, "`otlp.otlp_endpoint`: expected no path with the protocol `grpc`"),
        ({"headers": {"key-bin": "x"}}, "`otlp.headers`: gRPC cannot send the header `key-bin`"),
        ({"certificate": Path("/nowhere")}, "`otlp.certificate`: expected an endpoint with https://"),
        (
            {"endpoint": "https://x", "certificate": Path("/nowhere/ca.pem")},
            "`otlp.certificate`: expected a file with PEM, found `/nowhere/ca.pem`: No such file",
        ),
        ({"endpoint": "https://x", "certificate": Path(__file__)}, "`otlp.certificate`: expected certificates as PEM"),
        (
            {"endpoint": "https://x", "client_certificate": Path(__file__), "client_key": Path(__file__)},
            "`otlp.client_certificate`: expected a certificate as PEM whose key",
        ),
    ],
)
async def test_what_does_not_fit_in_the_table_is_told_at_the_start(settings: dict[str, Any], message: str):
    with pytest.raises(ConfigError) as caught:
        async with opened(**settings):
            pass
    assert message in str(caught.value)


def test_a_client_certificate_of_the_environment_needs_its_key():
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": __file__}
    with pytest.raises(
        ConfigError, match="OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: expected a client's certificate and its key"
    ):
        plan(environ)


def test_tls_files_of_the_environment_do_not_matter_without_tls():
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"}
    assert target(environ).certificate is None


def test_a_tls_file_of_the_table_wins_over_the_environments(tmp_path: Path):
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    environ = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(tmp_path / "nowhere.pem")}
    assert target(environ, endpoint="https://x", certificate=authority).certificate == str(authority)


def test_no_message_shows_a_secret():
    for environ in (
        {"OTEL_EXPORTER_OTLP_HEADERS": "k=hunter2\x7f"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:hunter2@x"},
    ):
        with pytest.raises(ConfigError) as caught:
            plan(environ)
        assert "hunter2" not in str(caught.value)
