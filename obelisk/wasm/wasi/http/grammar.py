"""What RFC 9110 lets stand in a message, where more than one module has to look."""

from __future__ import annotations

import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method, or the name of a field (sections 5.1, 5.6.2 and 9.1)."""
FIELD_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""The value of a field (section 5.5): no line break, and no control character but the tab."""
