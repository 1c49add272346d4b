"""The check of the installed wasmtime."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError
from obelisk.wasm import binding


def test_the_installed_wasmtime_is_the_one_that_is_expected():
    binding.self_check()


def test_another_size_of_a_value_is_an_error(monkeypatch):
    monkeypatch.setitem(binding._EXPECTED_SIZES, "wasmtime_component_val_t", 40)
    with pytest.raises(ComponentError, match="`wasmtime_component_val_t` has 32 bytes, expected 40"):
        binding.self_check()


def test_another_tag_is_an_error(monkeypatch):
    monkeypatch.setitem(binding._EXPECTED_KINDS, "WASMTIME_COMPONENT_RECORD", 99)
    with pytest.raises(ComponentError, match="`WASMTIME_COMPONENT_RECORD` is 14, expected 99"):
        binding.self_check()


@pytest.mark.parametrize("version", ["49.0.0", "51.2.3"])
def test_another_major_version_is_an_error_that_says_what_to_install(monkeypatch, version):
    monkeypatch.setattr(binding, "VERSION", version)
    with pytest.raises(ComponentError, match=rf"wasmtime {version} is installed, expected 50\.x; pip install"):
        binding.self_check()


def test_a_symbol_that_is_not_there_is_an_error():
    with pytest.raises(ComponentError, match="lacks `wasmtime_does_not_exist`"):
        binding._quick("wasmtime_does_not_exist", None)


def test_an_error_is_taken_with_its_text():
    assert binding.take_error(binding.error_new("ä message".encode())) == "ä message"


def test_of_a_long_error_the_beginning_and_the_end_are_taken():
    found = binding.take_error(binding.error_new(b"start" + b"x" * 10_000_000 + b"end"))
    assert len(found) < 2 * binding.MAX_ERROR_LENGTH
    assert found.startswith("start")
    assert "bytes are left out" in found
    assert found.endswith("end")
