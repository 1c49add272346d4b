"""JSON values, for plugins that read or write them; ``obelisk.core.values`` tells which values a WIT type has."""

from __future__ import annotations

from obelisk.core.values import check_value, parse_json

__all__ = ["check_value", "parse_json"]
