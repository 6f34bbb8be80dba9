"""What becomes of a prediction: taken, ignored with a reason, or known already. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from messages.signal import PredictionSignalEvent
from messages.verdict import GateVerdict

__all__ = ["Intake", "Judgement"]


@frozen(slots=True)
class Judgement:
    """What each gate says of a prediction; it goes to the rules only if none is against it."""

    verdicts: tuple[GateVerdict, ...]

    @property
    def ignored(self) -> GateVerdict | None:
        """Return the first gate that is against it, by which it is ignored."""
        return next((verdict for verdict in self.verdicts if not verdict.passed), None)


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

    def judge(self, event: PredictionSignalEvent, now: datetime) -> Judgement:
        """Return what each gate says of a prediction that is not known yet."""
        age, most = (now - event.prediction_time).total_seconds(), self._max_age.total_seconds()
        confidence, least = event.confidence, self._min_confidence
        sure = confidence >= least
        ahead = f"{max(-age, 0):.0f} s ahead of the clock, at most {most:g} s"
        return Judgement(
            (
                GateVerdict("signal", "stale", age <= most, f"{age:.0f} s old, at most {most:g} s"),
                GateVerdict("signal", "from the future", -age <= most, ahead),
                GateVerdict("signal", "confidence", sure, f"{confidence:g} {'>=' if sure else '<'} {least:g}"),
            )
        )

    def forget(self, now: datetime, current: frozenset[str]) -> None:
        """Drop identities past their time, except `current`: those that the service still answers with."""
        self._seen = {
            signal_id: until for signal_id, until in self._seen.items() if until > now or signal_id in current
        }
