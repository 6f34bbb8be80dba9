"""All metrics of some boards as the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from monitoring.board import Board
from monitoring.metrics.catalogue import METRICS, Metric
from monitoring.metrics.samples import Sample, samples

__all__ = ["Readings", "exposition", "readings"]

Readings = list[tuple[str, list[Sample]]]
"""Of each process its name and what was read."""


def readings(name: str, board: Board) -> tuple[str, list[Sample]]:
    """Read a board; it may be folded into again afterwards."""
    return name, list(samples(board))


def exposition(read: Readings, accept: str = "") -> tuple[bytes, str]:
    """Return the text in the form that the Accept header asks for, and its media type."""
    encode, media_type = choose_encoder(accept)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(read))
    return encode(registry), media_type


class _Collector(Collector):
    def __init__(self, read: Readings) -> None:
        self._read = read

    def collect(self) -> Iterator[Any]:
        families = {name: _family(name, metric) for name, metric in METRICS.items()}
        for process, each in self._read:
            for name, labels, value in each:
                _add(families[name], (process, *labels), value)
        yield from (family for family in families.values() if family.samples)


def _family(name: str, metric: Metric) -> Any:
    kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}
    return kinds[metric.kind](name.removesuffix("_total"), metric.words, labels=("process", *metric.labels))


def _add(family: Any, labels: Sequence[str], value: Any) -> None:
    if isinstance(family, HistogramMetricFamily):
        bounds, counts, total, count = value
        buckets = [(str(bound), reached) for bound, reached in zip(bounds, counts, strict=True)]
        family.add_metric(labels, [*buckets, ("+Inf", count)], total)
    else:
        family.add_metric(labels, value)
