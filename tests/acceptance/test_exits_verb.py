"""`pitboss exits`, and the flags of `buy`, over real sockets: what a user asks for, sees and gets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

D = Decimal


def test_exits_are_shown_changed_and_carried_out(run_house: Any) -> None:
    async def body(house: Any) -> None:
        await house.enter("AAPL", 100.0, stop="3%", scale_out="25%@2%, 25%@4%", break_even="3%", exit_at="15:45")
        row = await house.until_position("AAPL", protected=True)
        assert [(one["quantity"], one["filled"]) for one in row["targets"]] == [("25", "0"), ("25", "0"), ("50", "0")]
        assert "break-even to the entry after 3 %, 25 % at 2 %" in row["exits"]
        assert row["leaves_at"] is not None
        orders = [one for one in (await house.status())["orders"] if one["role"] in ("stop", "target")]
        groups = {one["group"] for one in orders if one["status"] == "ACCEPTED"}
        assert len(groups) == 3
        shown = await house.command("exits", symbol="AAPL")
        assert shown["ok"]
        assert shown["text"].count("target  ") == 3
        assert "out at  " in shown["text"]
        # a stop and another target; the rest stays
        said = await house.command("exits", symbol="AAPL", stop="96.50", scale_out="none", exit_at="none")
        assert said["ok"], said
        row = await house.until_position("AAPL", protected=True, stop="96.5", leaves_at=None)
        assert "break-even" in row["exits"]
        await house.until_sound("AAPL")
        # the break-even rule
        await house.quoted("AAPL", 103.5)
        row = await house.until_position("AAPL", protected=True, stop_moved="break_even")
        assert row["stop"] == row["average_price"]
        (stop,) = (
            order for order in house.broker.venue.orders.values() if order.order_type == "STP" and not order.done
        )
        assert stop.stop == D(row["stop"])

    run_house(body)


def test_what_cannot_be_is_refused_in_words(run_house: Any) -> None:
    async def body(house: Any) -> None:
        for fields, told in (
            ({"symbol": "AAPL"}, "AAPL has no position under management"),
            ({"symbol": "NONE"}, "NONE"),
        ):
            said = await house.command("exits", **fields)
            assert not said["ok"]
            assert told in said["error"]
        await house.enter("AAPL", 100.0)
        for fields, told in (
            ({"stop": "101"}, "the exits would fire at once"),
            ({"stop": "6atr"}, "[indicators.atr]"),
            ({"steps": "1%:2%"}, "it would fire at once"),
            ({"target": "none", "stop": "none", "break_even": "1r"}, "R is the distance to the stop"),
            ({"exit_after": "soon"}, '"soon" is not a time'),
        ):
            said = await house.command("exits", symbol="AAPL", **fields)
            assert not said["ok"], (fields, said)
            assert told in said["error"]
        await house.until_sound("AAPL")

    run_house(body)


def test_of_several_entries_one_fills_and_is_protected(run_house: Any) -> None:
    async def body(house: Any) -> None:
        said: dict[str, Any] = {}
        while not said.get("ok"):  # the contract is not described, or no quote has come
            house.price("AAPL", 100.0)
            said = await house.command(
                "oco", symbol="AAPL", side="buy", quantity="100", legs="limit@98,stop@102", stop="2%"
            )
            assert said["ok"] or "not described" in said["error"] or "quote" in said["error"], said
        orders = [one for one in (await house.status())["orders"] if one["role"] == "entry"]
        assert len({one["group"] for one in orders}) == 1
        await house.quoted("AAPL", 102.5)
        row = await house.until_position("AAPL", quantity="100", protected=True)
        assert row["exits"] == "stop 2 %, target 8 %"
        await house.until_sound("AAPL")
        for fields, told in (
            ({"side": "buy", "legs": "limit@98"}, "two entries or more"),
            ({"side": "hold", "legs": "limit@98,limit@97"}, "buy or sell"),
            ({"side": "sell", "legs": "limit@108,limit@110"}, "a group already"),
        ):
            refused = await house.command("oco", symbol="AAPL", quantity="100", **fields)
            assert not refused["ok"]
            assert told in refused["error"]

    run_house(body)
