# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about the lines that components logged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from obelisk.interfaces.components import LogLevel, StreamType
from obelisk.interfaces.storage import LineQuery, Order, Storage
from obelisk.testing.storage_samples import (
    at,
    batch,
    child,
    create,
    created,
    ended,
    execution,
    found,
    logged,
    numbered,
    printed,
    texts,
)

ONE, TWO = execution(1), execution(2)
TEXTS = ("", "a line", "two\nlines", "ä 😀 \x00 \x1b[31m", "x" * 70_000)
PAYLOADS = (b"", b"a line", b"\xff\x00\xfe", bytes(range(256)) * 300)


class LineClauses:
    """What ``append_lines`` and ``lines`` owe."""

    async def test_where_nothing_was_logged_no_lines_are_found(self, storage: Storage) -> None:
        await storage.append_lines([])
        assert await storage.lines(LineQuery(ONE)) == []

    async def test_a_line_of_the_log_comes_back_as_it_went(self, storage: Storage) -> None:
        lines = [logged(text, level=level, when=3, by=2) for text in TEXTS for level in LogLevel]
        await storage.append_lines(lines)
        assert [row.stored for row in await storage.lines(LineQuery(ONE, limit=100))] == lines

    async def test_a_line_of_a_stream_comes_back_as_it_went(self, storage: Storage) -> None:
        lines = [printed(payload, stream=stream) for payload in PAYLOADS for stream in StreamType]
        await storage.append_lines(lines)
        assert [row.stored for row in await storage.lines(LineQuery(ONE, limit=100))] == lines

    async def test_a_line_keeps_the_time_at_which_it_was_logged(self, storage: Storage) -> None:
        await storage.append_lines([logged("a", when=0.000001), logged("b", when=-5)])
        rows = await storage.lines(LineQuery(ONE))
        assert [row.stored.created_at for row in rows] == [at(0.000001), at(-5)]

    async def test_lines_are_in_the_order_in_which_they_were_appended_whatever_their_times(
        self, storage: Storage
    ) -> None:
        await storage.append_lines([logged("1", when=9), printed(b"2"), logged("3", when=1)])
        await storage.append_lines([logged("4", when=5)])
        assert await found(storage) == ["1", "2", "3", "4"]

    async def test_calls_that_are_not_awaited_append_in_their_order(self, storage: Storage) -> None:
        await asyncio.gather(*[storage.append_lines(numbered(number)) for number in range(50)])
        assert await found(storage, limit=100) == [str(number) for number in range(50)]

    async def test_cursors_grow_with_each_line(self, storage: Storage) -> None:
        await storage.append_lines(numbered(1, 2))
        await storage.append_lines(numbered(3, 4, of=TWO))
        rows = [*await storage.lines(LineQuery(ONE)), *await storage.lines(LineQuery(TWO))]
        cursors = [row.cursor for row in rows]
        assert cursors == sorted(set(cursors))

    async def test_many_lines_may_be_appended_at_once(self, storage: Storage) -> None:
        await storage.append_lines(numbered(*range(1500)))
        assert await found(storage, limit=2000) == [str(number) for number in range(1500)]

    async def test_lines_belong_to_one_execution(self, storage: Storage) -> None:
        await storage.append_lines([*numbered(1), *numbered(2, of=TWO), *numbered(3)])
        assert await found(storage) == ["1", "3"]
        assert await found(storage, TWO) == ["2"]

    async def test_lines_of_executions_with_similar_ids_are_kept_apart(self, storage: Storage) -> None:
        below = child(1, parent=child(1))
        await storage.append_lines([
            *numbered(1), *numbered(2, of=child(1)), *numbered(3, of=child(11)), *numbered(4, of=below),
        ])  # fmt: skip
        assert await found(storage) == ["1"]
        assert await found(storage, child(1)) == ["2"]
        assert await found(storage, child(1), derived=True) == ["2", "4"]

    async def test_with_derived_lines_of_everything_below_are_found_in_one_order(self, storage: Storage) -> None:
        below = child(2, parent=child(1))
        await storage.append_lines([
            *numbered(1, of=below), *numbered(2), *numbered(3, of=TWO), *numbered(4, of=child(1)), *numbered(5, of=below),
        ])  # fmt: skip
        assert await found(storage, derived=True) == ["1", "2", "4", "5"]
        assert await found(storage, child(1), derived=True) == ["1", "4", "5"]
        assert await found(storage, TWO, derived=True) == ["3"]

    @pytest.mark.parametrize("derived", [False, True])
    async def test_pages_go_on_from_the_last_cursor(self, storage: Storage, *, derived: bool) -> None:
        await storage.append_lines(numbered(*range(5)))
        pages, cursor = [], None
        for _ in range(4):
            page = await storage.lines(LineQuery(ONE, derived=derived, cursor=cursor, limit=2))
            pages.append(texts(page))
            cursor = page[-1].cursor if page else cursor
        assert pages == [["0", "1"], ["2", "3"], ["4"], []]

    @pytest.mark.parametrize("derived", [False, True])
    async def test_pages_go_back_from_the_first_cursor(self, storage: Storage, *, derived: bool) -> None:
        await storage.append_lines(numbered(*range(5)))
        pages, cursor = [], None
        for _ in range(4):
            page = await storage.lines(LineQuery(ONE, derived, order=Order.OLDER, cursor=cursor, limit=2))
            pages.append(texts(page))
            cursor = page[0].cursor if page else cursor
        assert pages == [["3", "4"], ["1", "2"], ["0"], []]

    async def test_going_on_from_the_last_cursor_finds_what_was_logged_since(self, storage: Storage) -> None:
        await storage.append_lines(numbered(1))
        (row,) = await storage.lines(LineQuery(ONE))
        assert await found(storage, cursor=row.cursor) == []
        await storage.append_lines([*numbered(9, of=TWO), *numbered(2)])
        assert await found(storage, cursor=row.cursor) == ["2"]

    async def test_a_cursor_may_be_that_of_no_line(self, storage: Storage) -> None:
        await storage.append_lines(numbered(1, 2))
        assert await found(storage, cursor=0) == ["1", "2"]
        assert await found(storage, cursor=2**62) == []
        assert await found(storage, cursor=2**62, order=Order.OLDER) == ["1", "2"]
        assert await found(storage, cursor=0, order=Order.OLDER) == []

    async def test_levels_and_streams_are_chosen_each_for_itself(self, storage: Storage) -> None:
        await storage.append_lines([
            *[logged(level.value, level=level) for level in LogLevel],
            *[printed(stream.value.encode(), stream=stream) for stream in StreamType],
        ])  # fmt: skip
        none: frozenset[Any] = frozenset()
        warnings = frozenset((LogLevel.WARN, LogLevel.ERROR))
        assert await found(storage, levels=warnings) == ["warn", "error", "stdout", "stderr"]
        assert await found(storage, levels=warnings, streams=none) == ["warn", "error"]
        assert await found(storage, levels=none, streams=frozenset((StreamType.STDERR,))) == ["stderr"]
        assert await found(storage, levels=none, streams=none) == []

    async def test_pages_hold_as_many_lines_as_wanted_of_those_that_are_chosen(self, storage: Storage) -> None:
        lines = [logged(str(number), level=[LogLevel.DEBUG, LogLevel.WARN][number % 2]) for number in range(100)]
        await storage.append_lines(lines)
        assert await found(storage, levels=frozenset((LogLevel.WARN,)), limit=3) == ["1", "3", "5"]

    async def test_after_leaves_out_what_was_logged_until_then(self, storage: Storage) -> None:
        await storage.append_lines([logged("1", when=1), logged("2", when=2), logged("3", when=3), logged("4", when=2)])
        assert await found(storage, after=at(1)) == ["2", "3", "4"]
        assert await found(storage, after=at(2), derived=True) == ["3"]

    async def test_a_page_of_no_lines_is_empty(self, storage: Storage) -> None:
        await storage.append_lines(numbered(1))
        assert await found(storage, limit=0) == []

    async def test_lines_need_no_execution(self, storage: Storage) -> None:
        await storage.append_lines(numbered(1))
        assert await storage.state(ONE) is None
        await storage.commit(batch(create(ONE)))
        assert await found(storage) == ["1"]

    async def test_lines_may_be_appended_while_batches_are_committed(self, storage: Storage) -> None:
        commits, appends = [], []
        for number in range(1, 40):
            commits.append(storage.commit(batch(create(execution(number), event=created()))))
            appends.append(storage.append_lines(numbered(number)))
        await asyncio.gather(*commits, *appends)
        assert await found(storage, limit=100) == [str(number) for number in range(1, 40)]

    async def test_whoever_follows_lines_while_they_are_written_misses_none(self, storage: Storage) -> None:
        writing = asyncio.gather(*[storage.append_lines(numbered(number, number)) for number in range(60)])
        seen, cursor = list[str](), None
        while len(seen) < 120:
            is_over = writing.done()
            rows = await storage.lines(LineQuery(ONE, cursor=cursor, limit=7))
            assert rows or not is_over, f"lines were added behind the cursor {cursor}"
            seen += texts(rows)
            cursor = rows[-1].cursor if rows else cursor
            await asyncio.sleep(0)
        await writing
        assert seen == [str(number) for number in range(60) for _ in range(2)]

    async def test_a_cursor_of_a_line_that_was_deleted_is_not_used_again(self, storage: Storage) -> None:
        await storage.commit(batch(ended(1), ended(2)))
        await storage.append_lines([*numbered(1), *numbered(2, of=TWO)])
        (last,) = await storage.lines(LineQuery(TWO))
        await storage.delete([TWO])
        await storage.append_lines(numbered(3))
        assert await found(storage, cursor=last.cursor) == ["3"]
