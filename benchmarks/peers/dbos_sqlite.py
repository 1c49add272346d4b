"""DBOS on SQLite as it comes: the file has the journal mode that SQLite gives to a new one."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.dbos import DbosOnSqlite

PEER: Final = DbosOnSqlite("dbos-sqlite", journal_mode="delete", summary="SQLite as it comes")
