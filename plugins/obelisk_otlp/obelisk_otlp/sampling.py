"""Which traces are sent, by the samplers of the OpenTelemetry SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    Decision,
    ParentBasedTraceIdRatio,
    TraceIdRatioBased,
)
from opentelemetry.sdk.trace.sampling import Sampler as SdkSampler
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from obelisk.core.trace_context import SAMPLED
from obelisk.interfaces.signals import Span
from obelisk_otlp.settings import Sampler

MAX_KEPT: Final = 8192


class Sampling:
    """Decides once for each trace; the decision depends on nothing but the trace, so forgetting one is harmless.

    A trace that began elsewhere has a parent there, whose decision its flags tell. One that began here has none, whichever
    of its spans comes first.
    """

    def __init__(self, sampler: Sampler, ratio: float) -> None:
        self._sampler = _sampler(sampler, ratio)
        self._decided: dict[str, bool] = {}

    def chosen(self, spans: Sequence[Span]) -> list[Span]:
        """Return the spans of the traces that are sent."""
        return [span for span in spans if self._is_chosen(span)]

    def _is_chosen(self, span: Span) -> bool:
        found = self._decided.get(span.trace_id)
        if found is None:
            if len(self._decided) >= MAX_KEPT:
                self._decided.clear()
            found = self._decided[span.trace_id] = self._decide(span)
        return found

    def _decide(self, span: Span) -> bool:
        try:
            trace_id = int(span.trace_id, 16)
            parent = _parent(span, trace_id)
        except ValueError:
            return True  # no id: whoever encodes it will tell
        result = self._sampler.should_sample(parent, trace_id, span.name)
        return result.decision is Decision.RECORD_AND_SAMPLE


def _parent(span: Span, trace_id: int) -> Context | None:
    if not span.is_trace_remote and span.flags & SAMPLED:
        return None
    context = SpanContext(trace_id, int(span.parent_id or span.span_id, 16), True, TraceFlags(span.flags))
    return set_span_in_context(NonRecordingSpan(context), Context())


def _sampler(sampler: Sampler, ratio: float) -> SdkSampler:
    match sampler:
        case Sampler.ALWAYS_ON:
            return ALWAYS_ON
        case Sampler.ALWAYS_OFF:
            return ALWAYS_OFF
        case Sampler.RATIO:
            return TraceIdRatioBased(ratio)
        case Sampler.PARENT_ALWAYS_ON:
            return DEFAULT_ON
        case Sampler.PARENT_ALWAYS_OFF:
            return DEFAULT_OFF
        case Sampler.PARENT_RATIO:
            return ParentBasedTraceIdRatio(ratio)
