"""What waits for one channel: kept until it was delivered, grouped, and tried again with growing pauses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import define, field, frozen

from config.alert_settings import SEVERITIES, ChannelSettings
from monitoring.alerts.alert import Announcement, Word

__all__ = ["MOST", "Outbox", "Waiting", "wanted"]

MOST = 20
"""Announcements in one message."""

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0


@frozen(slots=True)
class Waiting:
    """An announcement in the queue of a channel, and since when."""

    announcement: Announcement
    queued: datetime


@define(slots=True, eq=False)
class Outbox:
    """The queue of one channel."""

    waiting: list[Waiting] = field(factory=list)
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    error: str = ""
    again: datetime | None = None
    reported: bool = False  # the other channels know that this one fails

    def put(self, announcements: Iterable[Announcement], now: datetime) -> None:
        """Queue what is to be told."""
        self.waiting += [Waiting(announcement, now) for announcement in announcements]

    def seconds_until(self, now: datetime, group_seconds: float) -> float | None:
        """How long until something is to be sent: None where nothing waits, at most 0 for now."""
        if not self.waiting:
            return None
        due = self.waiting[0].queued + timedelta(seconds=group_seconds)
        if self.again is not None:
            due = max(due, self.again)
        return (due - now).total_seconds()

    def batch(self) -> tuple[Announcement, ...]:
        """What goes into the next message."""
        return tuple(each.announcement for each in self.waiting[:MOST])

    def sent(self, count: int) -> None:
        """So many, from the front, have arrived."""
        del self.waiting[:count]
        self.failures, self.failing_since, self.error, self.again = 0, None, "", None

    def failed(self, error: str, now: datetime, chance: float) -> float:
        """A sending has failed; `chance` from 0 to 1 spreads the tries. Returns the seconds until the next."""
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.error = error
        pause = min(_FIRST_PAUSE * 2.0 ** min(self.failures - 1, 20), _LONGEST_PAUSE) * (0.8 + 0.4 * chance)
        self.again = now + timedelta(seconds=pause)
        return pause


def wanted(announcement: Announcement, name: str, channel: ChannelSettings) -> bool:
    """Whether a channel takes an announcement."""
    if announcement.channels and name not in announcement.channels:
        return False
    if announcement.word is Word.OVER and not channel.resolved:
        return False
    return SEVERITIES.index(announcement.severity) >= SEVERITIES.index(channel.least)
