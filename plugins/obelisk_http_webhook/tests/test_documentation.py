"""What the guide and the README show works."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.fences import Language, blocks_of

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "how-to" / "webhooks.md"
README = Path(__file__).resolve().parents[1] / "README.md"
HEAD = 'storage.use = "memory"\n'


def toml_of(page: Path) -> str:
    """Return all configuration that a page shows, with a free port."""
    return "\n".join(blocks_of(page, Language.TOML)).replace("127.0.0.1:9090", "127.0.0.1:0")


async def test_the_configuration_of_the_guide_does_what_it_says(serving, tables):
    toml = toml_of(GUIDE) + tables.fibo()
    async with serving(toml, head=HEAD, server="", GITHUB_WEBHOOK_SECRET="x") as served:
        answer = await served.ask("/fibo/10", method="POST", body=b'{"iterations": 2}')
        assert (answer.status, json.loads(answer.text)) == (200, 55)
        assert (await served.ask("/wat/9/1")).text == "fiboa(9, 1) = 34\n"
        assert (await served.ask("/pushed", method="POST", body=b"{}")).status == 401


async def test_the_configuration_of_the_readme_does_what_it_says(serving, tables):
    async with serving(toml_of(README) + tables.fibo()) as served:
        answer = await served.ask("/fibo/10", method="POST", body=b'{"iterations": 2}')
        assert answer.text == "55"
