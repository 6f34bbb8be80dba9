"""Signal sources of a user's own, in files that the configuration names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

import pitboss
from config.loading import settings_from
from config.problems import SettingsError
from config.settings import Settings
from pitboss.event.api import PredictionSignalEvent
from supervisors.source_files import sources_from_files

SOURCE = """
import trio
from actors.signals.prediction import read_prediction
from actors.signals.source import SourceActor


class Once(SourceActor):
    def __init__(self, context, *, symbols, intake, bus):
        super().__init__(context, intake=intake, bus=bus)
        self._symbols = symbols

    async def prepare(self):
        await super().prepare()
        self.after(5.0, "now")

    def on_receive(self, message):
        if message != "now":
            return super().on_receive(message)
        for symbol in ("AAPL", "ZZZZ"):
            if symbol in self._symbols:
                now = self.environment.now()
                made = round(now.timestamp() * 1000)
                said = {"ticker": symbol, "signal": "BUY", "confidence": 0.9, "timestamp": made}
                self.take(read_prediction(said, now, "mine"))


sources = {"mine": Once}
"""

Named = Callable[..., Settings]


@pytest.fixture
def named(tmp_path: Path) -> Named:
    """Return settings that name files of these texts."""

    def write(*texts: str) -> Settings:
        files = []
        for number, text in enumerate(texts):
            files.append(tmp_path / f"source_{number}.py")
            files[-1].write_text(text)
        return settings_from({"signals": {"source_files": list(map(str, files))}, "symbols": {"AAPL": {}}}, {})

    return write


def test_a_source_of_ones_own_runs_beside_the_others(named: Named) -> None:
    heard: list[PredictionSignalEvent] = []

    async def main() -> None:
        start = datetime(2026, 11, 23, 15, tzinfo=UTC)
        files = list(map(str, named(SOURCE).signals.source_files))
        async with pitboss.open_system(virtual=start, symbols=["AAPL"], signals={"source_files": files}):
            await pitboss.EventBus().subscribe(PredictionSignalEvent, heard.append)
            await trio.sleep(30.0)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert [(event.symbol, event.source) for event in heard] == [("AAPL", "mine")]


def test_sources_of_several_files(named: Named) -> None:
    assert list(sources_from_files(named(SOURCE, SOURCE.replace('"mine"', '"yours"')))) == ["mine", "yours"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources = 3", r"expected a mapping bound to the name `sources`, got 3"),
        ("", r"expected a mapping bound to the name `sources`, got None"),
        ("sources = {'A b': int}", "'A b' is no name"),
        ("sources = {'push': int}", 'the name "push" is taken'),
        ("sources = {'follow-1': int}", 'the name "follow-1" is taken'),
        ("sources = {'x': 7}", "x: expected a class of SourceActor, got 7"),
        ("import nothing_of_the_kind", "ModuleNotFoundError: No module named"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(named: Named, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        sources_from_files(named(text))
    assert str(caught.value).startswith("signals.source_files[0]: ")


def test_a_name_of_an_earlier_file(named: Named) -> None:
    with pytest.raises(SettingsError, match=r'source_1\.py: the name "mine" is taken'):
        sources_from_files(named(SOURCE, SOURCE))
