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
from tests.docs.fences import Language, blocks_of

PLUGIN = Path(__file__).resolve().parents[1]
README = PLUGIN / "README.md"
TABLES = [
    table
    for page in (README, PLUGIN.parents[1] / "docs" / "how-to" / "otlp.md")
    for table in blocks_of(page, Language.TOML)
]


@pytest.mark.parametrize("table", TABLES)
def test_each_table_makes_a_plan(table: str, tmp_path: Path):
    environ = {"HOME": str(tmp_path), "OTLP_KEY": "abc"}
    config = config_from_text(table, plugins=Plugins.load(environ={}), base=tmp_path, environ=environ)
    (chosen,) = config.exporters
    assert isinstance(chosen.settings, OtlpSettings)
    assert make_plan(chosen.settings, Variables({}), Server("0", "id", "host", 1)).targets


def test_the_readme_names_modules_that_exist():
    rows = re.findall(r"^\| (`.*?) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert names
    assert not [name for name in names if not (PLUGIN / "obelisk_otlp" / f"{name}.py").is_file()]
