"""What the documentation shows runs."""

from __future__ import annotations

from pathlib import Path

from obelisk.interfaces.components import Returned
from tests.docs.fences import Language, blocks_of

PLUGIN = Path(__file__).resolve().parents[1]
README = PLUGIN / "README.md"
HOW_TO = PLUGIN.parents[1] / "docs" / "how-to" / "exec-activities.md"


async def test_the_script_of_the_readme_adds(open_exec):
    table = blocks_of(README, Language.TOML)[0].partition("\n")[2]
    async with open_exec(table) as add:
        assert await add.run(40, 2) == Returned({"ok": 42})


async def test_the_script_of_the_how_to_counts(open_exec, tmp_path):
    (tmp_path / "count.sh").write_text(blocks_of(HOW_TO, Language.SH)[0])
    async with open_exec(blocks_of(HOW_TO, Language.TOML)[0], base=tmp_path) as count:
        assert await count.run("three short words") == Returned({"ok": 3})


async def test_the_tables_of_the_how_to_with_a_secret_are_valid(open_exec):
    (table,) = [block for block in blocks_of(HOW_TO, Language.TOML) if "[secrets]" in block]
    async with open_exec(table, MAIL_PASSWORD="hunter2") as send:
        assert send.activity.component.id.name == "mail.send"
