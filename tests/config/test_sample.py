"""The generated sample of every key."""

from __future__ import annotations

import re

from msgspec.structs import fields

from obelisk.config.model import KernelSettings
from obelisk.config.sample import key_descriptions, sample_config

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
    assert config.kernel.api == default.kernel.api


def test_every_key_of_the_kernel_is_described():
    undescribed = [
        f"{table.name}.{key.name}"
        for table in fields(KernelSettings)
        for key in fields(table.type)
        if key.name not in key_descriptions(table.type) and not hasattr(key.type, "__struct_fields__")
    ]
    assert undescribed == []


def test_a_description_may_have_two_lines(catalog):
    assert "## A choice that is told in two lines.\n" in sample_config(catalog)
