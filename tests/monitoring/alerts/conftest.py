"""Lines of a log as a process writes them, and an engine over them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.loading import settings_from
from monitoring.alerts.alert import Announcement
from monitoring.alerts.engine import Engine
from monitoring.alerts.opening import new_engine
from monitoring.alerts.restoring import remember, restore
from monitoring.alerts.store import Cursor, StateFile, WatchState

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Desk:
    """An engine, and a person who tells it lines at seconds after the start and writes down what it says."""

    def __init__(self, **alerts: Any) -> None:
        self.settings = settings_from(
            {"alerts": {"silent_seconds": 0, **alerts}, "broker": {"restart_windows": ["23:40-00:10 UTC"]}}, {}
        )
        self.engine: Engine = new_engine("pitboss", self.settings)
        self.said: list[Announcement] = []

    def at(self, second: float, event: str, **fields: Any) -> None:
        """A line."""
        self.engine.take({"event": event, "actor": "x", **fields}, START + timedelta(seconds=second))
        self.said += self.engine.drain()

    def wait(self, second: float) -> None:
        """Nothing, until this second."""
        self.engine.advance(START + timedelta(seconds=second))
        self.said += self.engine.drain()

    def restart(self, file: StateFile) -> None:
        """Save what the engine knows, and go on with a new one that has read it."""
        file.write(file.encode(WatchState(logs={"log": remember(self.engine, Cursor())})))
        self.engine = new_engine("pitboss", self.settings)
        restore(self.engine, file.load().logs["log"])

    @property
    def heard(self) -> list[tuple[float, str, str]]:
        """(second, word, text) of each announcement."""
        return [((one.at - START).total_seconds(), str(one.word), one.text) for one in self.said]


@pytest.fixture(scope="session")
def desk() -> Callable[..., Desk]:
    """Make a desk; keywords are keys of `[alerts]`."""
    return Desk
