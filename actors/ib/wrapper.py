"""The EWrapper that ib_insync's decoder calls: it turns each call into a message, and ticks into one batch per read."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from ib_insync.contract import Contract, ContractDetails
from ib_insync.objects import BarData, CommissionReport, PriceIncrement
from ib_insync.objects import Execution as IbExecution
from ib_insync.order import Order, OrderState

from actors.ib import reports
from actors.ib.numbers import known
from messages.gateway import AccountPnl, AccountValue, BrokerOrder, BrokerOrderStatus, BrokerPosition
from messages.market import TickType
from messages.order import Commission, Execution
from messages.what_if import WhatIfAnswer

if TYPE_CHECKING:
    from actors.runtime.address import Address
    from actors.runtime.items import TickDelivery

__all__ = ["Listing", "Receiver", "Wrapper"]

# Tick types up to here are live prices and sizes of the instrument itself; 66 and up are delayed.
_LIVE_KINDS = 15
# TWS's word for "no value" is the largest double; infinities and NaN lie outside too.
_NO_PRICE = 1.7e308
_LIVE = {str(kind).encode(): kind for kind in range(_LIVE_KINDS)}  # a live tick type as TWS writes it → the number

# of messages about orders, to be known again; an order has a few in its life
_MOST_KEPT = 4_000


class Listing(Enum):
    """A list that the broker is asked for, and that ends with a marker."""

    OPEN_ORDERS = "open orders"
    COMPLETED_ORDERS = "completed orders"
    EXECUTIONS = "executions"
    POSITIONS = "positions"


class Receiver(Protocol):
    """Who is told what came in, in order of arrival. What it raises is handed to its own `failed`."""

    def open_order(self, order: BrokerOrder) -> None:
        """Receive openOrder."""

    def what_if(self, answer: WhatIfAnswer) -> None:
        """Receive openOrder that answers a what-if order."""

    def completed_order(self, order: BrokerOrder) -> None:
        """Receive completedOrder."""

    def order_status(self, status: BrokerOrderStatus) -> None:
        """Receive orderStatus."""

    def execution(self, request_id: int, execution: Execution) -> None:
        """Receive execDetails; live ones have request id -1."""

    def commission(self, commission: Commission) -> None:
        """Receive commissionReport."""

    def position(self, position: BrokerPosition) -> None:
        """Receive position."""

    def listing_ended(self, listing: Listing, request_id: int) -> None:
        """Receive an end marker; the request id is 0 where TWS sends none."""

    def contract_details(self, request_id: int, details: ContractDetails) -> None:
        """Receive contractDetails."""

    def contract_details_ended(self, request_id: int) -> None:
        """Receive contractDetailsEnd."""

    def market_rule(self, rule_id: int, bands: list[tuple[Decimal, Decimal]]) -> None:
        """Receive marketRule as (low edge, increment) pairs."""

    def current_time(self, seconds: int) -> None:
        """Receive currentTime, in seconds since 1970: a round trip."""

    def account_value(self, value: AccountValue) -> None:
        """Receive updateAccountValue."""

    def account_pnl(self, pnl: AccountPnl) -> None:
        """Receive pnl."""

    def odd_tick(self, request_id: int, kind: int, price: float, size: float) -> None:
        """Receive a tick of no live feed in good health: delayed, without a price, or of a feed that has faults."""

    def halted(self, request_id: int, value: float) -> None:
        """Receive tick 49: 0 is trading, above it halted, -1 unknown."""

    def market_data_type(self, request_id: int, kind: int) -> None:
        """Receive marketDataType: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    def past_bar(self, request_id: int, bar: BarData) -> None:
        """Receive a bar of historicalData."""

    def past_bars_ended(self, request_id: int) -> None:
        """Receive the end of historicalData."""

    def bar_update(self, request_id: int, bar: BarData) -> None:
        """Receive historicalDataUpdate: the bar in progress, or the next one."""

    def error(self, about: int, code: int, text: str) -> None:
        """Receive error; `about` is a request id, an order id, or -1."""

    def undecodable(self, kind: str, fields: list[str], error: Exception) -> None:
        """Receive a message that cannot be read."""

    def failed(self, error: Exception) -> None:
        """Receive what the receiver itself raised; must not raise."""


class Wrapper:
    """One connection's EWrapper.

    `routes` maps the request id of a healthy live feed to who receives its ticks; the receiver keeps it. `ticks` is
    what this read has brought so far: `publish` is called with it at the end of the read. Conversion errors go to the
    decoder, and from there to `undecodable`; errors of the receiver go to `failed`.
    """

    def __init__(
        self,
        epoch: int,
        receiver: Receiver,
        routes: MutableMapping[int, Address],
        publish: Callable[[list[TickDelivery]], None],
    ) -> None:
        self.ticks: list[TickDelivery] = []  # emptied, never replaced
        self._collect = self.ticks.append
        self._epoch = epoch
        self._receiver = receiver
        self._route = routes.get
        self._publish = publish
        self._read: dict[tuple[bytes, ...], tuple[Callable[[Any], None], Any]] = {}  # message → what was given for it
        self._reading: tuple[bytes, ...] = ()  # the message that the decoder has
        # the decoder reads the time zone here for executions that name none: '' is this machine's own
        self.ib = SimpleNamespace(TimezoneTWS="")

    def flush(self) -> None:
        """Publish the ticks so far."""
        if self.ticks:
            try:
                self._publish(self.ticks)
            finally:
                self.ticks.clear()

    # ticks

    def take_price(self, fields: list[bytes]) -> bool:
        """Take a tickPrice message as it arrived, where it is a live price of a healthy feed; else leave it and return
        False: it then goes through the decoder and `priceSizeTick`."""
        try:
            _, _, request_id, kind, price_text, size_text, _, _ = fields
            price = float(price_text)
            address = self._route(int(request_id))
            if address is None or not 0.0 < price < _NO_PRICE:
                return False
            self._collect((address, _LIVE[kind], price, float(size_text)))
        except (ValueError, KeyError):
            return False
        return True

    def take_size(self, fields: list[bytes]) -> bool:
        """Take a tickSize message likewise."""
        try:
            _, _, request_id, kind, size_text, _ = fields
            address = self._route(int(request_id))
            if address is None:
                return False
            self._collect((address, _LIVE[kind], 0.0, float(size_text)))
        except (ValueError, KeyError):
            return False
        return True

    def take_string(self, fields: list[bytes]) -> bool:
        """Take a tickString message, of which nothing is used: it comes with every trade."""
        try:
            _, _, request_id, kind, _, _ = fields
            int(request_id), int(kind)
        except ValueError:
            return False
        return True

    def take_time(self, fields: list[bytes]) -> bool:
        """Take a currentTime message: that it comes is a round trip."""
        try:
            _, _, text, _ = fields
            seconds = int(text)
        except ValueError:
            return False
        self._give(self._receiver.current_time, seconds)
        return True

    def take_repeated(self, fields: list[bytes]) -> bool:
        """Take a message about an order that was read before, word for word the same; else return False.

        TWS tells all orders again whenever it is asked for its lists, and reading them takes longer than all the rest
        of a reconciliation. What is given for them is immutable.
        """
        message = tuple(fields)
        known = self._read.get(message)
        if known is None:
            self._reading = message
            return False
        self._give(*known)
        return True

    def priceSizeTick(self, reqId: int, tickType: int, price: float, size: float) -> None:
        address = self._route(reqId)
        if address is not None and 0.0 < price < _NO_PRICE and tickType < _LIVE_KINDS:
            self.ticks.append((address, tickType, price, size))
        else:
            self._give(self._receiver.odd_tick, reqId, tickType, price, size)

    def tickSize(self, reqId: int, tickType: int, size: float) -> None:
        address = self._route(reqId)
        if address is not None and tickType < _LIVE_KINDS:
            self.ticks.append((address, tickType, 0.0, size))

    def tcpDataProcessed(self) -> None:
        if self.ticks:
            self._give(self.flush)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        if tickType == TickType.HALTED:
            self._give(self._receiver.halted, reqId, value)
        elif tickType == TickType.SHORTABLE:
            address = self._route(reqId)
            if address is not None:
                self.ticks.append((address, tickType, value, 0.0))

    def marketDataType(self, reqId: int, marketDataId: int) -> None:
        self._give(self._receiver.market_data_type, reqId, marketDataId)

    # orders and fills

    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        if order.whatIf:  # the answer to a question, not an order
            self._give(self._receiver.what_if, reports.what_if_answer(orderId, order, orderState))
            return
        self._give_and_keep(
            self._receiver.open_order, reports.broker_order(self._epoch, orderId, contract, order, orderState)
        )

    def openOrderEnd(self) -> None:
        self._give(self._receiver.listing_ended, Listing.OPEN_ORDERS, 0)

    def completedOrder(self, contract: Contract, order: Order, orderState: OrderState) -> None:
        report = reports.completed_order(self._epoch, contract, order, orderState)
        self._give_and_keep(self._receiver.completed_order, report)

    def completedOrdersEnd(self) -> None:
        self._give(self._receiver.listing_ended, Listing.COMPLETED_ORDERS, 0)

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        _avgFillPrice: float,
        permId: int,
        _parentId: int,
        _lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        _mktCapPrice: float,
    ) -> None:
        told = reports.order_status(self._epoch, orderId, status, filled, remaining, permId, clientId, whyHeld)
        self._give(self._receiver.order_status, told)

    def execDetails(self, reqId: int, contract: Contract, execution: IbExecution) -> None:
        self._give(self._receiver.execution, reqId, reports.execution(contract, execution))

    def execDetailsEnd(self, reqId: int) -> None:
        self._give(self._receiver.listing_ended, Listing.EXECUTIONS, reqId)

    def commissionReport(self, commissionReport: CommissionReport) -> None:
        self._give_and_keep(self._receiver.commission, reports.commission(commissionReport))

    # positions and account

    def position(self, account: str, contract: Contract, posSize: float, avgCost: float) -> None:
        self._give(self._receiver.position, reports.broker_position(account, contract, posSize, avgCost))

    def positionEnd(self) -> None:
        self._give(self._receiver.listing_ended, Listing.POSITIONS, 0)

    def updateAccountValue(self, tag: str, val: str, currency: str, account: str) -> None:
        self._give(self._receiver.account_value, AccountValue(account, tag, val, currency))

    def pnl(self, _reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        self._give(self._receiver.account_pnl, reports.account_pnl(dailyPnL, unrealizedPnL, realizedPnL))

    # contracts

    def contractDetails(self, reqId: int, contractDetails: ContractDetails) -> None:
        self._give(self._receiver.contract_details, reqId, contractDetails)

    def contractDetailsEnd(self, reqId: int) -> None:
        self._give(self._receiver.contract_details_ended, reqId)

    def marketRule(self, marketRuleId: int, priceIncrements: list[PriceIncrement]) -> None:
        bands = [(known(band.lowEdge), known(band.increment)) for band in priceIncrements]
        self._give(self._receiver.market_rule, marketRuleId, bands)

    # bars

    def historicalData(self, reqId: int, bar: BarData) -> None:
        self._give(self._receiver.past_bar, reqId, bar)

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:
        self._give(self._receiver.past_bars_ended, reqId)

    def historicalDataUpdate(self, reqId: int, bar: BarData) -> None:
        self._give(self._receiver.bar_update, reqId, bar)

    # the link

    def currentTime(self, time: int) -> None:
        self._give(self._receiver.current_time, time)

    def error(self, reqId: int, errorCode: int, errorString: str, _advancedOrderRejectJson: str) -> None:
        self._give(self._receiver.error, reqId, errorCode, errorString)

    def undecodable(self, kind: str, fields: list[str], error: Exception) -> None:
        self._give(self._receiver.undecodable, kind, fields, error)

    def _give_and_keep(self, function: Callable[[Any], None], value: Any) -> None:
        if self._reading:
            if len(self._read) >= _MOST_KEPT:
                self._read.clear()
            self._read[self._reading] = function, value
            self._reading = ()
        self._give(function, value)

    def _give(self, function: Callable[..., None], *values: Any) -> None:
        try:
            function(*values)
        except Exception as error:  # noqa: BLE001  # the decoder must not take our own bug for a bad message
            self._receiver.failed(error)


def _ignore(*_values: Any) -> None:
    """What is not asked for, or is known from elsewhere."""


# The rest of what the decoder and the client name. The client itself reads nextValidId and managedAccounts; the end of
# the connection is taken from the connection's own event.
_IGNORED = (  # noqa: SIM905  # names read better as words
    "accountDownloadEnd accountSummary accountSummaryEnd accountUpdateMulti accountUpdateMultiEnd bondContractDetails "
    "connectAck connectionClosed deltaNeutralValidation displayGroupList displayGroupUpdated familyCodes "
    "fundamentalData headTimestamp histogramData historicalNews "
    "historicalNewsEnd historicalSchedule historicalTicks historicalTicksBidAsk historicalTicksLast managedAccounts "
    "mktDepthExchanges newsArticle newsProviders nextValidId orderBound pnlSingle positionMulti positionMultiEnd "
    "realtimeBar receiveFA replaceFAEnd rerouteMktDataReq rerouteMktDepthReq scannerData scannerDataEnd "
    "scannerParameters securityDefinitionOptionParameter securityDefinitionOptionParameterEnd setEventsDone "
    "smartComponents softDollarTiers symbolSamples tickByTickAllLast tickByTickBidAsk tickByTickMidPoint tickEFP "
    "tickNews tickOptionComputation tickReqParams tickSnapshotEnd tickString updateAccountTime updateMktDepth "
    "updateMktDepthL2 updateNewsBulletin updatePortfolio userInfo verifyAndAuthCompleted verifyAndAuthMessageAPI "
    "verifyCompleted verifyMessageAPI wshEventData wshMetaData"
).split()
for _name in _IGNORED:
    setattr(Wrapper, _name, staticmethod(_ignore))
