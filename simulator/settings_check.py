"""What settings of the paper TWS can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.app import SimulatorSettings

__all__ = ["SettingRefused", "check_settings"]

_ACCOUNT = re.compile(r"[A-Z][A-Z0-9]{1,15}")
_MOST_CASH = 10**12


class SettingRefused(ValueError):  # a value that somebody has written
    """A setting that cannot be, with what was expected."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"{name} {value}: expected {expected}")
        self.name = name
        self.value = value
        self.expected = expected


def check_settings(settings: SimulatorSettings) -> None:
    """Raise SettingRefused for the first value that cannot be; files, feeds and calendars are looked at later."""
    if not 0 <= settings.port <= 65_535:
        raise SettingRefused("port", settings.port, "0 (any free one) to 65535")
    if not 0 <= settings.speed < float("inf"):
        raise SettingRefused("speed", settings.speed, "0 (as fast as possible) or a positive number")
    accounts = settings.accounts
    bad = [account for account in accounts if not _ACCOUNT.fullmatch(account)]
    if bad or not accounts or len(set(accounts)) < len(accounts):
        expected = "different accounts such as DU1234567,DU7654321: a letter, then letters and digits, all capital"
        raise SettingRefused("accounts", ",".join(accounts), expected)
    if not (settings.cash.is_finite() and 0 <= settings.cash <= _MOST_CASH):
        raise SettingRefused("cash", settings.cash, f"US dollars, 0 to {_MOST_CASH}")
    if settings.master_client_id is not None and not 0 <= settings.master_client_id < 2**31:
        raise SettingRefused("master_client_id", settings.master_client_id, "a client id, 0 to 2147483647")
    if settings.messages_per_second < 0:
        raise SettingRefused("messages_per_second", settings.messages_per_second, "0 (no limit) or more")
    if settings.pacing_breaches < 1:
        raise SettingRefused("pacing_breaches", settings.pacing_breaches, "1 or more")
    if settings.fresh and settings.book is None:
        raise SettingRefused("fresh", "without --book", "a book to begin afresh")
