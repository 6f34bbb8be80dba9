"""The actor that owns the connection to TWS."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Literal

from actors.bus import EventBus
from actors.gateway.data_desk import DataDesk
from actors.gateway.errors import BrokerRefusedError
from actors.gateway.feeds import FeedDesk
from actors.gateway.history import LinkHistory
from actors.gateway.keeper import LinkKeeper, Timing
from actors.gateway.lines import Lines
from actors.gateway.order_desk import OrderDesk
from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.gateway.weighing import Weighing
from actors.ib.client import SocketConnection
from actors.runtime.base import ActorContext, RunQueueActor
from config.settings import Settings
from messages.decision import WeighOutgoing
from messages.gateway import AskAccount, AskBroker, CancelOutgoing, GatewayStatus, LinkStatus, PlaceOrders
from messages.indicator import SubscribeBars
from messages.market import FeedSilent, NeedRate, NeedTicks, Subscribe, Unsubscribe
from messages.verdict import GateVerdict
from messages.what_if import PlaceWhatIf

__all__ = ["GatewayActor"]


class GatewayActor(RunQueueActor):
    """Sends what orders and positions ask for, and tells them what the broker says.

    It takes PlaceOrders, PlaceWhatIf, WeighOutgoing, CancelOutgoing, AskBroker, Subscribe, Unsubscribe, NeedTicks,
    FeedSilent, and answers GatewayStatus with a LinkStatus. It tells `orders` everything about orders and the link,
    `position/SYMBOL` everything about instruments and feeds, `portfolio` the account's values.
    """

    def __init__(
        self,
        context: ActorContext,
        *,
        settings: Settings,
        bus: EventBus,
        history: LinkHistory,
        first_connect: Literal["required", "retry"] = "required",
        connection_factory: Callable[[], Any] = SocketConnection,
        timing: Timing | None = None,
    ) -> None:
        """`history` is the process's, shared by all incarnations.

        With `first_connect="required"` the first incarnation starts only with a connection: `prepare` raises
        BrokerUnavailableError, at once where nothing listens, else after `connect_timeout_seconds`. Later losses, and
        later incarnations, try for ever.
        """
        super().__init__(context)
        self._broker = settings.broker
        self._first_connect: Literal["required", "retry"] = "retry" if history.epoch else first_connect
        outlets = Outlets(context.system, bus)
        self._sender = Sender(settings.broker.messages_per_second)
        self._weighing = Weighing(self._link_gates, self._sender, history.gate, history.instruments, outlets)
        self._orders = OrderDesk(
            self._sender, history.gate, history.instruments, outlets, self._entry_bar, self._weighing
        )
        feeds = FeedDesk(outlets, lambda symbol: context.system.address(f"position/{symbol}"))
        lines = Lines(settings.broker.market_data_lines, settings.broker.line_turn_seconds)
        self._data = DataDesk(feeds, lines, history.instruments, self._sender, outlets)
        self._keeper = LinkKeeper(
            settings,
            context.environment,
            history,
            outlets=outlets,
            sender=self._sender,
            orders=self._orders,
            data=self._data,
            connection_factory=connection_factory,
            timing=timing or Timing(),
            measures=context.system.measures,
        )
        self._history = history

    async def prepare(self) -> None:
        """Begin to connect; wait for the first connection where it is required.

        Raises BrokerUnavailableError, or BrokerRefusedError for a host, an account or a mode that must not be used.
        """
        self._check_host()
        self.spawn(self._keeper.run, self._first_connect, name="link")
        if self._first_connect == "required":
            await self._keeper.first_over.wait()
            if self._keeper.first_error is not None:
                raise self._keeper.first_error

    async def finish(self) -> None:
        """End the connection in order."""
        await self._keeper.close()

    def on_receive(self, message: Any) -> Any:
        """Handle a message; see the class."""
        match message:
            case PlaceOrders():
                self._orders.place(message)
            case PlaceWhatIf():
                self._orders.what_ifs.ask(message)
            case WeighOutgoing():
                self._weighing.weigh(message)
            case CancelOutgoing():
                self._orders.cancel(message)
            case Subscribe():
                self._data.subscribe(message)
            case Unsubscribe():
                self._data.unsubscribe(message, self._keeper.session)
            case SubscribeBars():
                self._data.bars.subscribe(message)
            case NeedTicks():
                self._data.need(message)
            case NeedRate():
                self._data.rates.need(message)
            case FeedSilent(symbol):
                self._data.silent(symbol)
            case AskBroker(reason):
                self._keeper.ask(reason)
            case AskAccount():
                self._keeper.ask_account()
            case GatewayStatus():
                return self._status()
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Return how the link stands, how many symbols are wanted, and how many market data lines that takes."""
        return {**self._keeper.describe(), "symbols": len(self._data.feeds), **self._data.describe()}

    def _status(self) -> LinkStatus:
        last = self._keeper.last_round_trip
        return LinkStatus(
            connected=self._keeper.session is not None,
            epoch=self._history.epoch,
            last_round_trip=None if last is None else last.isoformat(),
            account=self._keeper.account,
            queued=len(self._sender),
        )

    def _link_gates(self) -> tuple[GateVerdict, ...]:
        return self._keeper.entry_gates()

    def _entry_bar(self) -> str:
        return self._keeper.entry_bar()

    def _check_host(self) -> None:
        """The socket of TWS has no authentication: whoever reaches it trades (INC-47)."""
        host = self._broker.host
        if not self._broker.allow_remote and not _is_loopback(host):
            raise BrokerRefusedError(f"{host} is another machine; set broker.allow_remote if that is meant")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
