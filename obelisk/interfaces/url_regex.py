"""Regular expressions for method and URL, kept from taking for ever.

An expression tries one way after another, and whoever sends requests chooses the URL: ``(a+)+`` can be kept busy for
years. So what is matched is bounded in length, and the matching in time; what exceeds either does not match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regex import Pattern

MAX_REGEX_LENGTH: Final = 1000
MAX_MATCHED: Final = 8192
"""Characters of method and URL; what is longer matches nothing."""
MATCH_SECONDS: Final = 0.1


def compile_url_regex(text: str) -> Pattern[str]:
    """Return the expression; raise ``ValueError`` for what is none."""
    import regex

    if len(text) > MAX_REGEX_LENGTH:
        raise ValueError(f"expected at most {MAX_REGEX_LENGTH} characters, found {len(text)}")
    try:
        return regex.compile(text)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"expected a regular expression, found `{text}`: {error}") from error


def matches_all(pattern: Pattern[str], text: str) -> bool:
    """Tell whether the whole of ``text`` matches, and was found to within the bounds."""
    if len(text) > MAX_MATCHED:
        return False
    try:
        return pattern.fullmatch(text, timeout=MATCH_SECONDS) is not None
    except TimeoutError:
        return False
