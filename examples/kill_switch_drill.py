"""A kill-switch drill: all is flattened at a word, stays so through a restart, and another word with a reason ends it.

python examples/kill_switch_drill.py
"""

from __future__ import annotations

from drill_stage import play, stage

from config.risk_settings import RiskSettings


async def drill() -> None:
    """Play it."""
    async with stage(RiskSettings()) as it:
        await it.trade_at(100.0)
        await it.trade_at(50.0, "MSFT")
        await it.buy("AAPL", 100)
        await it.buy("MSFT", 100, limit="45.00")
        await it.show()

        await it.type("flatten", reason="drill")
        await it.trade_at(100.0)
        await it.trade_at(50.0, "MSFT", seconds=5)
        await it.show()

        await it.kill()
        await it.start()
        await it.trade_at(100.0, seconds=2)
        await it.show()
        await it.buy("AAPL", 100)
        await it.type("rearm", reason="the drill is over")
        await it.buy("AAPL", 100)
        await it.show()


if __name__ == "__main__":
    play(drill)
