"""What becomes of a prediction: taken, ignored with a reason, or known already. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from messages.signal import PredictionSignalEvent

__all__ = ["Ignored", "Intake"]


@frozen(slots=True)
class Ignored:
    """Why a prediction is not given to the rules."""

    reason: str
    figures: str


class Intake:
    """Remembers the identities it has seen for as long as they could come again without being stale."""

    def __init__(self, min_confidence: float, max_age_seconds: float) -> None:
        """`max_age_seconds` counts from the prediction's own `prediction_time`."""
        self._min_confidence = min_confidence
        self._max_age = timedelta(seconds=max_age_seconds)
        self._seen: dict[str, datetime] = {}  # signal id → when it may be forgotten

    @property
    def remembered(self) -> tuple[str, ...]:
        """The identities it would know again."""
        return tuple(self._seen)

    def known(self, signal_id: str) -> bool:
        """Whether this prediction was judged before."""
        return signal_id in self._seen

    def remember(self, signal_id: str, now: datetime) -> None:
        """Know this identity from now on. A stale prediction is kept as long as one that is not."""
        self._seen[signal_id] = now + 2 * self._max_age

    def judge(self, event: PredictionSignalEvent, now: datetime) -> Ignored | None:
        """Return why the prediction must be ignored, or None when it goes to the rules."""
        age = now - event.prediction_time
        if age > self._max_age:
            return Ignored("stale", f"{age.total_seconds():.0f} s old, at most {self._max_age.total_seconds():g} s")
        if -age > self._max_age:
            return Ignored("from the future", f"{-age.total_seconds():.0f} s ahead of the clock")
        if event.confidence < self._min_confidence:
            return Ignored("confidence", f"{event.confidence:g} < {self._min_confidence:g}")
        return None

    def forget(self, now: datetime, current: frozenset[str]) -> None:
        """Drop identities past their time, except `current`: those that the service still answers with."""
        self._seen = {
            signal_id: until for signal_id, until in self._seen.items() if until > now or signal_id in current
        }
