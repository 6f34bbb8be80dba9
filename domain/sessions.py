"""Whether a contract trades in its regular hours now, by what the broker says of the contract."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from messages.market import Instrument

__all__ = ["in_liquid_hours"]


def in_liquid_hours(instrument: Instrument, now: datetime) -> bool:
    """Tell whether `now` (aware) lies in the contract's liquid hours; True where the broker gave none to go by.

    The text is contractDetails.liquidHours, in the contract's own zone, a week ahead:
    `20261123:0930-20261123:1600;20261126:CLOSED`. A day that it does not name at all is not known, and counts as open.
    """
    try:
        local = now.astimezone(ZoneInfo(instrument.time_zone)) if instrument.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        local = None
    if local is None or not instrument.liquid_hours:
        return True
    minute = local.strftime("%Y%m%d:%H%M")
    known = False
    for span in instrument.liquid_hours.split(";"):
        opens, _, closes = span.strip().partition("-")
        if opens.startswith(minute[:8]) or closes.startswith(minute[:8]):
            known = True
            if closes and opens <= minute < closes:
                return True
    return not known
