"""What the documentation shows runs."""

from __future__ import annotations

import re
from pathlib import Path

from obelisk.interfaces.components import Returned

PLUGIN = Path(__file__).resolve().parents[1]
README = (PLUGIN / "README.md").read_text(encoding="utf-8")
HOW_TO = (PLUGIN.parents[1] / "docs" / "how-to" / "exec-activities.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\b[^\n]*\n(.*?)```", text, re.DOTALL)


async def test_the_script_of_the_readme_adds(open_exec):
    table = blocks(README, "toml")[0].partition("\n")[2]
    async with open_exec(table) as add:
        assert await add.run(40, 2) == Returned({"ok": 42})


async def test_the_script_of_the_how_to_counts(open_exec, tmp_path):
    (tmp_path / "count.sh").write_text(blocks(HOW_TO, "sh")[0])
    async with open_exec(blocks(HOW_TO, "toml")[0], base=tmp_path) as count:
        assert await count.run("three short words") == Returned({"ok": 3})


async def test_the_tables_of_the_how_to_with_a_secret_are_valid(open_exec):
    (table,) = [block for block in blocks(HOW_TO, "toml") if "[secrets]" in block]
    async with open_exec(table, MAIL_PASSWORD="hunter2") as send:
        assert send.activity.component.id.name == "mail.send"
