"""Which schema a database has, and how it is brought to the one that is known here.

``PRAGMA application_id`` says that a database is Obelisk's, ``PRAGMA user_version`` which schema it has. Both are part
of the transaction that makes the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.errors import SchemaVersionError

if TYPE_CHECKING:
    from sqlite_utils.migrations import Migrations


class Schema(Struct, frozen=True):
    """The tables of one kind of database.

    ``migrations`` returns the steps from an empty database to ``version``; each is applied once and never edited.
    """

    application_id: int
    version: int
    migrations: Callable[[], Migrations]


def found_version(connection: sqlite3.Connection, path: Path, *, schema: Schema) -> int:
    """Return the schema version of a database, 0 when it is empty.

    Raises ``SchemaVersionError`` when the database is another program's or has a newer schema, without writing to it.
    """
    application, version, tables = _identity(connection)
    if application != schema.application_id and (tables or application or version):
        raise SchemaVersionError(
            f"the database `{path}` has another schema (version {version}, tables {', '.join(tables[:3]) or 'none'}), "
            f"expected schema version {schema.version} of obelisk-sqlite; choose another `directory` in `[sqlite]`"
        )
    if version > schema.version:
        raise SchemaVersionError(
            f"the database `{path}` has schema version {version}, this obelisk-sqlite knows {schema.version}; "
            "use the newer version of obelisk-sqlite that wrote it"
        )
    return version


def _identity(connection: sqlite3.Connection) -> tuple[int, int, list[str]]:
    # One transaction, since another process may be making the tables right now.
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    if alone:
        connection.execute("COMMIT")
    return application, version, [name for (name,) in tables]


def migrate(connection: sqlite3.Connection, path: Path, *, schema: Schema) -> None:
    """Bring a database to the version of ``schema`` in one transaction; another process may do the same at once.

    Raises ``SchemaVersionError`` and ``sqlite3.Error``; then nothing was changed.
    """
    if found_version(connection, path, schema=schema) == schema.version:
        return
    from sqlite_utils import Database

    database = Database(connection, execute_plugins=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if found_version(connection, path, schema=schema) < schema.version:
            schema.migrations().apply(database)
            connection.execute(f"PRAGMA application_id = {schema.application_id}")
            connection.execute(f"PRAGMA user_version = {schema.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
