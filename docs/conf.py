"""How Sphinx makes a site of these pages: ``make docs``. A warning, such as a link that leads nowhere, is an error."""

from __future__ import annotations

from typing import Any

from pygments.lexers.special import TextLexer

project = "Obelisk for Python"
author = "the authors of Obelisk for Python"
root_doc = "contents"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["adr/README.md"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
nitpicky = True


def setup(app: Any) -> None:
    """Name what Pygments has no lexer for, or none that knows components."""
    for language in ("wit", "wat"):
        app.add_lexer(language, TextLexer)
