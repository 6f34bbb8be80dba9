"""An option, a future and a currency pair from the configuration to the money at the end, over the wire."""

from decimal import Decimal

import pytest

from config.settings import SymbolSettings
from messages.order import Side
from messages.position import CommandAccepted, PositionCloseEvent, PositionStatus

D = Decimal
OPTION = "AAPL  281215C00220000"
FUTURE = "ESZ8"
PAIR = "EUR.USD"
LOTS = 100_000
TERMS = {
    OPTION: (SymbolSettings(sec_type="OPT"), 35.0, 2, 100),
    FUTURE: (SymbolSettings(sec_type="FUT", exchange="CME"), 6000.0, 2, 50),
    PAIR: (SymbolSettings(sec_type="CASH", exchange="IDEALPRO"), 1.05, 20_000, 1),
}
SYMBOLS = {symbol: terms[0] for symbol, terms in TERMS.items()}
every = pytest.mark.parametrize("symbol", TERMS)


@pytest.fixture
def traded(plant):
    """Run `body(plant, symbol, price)` with a quantity of one of them held."""

    def run(body, symbol, side=Side.BUY):
        _, price, quantity, _ = TERMS[symbol]

        async def main(it):
            await it.trade_at(price, symbol, LOTS)
            answer = await it.open(side, quantity, symbol=symbol)
            assert isinstance(answer, CommandAccepted), answer
            view = await it.view(symbol)
            assert (view.status, view.protected, view.quantity) == (PositionStatus.OPEN, True, quantity * side.sign)
            await it.agree(symbol)
            await body(it, symbol, price)

        plant(main, symbols=SYMBOLS, max_order_notional=D(10_000_000), max_position_notional=D(10_000_000))

    return run


@pytest.mark.parametrize("side", list(Side))
@every
def test_its_target_closes_it_with_the_profit_of_the_broker_s_book(traded, symbol, side):
    async def body(it, symbol, price):
        await it.trade_at(price * (1.12 if side is Side.BUY else 0.88), symbol, LOTS)
        await it.settle(3)
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, it.held(symbol), it.at_broker(symbol)) == ("target", 0, [])
        fills = it.paper.venue.executions
        book = (
            -sum(((one.quantity if one.side == "BOT" else -one.quantity) * one.price for one in fills), D(0))
            * TERMS[symbol][3]
        )
        assert closed.position.realized_pnl == book > 0
        assert await it.alarms() == set()

    traded(body, symbol, side)


@every
def test_a_new_process_finds_it_again(traded, symbol):
    async def body(it, symbol, price):
        before = await it.view(symbol)
        await it.kill()
        await it.start()
        await it.settle(5)
        after = await it.view(symbol)
        assert (after.quantity, after.average_price, after.protected) == (before.quantity, before.average_price, True)
        await it.agree(symbol)
        assert await it.alarms() == set()

    traded(body, symbol)


@every
def test_what_is_held_by_hand_is_adopted_at_its_price(plant, symbol):
    price, quantity = TERMS[symbol][1:3]

    async def body(it):
        await it.trade_at(price, symbol, LOTS)
        it.by_hand(Side.BUY, quantity, str(price), symbol)
        await it.settle(70)
        answer = await it.process.commands.answer({"command": "adopt", "symbol": symbol, "stop": "10%"})
        assert answer["ok"], answer
        await it.settle(1)
        view = await it.view(symbol)
        assert (view.quantity, view.protected) == (quantity, True)
        assert float(view.stop) == pytest.approx(price * 0.9, rel=0.01)
        await it.agree(symbol)

    plant(body, symbols=SYMBOLS)
