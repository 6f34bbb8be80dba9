"""Opens LEAN's data for some symbols and days as one recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from simulator.contracts import ContractDefinition
from simulator.feeds.feed import FeedError
from simulator.feeds.lean_files import RESOLUTIONS, ZONE, days, hour_rows
from simulator.feeds.lean_ticks import day_ticks
from simulator.feeds.packed import PackedTicks, merged
from simulator.feeds.span import Span, microseconds
from simulator.model import Ticked
from simulator.past import NO_PAST, Past, Row

__all__ = ["LeanData"]

_PAST_DAYS = {"tick": 1, "second": 5, "minute": 5}
_PAST_HOURS = timedelta(days=365)
_SECOND = 1_000_000
_HOUR = 3_600


class LeanData:
    """The days of some symbols, all in one resolution."""

    def __init__(
        self, folder: Path, definitions: Sequence[ContractDefinition], resolution: str = "", span: Span | None = None
    ) -> None:
        """Without `resolution` the finest is taken in which every symbol has a day in the span.

        Raises FeedError where there is none.
        """
        if resolution not in ("", *RESOLUTIONS):
            raise FeedError(f"lean: resolution {resolution!r}; expected one of {', '.join(RESOLUTIONS)}")
        self._folder = folder
        self._definitions = definitions
        self._span = span or Span()
        self.resolution = self._resolution(resolution)

    def read(self) -> PackedTicks:
        """Return the ticks of the days in the span. Raises FeedError with the file, the line and what is wrong."""
        ticks = merged([self._read(one) for one in self._definitions])
        if not ticks:
            raise FeedError(f"lean: the archives of {', '.join(self._symbols())} in {self._folder} hold no tick")
        return ticks

    def past(self, con_id: int, begin: int, shift: timedelta) -> Past:
        """Return what the files say of a contract before `begin` (microseconds since 1970), moved by `shift`."""
        definition = next((one for one in self._definitions if one.contract.con_id == con_id), None)
        if definition is None:
            return NO_PAST
        symbol = definition.contract.symbol
        found = days(self._folder, self.resolution, symbol)
        first = _moment(begin).astimezone(ZONE).date()
        before = [day for day in found if day < first][-_PAST_DAYS[self.resolution] :]
        ticks = [
            Ticked(contract, kind, price, size, _moment(at) + shift)
            for day in before
            for at, contract, kind, price, size in day_ticks(definition, day, found[day], self.resolution, None)
        ]
        until = datetime.combine(before[0] if before else first, time(), ZONE)
        hours: list[Row] = []
        for hour, (opens, high, low, close, volume) in hour_rows(self._folder, symbol):
            if until - _PAST_HOURS <= hour < until:
                second = (hour.astimezone(UTC) + shift).timestamp()
                value = volume * (high + low + close) / 3  # LEAN keeps no turnover
                hours.append((float(int(second)), opens, high, low, close, volume, value, 1.0))
        return Past(ticks, lambda kind, seconds: hours if (kind, seconds) == ("TRADES", _HOUR) else ())

    def _resolution(self, wanted: str) -> str:
        missing = ""
        for resolution in [wanted] if wanted else RESOLUTIONS:
            without = [one for one in self._symbols() if not self._days(resolution, one)]
            if not without:
                return resolution
            missing = missing or without[0]
        where = self._folder / "equity" / "usa" / (wanted or "{" + "|".join(RESOLUTIONS) + "}") / missing.lower()
        text = f"lean: no day of {missing} in the span"
        if not any(days(self._folder, one, missing) for one in ([wanted] if wanted else RESOLUTIONS)):
            text = f"lean: no data of {missing}"
        raise FeedError(f"{text}; expected archives such as {where}/20131007_trade.zip")

    def _symbols(self) -> list[str]:
        return [one.contract.symbol for one in self._definitions]

    def _days(self, resolution: str, symbol: str) -> list[date]:
        """The days that lie in the span, if only in part."""
        start, stop = self._span.start, self._span.stop
        found = []
        for day in days(self._folder, resolution, symbol):
            begins = microseconds(datetime.combine(day, time(), ZONE))
            ends = microseconds(datetime.combine(day + timedelta(days=1), time(), ZONE))
            if (start is None or ends > start) and (stop is None or begins < stop):
                found.append(day)
        return found

    def _read(self, definition: ContractDefinition) -> PackedTicks:
        symbol = definition.contract.symbol
        found = days(self._folder, self.resolution, symbol)
        ticks = PackedTicks()
        close: float | None = None
        for day in self._days(self.resolution, symbol):
            traded = close
            for tick in day_ticks(definition, day, found[day], self.resolution, close):
                ticks.append(tick)
                if tick[2] == 4:
                    traded = tick[3]
            close = traded
        return ticks


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at // _SECOND, UTC)
