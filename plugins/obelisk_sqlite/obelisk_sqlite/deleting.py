"""Deleting trees of executions, part by part, each part in the transaction that is open.

Theory of operation
    ``find`` reads which trees have finished. That is so for good, so no later part has to look at the whole tree again. But
    another process may delete a tree meanwhile, and somebody create its top-level execution anew: a ``Tree`` remembers which
    row it is about, and a part that finds another one there leaves it alone.

    ``delete_part`` goes through a tree from the end of the order of ids, in which everything comes after what it is below.
    An execution goes with the response that its parent got from it, since that response has its result in the execution's
    log. The log of an execution that is too long for one part loses its middle first: its beginning and its end are what
    others look at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from obelisk.ids import LEVEL_SEPARATOR, ExecutionId, is_top_level

PART_ROWS = 500
"""About how many rows of logs and responses one part deletes."""

_AFTER_TREE = chr(ord(LEVEL_SEPARATOR) + 1)
_ROOT = "SELECT id, created_at FROM t_state WHERE execution_id = ?"
_TREE = "FROM t_state INDEXED BY sqlite_autoindex_t_state_1 WHERE execution_id >= ? AND execution_id < ?"
_UNFINISHED = f"SELECT execution_id {_TREE} AND +status <> 'finished' LIMIT 1"
_LAST = f"SELECT id, execution_id, next_version, cursor, status {_TREE} ORDER BY execution_id DESC LIMIT ?"
_THIN = (
    """DELETE FROM t_execution_log WHERE id IN (
        SELECT id FROM t_execution_log WHERE execution = ?1 AND version BETWEEN 1 AND ?2 LIMIT ?3)""",
    """DELETE FROM t_join_set_response WHERE execution = ?1 AND cursor IN (
        SELECT cursor FROM t_join_set_response WHERE execution = ?1 AND cursor <= ?2 LIMIT ?3)""",
)
_CHILD_RESPONSES = """DELETE FROM t_join_set_response
    WHERE child_execution_id IN (SELECT value FROM json_each(?)) AND child_execution_id IS NOT NULL"""
_REMOVE = tuple(
    f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"
    for table, column in (
        ("t_execution_log", "execution"),
        ("t_join_set_response", "execution"),
        ("t_join_set", "execution"),
        ("t_delay", "execution"),
        ("t_state", "id"),
    )
)


class Tree(Struct, frozen=True):
    """A tree that has finished: its top, with the number and the time that tell it from a later one of the same id."""

    root: ExecutionId
    number: int
    created_at: int


class Found(Struct, frozen=True):
    """Trees that have finished, and an execution that has not of each of the others."""

    trees: tuple[Tree, ...]
    unfinished: tuple[ExecutionId, ...]


class Part(Struct, frozen=True):
    """The executions that a part deleted, and how many trees, from the first on, are gone with it."""

    executions: tuple[ExecutionId, ...]
    trees: int


class _Last(Struct, frozen=True):
    """An execution below which nothing is left; ``rows`` is about how many belong to it."""

    number: int
    execution_id: ExecutionId
    next_version: int
    cursor: int
    status: str

    @property
    def rows(self) -> int:
        return self.next_version + self.cursor + 1


def find(connection: sqlite3.Connection, roots: Sequence[ExecutionId]) -> Found:
    """Look which of the trees below ``roots`` may be deleted; those that are not there are left out."""
    trees, unfinished = [], []
    for root in filter(is_top_level, dict.fromkeys(roots)):
        row = connection.execute(_ROOT, (root,)).fetchone()
        if row is None:
            continue
        open_one = connection.execute(_UNFINISHED, _bounds(root)).fetchone()
        if open_one is None:
            trees.append(Tree(root, *row))
        else:
            unfinished.append(ExecutionId(open_one[0]))
    return Found(tuple(trees), tuple(unfinished))


def delete_part(connection: sqlite3.Connection, trees: Sequence[Tree]) -> Part:
    """Delete about ``PART_ROWS`` rows of ``trees``, at least something."""
    doomed: list[_Last] = []
    gone, room = 0, PART_ROWS
    for tree in trees:
        found = _last(connection, tree, limit=room)
        taken = list(_fitting(found, room, always_one=not doomed))
        doomed += taken
        room -= sum(each.rows for each in taken)
        if len(taken) < len(found) or (taken and taken[-1].execution_id != tree.root):
            break
        gone += 1
    if len(doomed) == 1 and not _is_thin(connection, doomed[0]):
        return Part((), 0)
    _remove(connection, doomed)
    return Part(tuple([each.execution_id for each in doomed]), gone)


def _fitting(found: Sequence[_Last], room: int, *, always_one: bool) -> Iterator[_Last]:
    for each in found:
        room -= each.rows
        if room < 0 and not always_one:
            return
        yield each
        always_one = False


def _last(connection: sqlite3.Connection, tree: Tree, *, limit: int) -> list[_Last]:
    """Return the last executions of a tree; none when it is not there, or is another one by now."""
    if connection.execute(_ROOT, (tree.root,)).fetchone() != (tree.number, tree.created_at):
        return []
    found = [_Last(*row) for row in connection.execute(_LAST, (*_bounds(tree.root), max(limit, 1)))]
    # Nothing unfinished can be there. Should it be, it is not to be lost.
    return found if all(each.status == "finished" for each in found) else []


def _is_thin(connection: sqlite3.Connection, last: _Last) -> bool:
    """Delete the middle of a long log; tell whether nothing is left of it."""
    if last.rows <= PART_ROWS:
        return True
    ends = (last.next_version - 2, last.cursor)
    return all(
        connection.execute(statement, (last.number, end, PART_ROWS)).rowcount < PART_ROWS
        for statement, end in zip(_THIN, ends, strict=True)
    )


def _remove(connection: sqlite3.Connection, doomed: Sequence[_Last]) -> None:
    ids = msgspec.json.encode([each.execution_id for each in doomed]).decode()
    connection.execute(_CHILD_RESPONSES, (ids,))
    numbers = msgspec.json.encode([each.number for each in doomed]).decode()
    for statement in _REMOVE:
        connection.execute(statement, (numbers,))


def _bounds(root: ExecutionId) -> tuple[str, str]:
    return root, root + _AFTER_TREE
