"""What people and the market do in a storm, how often each is drawn, and the terms that it is drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from simulation.terms import Draw, Terms, nothing, one_symbol

__all__ = ["ORDERS"]


def _entry(dice: Random, symbols: list[str]) -> Terms:
    exits = dice.choice(
        (
            {},
            {"stop": "2%", "target": "3%"},
            {"stop": "1%", "target": "1.5%"},
            {"stop": "2%", "trail": "1%"},
            {"stop": "2%", "scale_out": "50%@1%,50%@3%"},
            {"stop": "1.5%", "target": "4%", "break_even": "0.5%"},
        )
    )
    limit = dice.choice((None, None, -0.002, -0.01, 0.003))  # of the price, towards the better
    return {"symbol": dice.choice(symbols), "quantity": dice.choice((1, 7, 100, 250)), "limit": limit, **exits}


def _exits(dice: Random, symbols: list[str]) -> Terms:
    changes = dice.choice(
        (
            {"stop": dice.choice(("1%", "2%", "4%")), "target": dice.choice(("2%", "6%"))},
            {"stop": dice.choice(("1%", "3%"))},
            {"trail": dice.choice(("0.5%", "2%"))},
            {"break_even": "1%"},
            {"steps": "0.5%:0.1%,2%:1%"},
            {"scale_out": "30%@0.5%,70%@2%"},
            {"exit_after": dice.choice(("30s", "3m"))},
        )
    )
    return {"symbol": dice.choice(symbols), **changes}


def _hand(dice: Random, symbols: list[str]) -> Terms:
    return {
        "symbol": dice.choice(symbols),
        "quantity": dice.choice((-100, -7, 7, 50, 100)),
        "close": dice.random() < 0.5,
    }


def _hand_order(dice: Random, symbols: list[str]) -> Terms:
    return {
        "symbol": dice.choice(symbols),
        "side": dice.choice(("BUY", "SELL")),
        "quantity": dice.choice((7, 50, 100)),
        "kind": dice.choice(("LMT", "LMT", "STP")),
        "away": dice.choice((0.0, 0.001, 0.004, 0.02)),
        "tif": dice.choice(("DAY", "GTC")),
    }


def _reduce(dice: Random, symbols: list[str]) -> Terms:
    return {"symbol": dice.choice(symbols), "part": dice.choice((0.1, 0.5, 1.0)), "limit": dice.choice((None, 0.002))}


def _oco(dice: Random, symbols: list[str]) -> Terms:
    return {
        "symbol": dice.choice(symbols),
        "side": dice.choice(("buy", "sell")),
        "quantity": dice.choice((1, 40, 100)),
        "apart": dice.choice((0.001, 0.004, 0.02)),  # of the price, either way
    }


def _predict(dice: Random, symbols: list[str]) -> Terms:
    return {"symbol": dice.choice(symbols), "word": dice.choice(("BUY", "SELL")), "confidence": dice.choice((0.5, 0.9))}


def _jump(dice: Random, symbols: list[str]) -> Terms:
    return {"symbol": dice.choice(symbols), "factor": round(dice.choice((-1, 1)) * dice.uniform(0.01, 0.08), 4)}


ORDERS: Mapping[str, tuple[float, Draw]] = {
    "buy": (14.0, _entry),
    "sell": (9.0, _entry),
    "reduce": (1.5, _reduce),
    "oco": (2.0, _oco),
    "close": (3.0, one_symbol),
    "exits": (3.0, _exits),
    "cancel": (2.0, nothing),
    "halt": (0.4, nothing),
    "resume": (0.8, nothing),
    "flatten": (0.2, nothing),
    "flatten_one": (0.4, one_symbol),
    "rearm": (0.8, nothing),
    "hand": (1.5, _hand),
    "hand_order": (1.5, _hand_order),  # it rests, and nobody tells Pitboss of it
    "hand_change": (0.7, nothing),
    "hand_cancel": (0.5, nothing),
    "adopt": (1.0, one_symbol),
    "take_out": (0.3, one_symbol),
    "put_in": (0.5, one_symbol),
    "acknowledge": (0.5, nothing),
    "predict": (3.0, _predict),
    "jump": (3.0, _jump),
    "stop_process": (0.0, nothing),  # these three are of whole days: simulation.days
    "morning": (0.0, nothing),
    "evening": (0.0, nothing),
    "part": (3.0, nothing),  # the broker fills a part of a resting order
}
