"""A breaker drill: a loss trips it, it flattens, dies on the way, goes on, latches, and is re-armed by hand.

python examples/breaker_drill.py
"""

from __future__ import annotations

from decimal import Decimal

from drill_stage import play, stage

from config.risk_settings import RiskSettings

RISK = RiskSettings(max_daily_loss=Decimal(400), daily_loss_action="flatten", max_reject_streak=3)


async def drill() -> None:
    """Play it."""
    async with stage(RISK) as it:
        await it.trade_at(100.0)
        await it.trade_at(50.0, "MSFT")
        await it.buy("AAPL", 100)
        await it.buy("MSFT", 100, limit="45.00")
        await it.show()

        print("# one bad print trips nothing")
        await it.trade_at(20.0, seconds=1.5)
        await it.trade_at(100.0, seconds=10)
        await it.show()

        print("# a loss that stays does: entries go first, then the position, whose stop rests until it is flat")
        for price in (95.8, 95.7, 95.6, 95.5):
            await it.trade_at(price, seconds=1.0)
        await it.until_halted()
        await it.kill()
        await it.start()
        await it.trade_at(95.5, seconds=10)
        await it.show()

        print("# nothing but a person, who says why, leads back, and not while the day's loss is at its limit")
        await it.trade_at(100.0)
        await it.buy("AAPL", 100)
        await it.type("resume", reason="go on")
        await it.type("rearm", reason="I have looked")


if __name__ == "__main__":
    play(drill)
