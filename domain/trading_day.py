"""Which trading day a moment belongs to: the exchange's, not UTC's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

__all__ = ["TradingDay"]

_NOON = time(12)


@frozen(slots=True)
class TradingDay:
    """Days that begin at `start` on the clocks of `zone`.

    With a start in the afternoon the day is that of the session which it opens (futures and currencies begin at 17:00
    or 18:00 New York time on the eve): from then on it is tomorrow.
    """

    zone: ZoneInfo
    start: time

    def of(self, moment: datetime) -> str:
        """Return the day (ISO) that an aware moment belongs to."""
        local = moment.astimezone(self.zone)
        return self._date(local.date(), local.time()).isoformat()

    def next_start(self, moment: datetime) -> datetime:
        """Return when the next day begins after an aware moment; UTC."""
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.start else local.date() + timedelta(days=1)
        return datetime.combine(day, self.start, self.zone).astimezone(ZoneInfo("UTC"))

    def _date(self, day: date, at: time) -> date:
        if self.start >= _NOON:
            return day + timedelta(days=1) if at >= self.start else day
        return day - timedelta(days=1) if at < self.start else day
