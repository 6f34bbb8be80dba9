"""The sources of predictions that a configuration names, as children of the supervisor `signals`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Protocol

from actors.bus import EventBus
from actors.runtime.base import ActorContext
from actors.signals.client import OptionsFlowClient
from actors.signals.follow import FollowActor
from actors.signals.intake import Intake
from actors.signals.options_flow import OptionsFlowActor
from actors.signals.push import PushActor
from actors.signals.source import SourceActor
from config.settings import Settings
from supervisors.specification import ChildSpecification

__all__ = ["OPTIONS_FLOW", "OwnSource", "signal_sources"]

OPTIONS_FLOW = "signals/options-flow"


class OwnSource(Protocol):
    """A source of a user's own: a subclass of `SourceActor`, or a function that makes one. It is called at each start.

    `symbols` are those that are traded then and later.
    """

    def __call__(
        self, context: ActorContext, /, *, symbols: Container[str], intake: Intake, bus: EventBus
    ) -> SourceActor: ...


def signal_sources(
    settings_of: Callable[[], Settings],
    bus: EventBus,
    client: Callable[[], OptionsFlowClient] | None,
    own: Mapping[str, OwnSource],
) -> tuple[ChildSpecification, ...]:
    """Return them. They share an intake, so that a prediction that two of them bring acts once.

    `settings_of` gives the settings with which an actor is started now; `client` is in place of the service's own;
    `own` are sources beside those that are configured, name → what makes one: their addresses are signals/NAME.
    """
    signals = settings_of().signals
    intake = Intake(signals.min_confidence, signals.max_age_seconds)
    symbols = _Traded(settings_of)
    sources: list[ChildSpecification] = []
    if signals.base_url:
        sources.append(
            ChildSpecification(
                OPTIONS_FLOW,
                lambda context: OptionsFlowActor(
                    context,
                    settings=settings_of().signals,
                    symbols=settings_of().symbols,
                    bus=bus,
                    client=client,
                    intake=intake,
                    intervals=_intervals(settings_of()),
                    indicators=_indicators(settings_of()),
                ),
            )
        )
    if signals.push_port:
        sources.append(
            ChildSpecification(
                "signals/push",
                lambda context: PushActor(context, settings=signals, symbols=symbols, intake=intake, bus=bus),
            )
        )

    def follow(number: int, path: Path) -> ChildSpecification:
        return ChildSpecification(
            f"signals/follow-{number}",
            lambda context: FollowActor(context, path=path, symbols=symbols, intake=intake, bus=bus),
        )

    def own_source(name: str, make: OwnSource) -> ChildSpecification:
        return ChildSpecification(
            f"signals/{name}", lambda context: make(context, symbols=symbols, intake=intake, bus=bus)
        )

    return (
        *sources,
        *(follow(number, path) for number, path in enumerate(signals.follow, 1)),
        *(own_source(name, make) for name, make in own.items()),
    )


class _Traded:
    """The symbols that are traded now."""

    def __init__(self, settings_of: Callable[[], Settings]) -> None:
        self._settings_of = settings_of

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._settings_of().symbols


def _intervals(settings: Settings) -> dict[str, float]:
    return {symbol: part.poll_seconds for symbol, part in settings.symbols.items() if part.poll_seconds is not None}


def _indicators(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the names of the indicators of each symbol."""
    return {
        symbol: tuple(name for name, one in settings.indicators.items() if symbol in (one.symbols or (symbol,)))
        for symbol in settings.symbols
    }
