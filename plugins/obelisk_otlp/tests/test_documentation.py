"""What the documentation shows is valid, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from obelisk_otlp.planning import Server, make_plan
from obelisk_otlp.settings import OtlpSettings
from obelisk_otlp.variables import Variables

from obelisk.config.load import config_from_text
from obelisk.plugins import Plugins

PLUGIN = Path(__file__).resolve().parents[1]
PAGES = {
    "readme": (PLUGIN / "README.md").read_text(encoding="utf-8"),
    "how-to": (PLUGIN.parents[1] / "docs" / "how-to" / "otlp.md").read_text(encoding="utf-8"),
}
TABLES = [table for page in PAGES.values() for table in re.findall(r"```toml[^\n]*\n(.*?)```", page, re.DOTALL)]


@pytest.mark.parametrize("table", TABLES)
def test_each_table_makes_a_plan(table: str, tmp_path: Path):
    environ = {"HOME": str(tmp_path), "OTLP_KEY": "abc"}
    config = config_from_text(table, plugins=Plugins.load(environ={}), base=tmp_path, environ=environ)
    (chosen,) = config.exporters
    assert isinstance(chosen.settings, OtlpSettings)
    assert make_plan(chosen.settings, Variables({}), Server("0", "id", "host", 1)).targets


def test_the_readme_names_modules_that_exist():
    rows = re.findall(r"^\| (`.*?) \|", PAGES["readme"], re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert names
    assert not [name for name in names if not (PLUGIN / "obelisk_otlp" / f"{name}.py").is_file()]
