"""Which component of a server exports a function now."""

from __future__ import annotations

from obelisk.api.convert.basics import function_of
from obelisk.cli.connection import Connection
from obelisk.names import Ffqn


def exporting_digests(connection: Connection) -> dict[Ffqn, str]:
    """Return each function that a component of the server exports, and the digest of that component."""
    return {
        function_of(detail.function_name): component.component_id.digest.digest
        for component in connection.components(extensions=False)
        for detail in component.exports
    }
