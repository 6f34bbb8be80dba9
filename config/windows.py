"""A daily window of local time, such as the one in which TWS restarts itself."""

from __future__ import annotations

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo

from attrs import frozen

__all__ = ["RestartWindow"]

_TEXT = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2}) ([A-Za-z0-9_+\-/]+)")


@frozen(slots=True)
class RestartWindow:
    """From `begin` to `end` (exclusive), each day, on the clocks of `zone`; it may pass midnight."""

    begin: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> RestartWindow:
        """Read `23:40-00:10 America/New_York`; ValueError says what is wrong with it."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError('is not a window like "23:40-00:10 America/New_York"')
        hour, minute, end_hour, end_minute, zone = match.groups()
        try:
            window = cls(time(int(hour), int(minute)), time(int(end_hour), int(end_minute)), ZoneInfo(zone))
        except (OSError, KeyError) as error:
            raise ValueError(f"names a time zone that does not exist: {zone}") from error
        except ValueError as error:
            raise ValueError(f"has a time of day that does not exist, or a malformed time zone ({error})") from error
        if window.begin == window.end:
            raise ValueError("begins when it ends; a window of a whole day would never send anything")
        return window

    def contains(self, moment: datetime) -> bool:
        """Whether an aware moment lies in it. Local time decides, so daylight saving needs no care."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be placed in a window")
        local = moment.astimezone(self.zone).time()
        if self.begin < self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M} {self.zone.key}"
