"""DBOS on SQLite with a file that was set to WAL before: its fastest on SQLite."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.dbos import DbosOnSqlite

PEER: Final = DbosOnSqlite("dbos-sqlite-wal", journal_mode="wal", summary="SQLite with its file set to WAL beforehand")
