"""The generated sample of every key."""

from __future__ import annotations

import re
import tomllib

from msgspec import convert
from msgspec.structs import fields, replace

from obelisk.config.model import KernelSettings, SecretSettings
from obelisk.config.sample import key_descriptions, sample_config
from obelisk.interfaces.sandbox import AllowedHost, OutboundHost
from obelisk.plugins import Plugins
from obelisk.wasm.wasi.http.policy import AllowLists
from obelisk.wasm.wasi.http.target import parse_target

KEY = re.compile(r"^# (?=[\w]+ = |\[)", re.MULTILINE)


def test_the_sample_means_what_an_empty_file_means(load, catalog):
    assert load(sample_config(catalog)) == load()


def test_every_key_can_be_switched_on(load, catalog):
    config = load(KEY.sub("", sample_config(catalog)), storage="store")
    assert [entry.provider.table for entry in config.components] == ["activity_wasm", "workflow_wasm"]


def test_switched_on_keys_have_the_default_values(load, catalog):
    config, default = load(KEY.sub("", sample_config(catalog))), load()
    assert config.store == default.store
    assert config.kernel.wasm == default.kernel.wasm
    assert replace(config.kernel.api, tls=None) == default.kernel.api


def test_every_key_of_the_kernel_is_described():
    def described(settings):
        return {key.name for key in fields(settings) if hasattr(key.type, "__struct_fields__")} | {
            *key_descriptions(settings)
        }

    tables = [KernelSettings, *(field.type for field in fields(KernelSettings) if is_table(field)), SecretSettings]
    undescribed = [
        f"{table.__name__}.{key.name}" for table in tables for key in fields(table) if key.name not in described(table)
    ]
    assert undescribed == []


def is_table(field):
    return hasattr(field.type, "__struct_fields__")


def test_a_table_of_names_shows_what_a_name_holds(catalog):
    assert "[secrets]\n## `env`: the variable" in sample_config(catalog)
    assert '\n# NAME = { env = "..." }\n' in sample_config(catalog)


def test_a_description_may_have_two_lines(catalog):
    assert "## A choice that is told in two lines.\n" in sample_config(catalog)


def test_the_sample_shows_a_pair_of_hosts_that_lets_a_request_pass():
    shown = [
        part
        for part in sample_config(Plugins.load()).split("\n\n")
        if "# [[outbound_http.allowed_host]]" in part or "# [[activity_wasm.allowed_host]]" in part
    ]
    operator, component = (tomllib.loads(KEY.sub("", part)) for part in shown)
    lists = AllowLists(
        convert(component["activity_wasm"]["allowed_host"], list[AllowedHost]),
        convert(operator["outbound_http"]["allowed_host"], list[OutboundHost]),
    )
    assert lists.check(parse_target("GET", "http", "127.0.0.1:8080", "/any?query")).is_named
