"""What waits to be sent is bounded."""

from __future__ import annotations

import threading

from obelisk_otlp.frame_queue import FrameQueue
from obelisk_otlp.plan import Batching, Kind
from obelisk_otlp.wire import Frame


def a_frame(count: int, size: int = 1) -> Frame:
    return Frame(Kind.TRACES, count, bytes(size))


def counts(frames: list[Frame] | None) -> list[int]:
    return [frame.count for frame in frames or []]


def test_batches_are_taken_together_up_to_the_size_of_a_request():
    queue = FrameQueue(Batching(batch=10, linger=0.0))
    for count in (4, 4, 4):
        assert queue.put(a_frame(count))
    assert counts(queue.take()) == [4, 4]
    assert counts(queue.take()) == [4]


def test_a_batch_that_is_larger_than_a_request_is_taken_alone():
    queue = FrameQueue(Batching(batch=10, linger=0.0))
    for count in (30, 1):
        assert queue.put(a_frame(count))
    assert counts(queue.take()) == [30]


def test_what_finds_no_room_is_not_put():
    queue = FrameQueue(Batching(queue=10, linger=0.0))
    assert queue.put(a_frame(8))
    assert not queue.put(a_frame(3))
    assert queue.put(a_frame(2))
    queue.take()
    assert queue.put(a_frame(10))


def test_bytes_are_bounded_too():
    queue = FrameQueue(Batching(linger=0.0), max_bytes=100)
    assert queue.put(a_frame(1, 90))
    assert not queue.put(a_frame(1, 11))


def test_one_batch_always_has_room():
    assert FrameQueue(Batching(queue=1), max_bytes=1).put(a_frame(50, 50))


def test_a_closed_queue_gives_what_is_left_at_once_and_then_nothing():
    queue = FrameQueue(Batching(linger=3600.0))
    queue.put(a_frame(1))
    queue.close()
    assert counts(queue.take()) == [1]
    assert queue.take() is None


def test_closing_wakes_who_waits():
    queue = FrameQueue(Batching())
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(queue.take()))
    waiting.start()
    queue.close()
    waiting.join(30)
    assert found == [None]
