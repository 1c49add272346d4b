"""What the guides to guests show is what the examples, which are built and run, hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = {"python-guests.md": "python", "javascript-guests.md": "js"}
LANGUAGES = {"wit": "*.wit", "python": "*.py", "js": "*.js", "toml": "obelisk.toml"}


def blocks() -> list[tuple[str, str, str]]:
    """Return guide, language and text of each block of source."""
    found = []
    for guide in GUIDES:
        text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
        matches = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
        found += [(guide, language, block) for language, block in matches]
    return found


@pytest.mark.parametrize(("guide", "language", "block"), blocks())
def test_each_block_of_source_is_part_of_the_example(guide: str, language: str, block: str) -> None:
    directory = ROOT / "examples" / GUIDES[guide]
    files = [path.read_text(encoding="utf-8") for path in directory.rglob(LANGUAGES[language])]
    assert any(block in text for text in files)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_shows_every_kind_of_source(guide: str) -> None:
    shown = {language for name, language, _ in blocks() if name == guide}
    assert shown == {"wit", "toml", GUIDES[guide]}
