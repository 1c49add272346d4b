"""The ``[otlp]`` table, read as the server reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from obelisk_otlp import obelisk_register_exporter
from obelisk_otlp.settings import Compression, OtlpSettings, Protocol, Sampler

from obelisk.config.load import config_from_text
from obelisk.errors import ConfigError
from obelisk.interfaces.settings import Duration
from obelisk.plugins import Plugins


def load(table: str, directory: Path) -> OtlpSettings:
    environ = {"HOME": str(directory), "KEY": "abc"}
    text = f"[otlp]\n{table}"
    config = config_from_text(text, plugins=Plugins.load(environ={}), base=directory, environ=environ)
    (chosen,) = config.exporters
    assert isinstance(chosen.settings, OtlpSettings)
    return chosen.settings


def test_the_exporter_is_offered_under_its_name():
    (provider,) = obelisk_register_exporter()
    assert (provider.name, provider.settings) == ("otlp", OtlpSettings)


def test_the_server_loads_nothing_of_opentelemetry():
    program = (
        "import sys, obelisk_otlp, obelisk_otlp.exporter\n"
        "print([m for m in ('opentelemetry', 'grpc', 'requests', 'google') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_key_can_be_set(tmp_path: Path):
    table = """
        enabled = true
        endpoint = "https://collector:4318/x"
        protocol = "http/protobuf"
        headers = { "api-key" = "${KEY}" }
        service_name = "shop"
        resource = { "deployment.environment.name" = "test", replicas = 3, share = 0.5, spot = true }
        compression = "gzip"
        timeout = "3s"
        certificate = "ca.pem"
        client_certificate = "client.pem"
        client_key = "client.key"
        sampler = "parentbased_traceidratio"
        sample_ratio = 0.1
        traces = true
        logs = false
        metrics = true
        metrics_interval.seconds = 30
        level = "warn,app=off"
        shutdown_timeout = "1s"
    """
    found = load(table, tmp_path)
    assert (found.protocol, found.compression, found.sampler) == (Protocol.HTTP, Compression.GZIP, Sampler.PARENT_RATIO)
    assert found.headers == {"api-key": "abc"}
    assert found.resource == {"deployment.environment.name": "test", "replicas": 3, "share": 0.5, "spot": True}
    assert [type(value) for value in found.resource.values()] == [str, int, float, bool]
    assert found.certificate == tmp_path / "ca.pem"
    assert (found.metrics_interval, found.logs) == (Duration(seconds=30), False)


def test_a_table_of_the_other_implementation_is_understood(tmp_path: Path):
    table = 'enabled = true\nlevel = "info,app=debug"\nservice_name = "obelisk-server"\notlp_endpoint = "http://localhost:4317"'
    assert load(table, tmp_path).address == "http://localhost:4317"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('endpiont = "http://x"', "`otlp.endpiont`: unknown key, did you mean `otlp.endpoint`?"),
        ('endpoint = "http://a"\notlp_endpoint = "http://b"', "`endpoint` and `otlp_endpoint` are the same"),
        ('endpoint = ""', "`endpoint`: expected a URL such as `http://localhost:4317`, found ''"),
        ('endpoint = "http://"', "`endpoint`: expected a URL"),
        ('endpoint = "http://x:port"', "`endpoint`: expected a URL"),
        ('endpoint = "http://x:0"', "`endpoint`: expected a URL"),
        ('endpoint = "unix:///x"', "`endpoint`: expected a URL"),
        ('endpoint = "http://[::1"', "`endpoint`: expected a URL"),
        ('endpoint = "http://x/?key=1"', "`endpoint`: expected a URL such as `http://localhost:4317` without `?`"),
        ('endpoint = "http://x\\n"', "`endpoint`: expected a URL such as `http://localhost:4317`, found 'http://x\\n'"),
        ('otlp_endpoint = "http://me:secret@x"', "`otlp_endpoint`: expected a URL"),
        ('protocol = "http/json"', "`otlp.protocol`: expected"),
        ('headers = { "a b" = "c" }', "`headers`: 'a b' cannot be the name of a header"),
        ('headers = { key = "a\\nb" }', "`headers`: the value of `key` has the character '\\n' at position 2"),
        ('headers = { key = "\\u0000" }', "`headers`: the value of `key` has the character '\\x00'"),
        ('headers = { key = "ä" }', "`headers`: the value of `key` has the character '\\xe4'"),
        ('headers = { Content-Type = "x" }', "`headers`: the header `Content-Type` is set by the protocol"),
        ("headers = { key = 1 }", "`otlp.headers.key`: expected"),
        ('service_name = " "', "`service_name`: expected a name"),
        ("resource = { a = [1] }", "`otlp.resource.a`: expected"),
        ('compression = "zip"', "`otlp.compression`: expected"),
        ('timeout = "0s"', "`timeout`: expected more than nothing"),
        ('shutdown_timeout = "0s"', "`shutdown_timeout`: expected more than nothing"),
        ('metrics_interval = "1ms"', "`metrics_interval`: expected at least 1 s"),
        ('sampler = "sometimes"', "`otlp.sampler`: expected"),
        ("sample_ratio = 1.1", "`sample_ratio`: expected a number from 0.0 to 1.0, found 1.1"),
        ("sample_ratio = nan", "`sample_ratio`: expected a number from 0.0 to 1.0"),
        ('level = "loud"', "`level`: expected a level"),
        ('client_key = "x"', "`client_certificate` and `client_key`: expected both or none"),
        ('insecure = true\nendpoint = "https://x"', "`insecure`: expected it with `host:port`"),
    ],
)
def test_what_cannot_be_is_told_with_its_key(table: str, message: str, tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load(table, tmp_path)
    assert "otlp" in str(caught.value)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
