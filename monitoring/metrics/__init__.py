"""Metrics for Prometheus, read from the board of a log. `METRICS` names them all."""

from __future__ import annotations

from monitoring.metrics.catalogue import METRICS
from monitoring.metrics.exposition import exposition, readings

__all__ = ["METRICS", "exposition", "readings"]
