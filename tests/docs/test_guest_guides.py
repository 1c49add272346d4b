"""What the guides to guests show is what the examples, which are built and run, hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.fences import fences_of

ROOT = Path(__file__).resolve().parents[2]
GUIDES = {"python-guests.md": "python", "javascript-guests.md": "js"}
LANGUAGES = {"wit": "*.wit", "python": "*.py", "js": "*.js", "toml": "obelisk.toml"}


def blocks() -> list[tuple[str, str, str]]:
    """Return guide, language and text of each block of source."""
    pages = [(guide, ROOT / "docs" / "how-to" / guide) for guide in GUIDES]
    return [(guide, fence.language, fence.text) for guide, page in pages for fence in fences_of(page) if fence.language]


@pytest.mark.parametrize(("guide", "language", "block"), blocks())
def test_each_block_of_source_is_part_of_the_example(guide: str, language: str, block: str) -> None:
    directory = ROOT / "examples" / GUIDES[guide]
    files = [path.read_text(encoding="utf-8") for path in directory.rglob(LANGUAGES[language])]
    assert any(block in text for text in files)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_shows_every_kind_of_source(guide: str) -> None:
    shown = {language for name, language, _ in blocks() if name == guide}
    assert shown == {"wit", "toml", GUIDES[guide]}
