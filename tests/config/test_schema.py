"""The JSON Schema of a configuration: it takes what the loader takes, and refuses what has the wrong form."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from jsonschema import Draft7Validator
from msgspec import Meta, Struct

from obelisk.config.load import config_from_text
from obelisk.config.sample import sample_config
from obelisk.config.schema import config_schema, schema_text
from obelisk.errors import ConfigError
from obelisk.interfaces.provider import Provider
from obelisk.plugins import Plugins
from obelisk.registry import Offer, Registry

ROOT = Path(__file__).resolve().parents[2]
KEY = re.compile(r"^# (?=[\w]+ = |\[)", re.MULTILINE)
SAMPLES = ("obelisk.toml", "examples/python/obelisk.toml", "examples/js/obelisk.toml")
WORKFLOW = '[[workflow_wasm]]\nname = "w"\nlocation = "w.wasm"\n'
ACTIVITY = '[[activity_wasm]]\nname = "a"\nlocation = "a.wasm"\n'


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins.load(environ={})


@pytest.fixture(scope="module")
def validator(plugins: Plugins) -> Draft7Validator:
    schema = config_schema(plugins)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def problems(validator: Draft7Validator, toml: str) -> list[str]:
    return [error.message for error in validator.iter_errors(tomllib.loads(toml))]


def test_every_configuration_of_the_repository_is_in_the_list():
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "examples").rglob("obelisk.toml")} | {"obelisk.toml"}
    assert found == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_configuration_of_the_repository_fits_and_names_the_schema(validator: Draft7Validator, name: str):
    text = (ROOT / name).read_text()
    assert problems(validator, text) == []
    named = re.match(r"#:schema (.*)\n", text)
    assert named is not None
    assert ((ROOT / name).parent / named[1]).resolve() == ROOT / "obelisk.schema.json"


@pytest.mark.parametrize("switched_on", [False, True])
def test_the_generated_configuration_fits(validator: Draft7Validator, plugins: Plugins, switched_on: bool):
    text = sample_config(plugins)
    # A few keys exclude each other, or are examples of what has no default.
    assert problems(validator, KEY.sub("", text) if switched_on else text) == []


@pytest.mark.parametrize(
    "toml",
    [
        'server.shutdown_timeout = "1h 30m"',
        "server.shutdown_timeout = { seconds = 1.5 }",
        'server.shutdown_timeout = "${TIMEOUT:-30s}"',
        'api.max_request_size = "1.5 mib"',
        "api.max_request_size = 17",
        'wasm.fuel = "unlimited"',
        "wasm.fuel = 5",
        "allow_exec_activities = true",
        f'allow_exec_activities = {{ a = "sha256:{"0" * 64}" }}',
        f'{WORKFLOW}blocking_strategy = "interrupt"',
        f'{WORKFLOW}blocking_strategy = {{ kind = "await", non_blocking_event_batching = 5 }}',
        f'{WORKFLOW}forward_stdout = "${{FORWARD:-db}}"',
        f"{ACTIVITY}exec.lock_expiry.seconds = 5",
        f"{ACTIVITY}retry_jitter = 1",
        'secrets.KEY = { env = "HOME" }',
    ],
)
def test_what_the_loader_takes_fits(validator: Draft7Validator, plugins: Plugins, toml: str):
    config_from_text(toml, plugins=plugins, base=ROOT, environ={"HOME": "/h"})
    assert problems(validator, toml) == []


@pytest.mark.parametrize(
    "toml",
    [
        "unknown = 1",
        "[unknown]",
        "[workflows]\nhot_limt = 1",
        'workflows.hot_limit = "1"',
        "workflows = 1",
        "workflows.run_ahead = 1",
        "server.shutdown_timeout = 1",
        'server.shutdown_timeout = "1 fortnight"',
        "server.shutdown_timeout = { seconds = 1, minutes = 1 }",
        "server.shutdown_timeout = { seconds = -1 }",
        "server.shutdown_timeout = { weeks = 1 }",
        "server.shutdown_timeout = {}",
        'api.max_request_size = "5IB"',
        "api.max_request_size = -1",
        'api.token_hashes = ["secret"]',
        'api.token_hashes = "sha256:0"',
        'api.tls = { certificate = "c.pem" }',
        'storage.use = "nothing"',
        "plugins.disabled = [1]",
        'wasm.fuel = "none"',
        "secrets.KEY = 1",
        "secrets.KEY = {}",
        '[workflow_wasm]\nname = "w"\nlocation = "w.wasm"',
        '[[workflow_wasm]]\nname = "w"',
        f"{WORKFLOW}max_retries = 1",
        f'{WORKFLOW}blocking_strategy = "wait"',
        f'{WORKFLOW}forward_stdout = "nowhere"',
        f'{WORKFLOW}exec.locking_strategy = "by_luck"',
        f"{ACTIVITY}retry_jitter = true",
        f"{ACTIVITY}[[activity_wasm.allowed_host]]\nmethods = []",
        "[[activity_stub]]\nffqn = 1",
        "[[sqlite]]",
        'sqlite.directory = ""',
        "otlp.unknown = 1",
    ],
)
def test_what_has_the_wrong_form_is_refused_by_both(validator: Draft7Validator, plugins: Plugins, toml: str):
    with pytest.raises(ConfigError):
        config_from_text(toml, plugins=plugins, base=ROOT, environ={"HOME": "/h"})
    assert problems(validator, toml) != []


def test_a_key_is_described_and_has_its_default(plugins: Plugins):
    schema = config_schema(plugins)
    key = schema["definitions"]["ServerSettings"]["properties"]["shutdown_timeout"]
    assert key["description"].startswith("How long running activities may go on")
    assert key["default"] == "10s"
    assert schema["properties"]["storage"]["description"] == "Where logs are kept."
    assert schema["properties"]["sqlite"]["description"].endswith("(the storage `sqlite`)")


class Unusual(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of types that the kernel has no use for."""

    when: datetime | None = None
    day: date = date(2026, 1, 1)
    long: timedelta = timedelta(days=1)
    many: frozenset[int] = frozenset({1})
    exact: Decimal = Decimal("1.5")
    few: Annotated[int, Meta(ge=1)] = 1
    some: Any = None
    parts: list = []
    table: dict = {}


def test_settings_of_unusual_types_may_hold_anything(tmp_path: Path):
    provider = Provider("unusual", "Takes signals.", Unusual, None)
    plugins = Plugins.load(environ={})
    plugins.exporters = Registry("exporter", [Offer("unusual", provider, "a test")], hint=plugins.hint)
    toml = 'unusual = { when = 2026-01-01T00:00:00Z, many = [2], exact = "1", parts = [1], table.a = 1 }'
    config_from_text(toml, plugins=plugins, base=ROOT, environ={"HOME": "/h"})
    schema = json.loads(schema_text(plugins))
    taken = tomllib.loads(toml)["unusual"] | {"when": "2026-01-01T00:00:00Z"}
    assert list(Draft7Validator(schema).iter_errors({"unusual": taken})) == []
    assert "[unusual]" in sample_config(plugins)


class Nested(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings that hold settings like them."""

    inner: Nested | None = None


def test_settings_may_hold_settings_like_them(plugins: Plugins):
    provider = Provider("nested", "Takes signals.", Nested, None)
    loaded = Plugins.load(environ={})
    loaded.exporters = Registry("exporter", [Offer("nested", provider, "a test")], hint=plugins.hint)
    nested = Draft7Validator(config_schema(loaded))
    assert problems(nested, "nested.inner.inner = {}") == []
    assert problems(nested, "nested.inner.inner.inner = 1") != []


def test_every_table_of_every_plugin_is_there(plugins: Plugins):
    properties = config_schema(plugins)["properties"]
    assert {"sqlite", "oci", "otlp", "http_server", "webhook_endpoint_wasm", "cron", "activity_stub"} <= set(properties)
