"""What goes wrong with sending."""

from __future__ import annotations

from obelisk.errors import ObeliskError


class SendingError(ObeliskError):
    """The process that sends takes nothing at present."""
