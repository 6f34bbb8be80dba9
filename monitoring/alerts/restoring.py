"""What an engine knows, as it is saved, and back."""

from __future__ import annotations

import attrs

from monitoring.alerts.engine import Engine
from monitoring.alerts.store import Cursor, LogState

__all__ = ["remember", "restore"]


def remember(engine: Engine, cursor: Cursor) -> LogState:
    """Copy what it knows: what is saved must fit the cursor, whatever the engine has taken by then."""
    return LogState(
        name=engine.name,
        cursor=cursor,
        heard=engine.heard,
        begun=engine.begun,
        stopped=engine.stopped,
        alerts=[attrs.evolve(alert, hits=list(alert.hits)) for alert in engine.alerts.values()],
        alarms=dict(engine.alarms),
    )


def restore(engine: Engine, saved: LogState) -> None:
    """Have it know that again."""
    engine.name = saved.name
    engine.heard, engine.begun, engine.stopped = saved.heard, saved.begun, saved.stopped
    engine.alerts = {(alert.rule, alert.key): alert for alert in saved.alerts}
    engine.alarms = dict(saved.alarms)
