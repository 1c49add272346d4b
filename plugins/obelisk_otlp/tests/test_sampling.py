"""Which traces are sent."""

from __future__ import annotations

import pytest
from obelisk_otlp.sampling import MAX_KEPT, Sampling
from obelisk_otlp.settings import Sampler

from plugins.obelisk_otlp.tests.opening import SPAN, a_span

OURS = a_span(trace_id=f"{1:032x}")
NOT_OURS = a_span(trace_id=f"{2:032x}", parent_id=SPAN, is_parent_remote=True, is_trace_remote=True)
UNRECORDED = a_span(trace_id=f"{3:032x}", parent_id=SPAN, is_parent_remote=True, is_trace_remote=True, flags=0)
LINKED = a_span(trace_id=f"{4:032x}", flags=0)
LEAST, MOST = f"{0:016x}{1:016x}", f"{0:016x}{2**64 - 1:016x}"


def chosen(sampler: Sampler, ratio: float = 1.0) -> list[int]:
    spans = Sampling(sampler, ratio).chosen([OURS, NOT_OURS, UNRECORDED, LINKED])
    return [int(span.trace_id, 16) for span in spans]


@pytest.mark.parametrize(
    ("sampler", "found"),
    [
        (Sampler.ALWAYS_ON, [1, 2, 3, 4]),
        (Sampler.ALWAYS_OFF, []),
        (Sampler.PARENT_ALWAYS_ON, [1, 2]),
        (Sampler.PARENT_ALWAYS_OFF, [2]),
    ],
)
def test_samplers_without_a_ratio(sampler: Sampler, found: list[int]):
    assert chosen(sampler) == found


def test_a_ratio_decides_by_the_id_of_the_trace():
    spans = [a_span(trace_id=LEAST), a_span(trace_id=MOST)]
    assert [span.trace_id for span in Sampling(Sampler.RATIO, 0.5).chosen(spans)] == [LEAST]
    assert chosen(Sampler.RATIO, 0.0) == []
    assert chosen(Sampler.RATIO, 1.0) == [1, 2, 3, 4]


def test_a_ratio_below_a_parent_leaves_to_others_what_began_with_them():
    assert chosen(Sampler.PARENT_RATIO, 0.0) == [2]
    assert chosen(Sampler.PARENT_RATIO, 1.0) == [1, 2]


def test_all_spans_of_a_trace_share_its_fate_whichever_comes_first():
    child = a_span(1, trace_id=MOST, parent_id=SPAN)
    root = a_span(2, trace_id=MOST)
    for order in ([child, root], [root, child]):
        assert Sampling(Sampler.PARENT_RATIO, 0.5).chosen(order) == []


def test_what_is_remembered_of_traces_is_bounded():
    sampling = Sampling(Sampler.PARENT_ALWAYS_ON, 1.0)
    count = MAX_KEPT + 10
    assert len(sampling.chosen([a_span(trace_id=f"{index + 1:032x}") for index in range(count)])) == count
    assert len(sampling._decided) == 10
