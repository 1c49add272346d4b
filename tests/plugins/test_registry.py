"""Providers by name."""

from __future__ import annotations

import pytest

from obelisk.errors import PluginError
from obelisk.registry import Offer, Registry


def registry(*names: str, hint: str = "") -> Registry[str]:
    offers = [Offer(name, name.upper(), f"plugin {index}") for index, name in enumerate(names)]
    return Registry("thing", offers, hint=lambda name: hint)


def test_a_provider_is_returned_by_name():
    assert registry("a", "b").get("b") == "B"


def test_a_missing_provider_is_an_error_with_the_hint():
    with pytest.raises(PluginError, match=r"no thing is named `c` \(installed: a, b\); try harder"):
        registry("a", "b", hint="; try harder").get("c")


def test_finding_nothing_is_no_error():
    assert registry("a").find("c") is None


def test_a_name_can_be_offered_once():
    with pytest.raises(PluginError, match="the thing `a` is offered twice, by plugin 0 and by plugin 1"):
        registry("a", "a")


def test_iterating_keeps_the_order():
    assert list(registry("b", "a")) == ["B", "A"]
    assert len(registry("b", "a")) == 2


def test_who_offers_a_provider_is_known():
    assert registry("a", "b").offered_by("b") == "plugin 1"
