"""What the operator of a server lets components run outside of a sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from obelisk.errors import ComponentError

KEY = "allow_exec_activities"


class ExecPermission(Struct, frozen=True):
    """The key ``allow_exec_activities``; ``ComponentHost.service(ExecPermission)`` returns it.

    A component kind that starts programs of the machine asks ``check`` before it opens a component. ``allowed`` is true when
    every component may, else it holds the digests of those that may by their names.
    """

    allowed: bool | Mapping[str, str] = False

    def check(self, name: str, digest: str) -> None:
        """Raise ``ComponentError``, with the line that would allow it, unless the component may run programs."""
        if self.allowed is True:
            return
        digests: Mapping[str, str] = self.allowed or {}
        allowed = digests.get(name)
        if allowed == digest:
            return
        line = f"{json.dumps(name)} = {json.dumps(digest)}"
        if allowed is not None:
            raise ComponentError(
                f"component `{name}` has the digest {digest}, but `{KEY}` allows {allowed}; if what it runs was meant to "
                f"change, write `{line}` there"
            )
        place = f"write `{line}` into `{KEY}`" if digests else f"write `{KEY}.{line}` above the first table"
        raise ComponentError(
            f"component `{name}` runs a program outside of a sandbox, which `{KEY}` does not allow; its digest is "
            f"{digest}; to allow it, {place} of the configuration"
        )
