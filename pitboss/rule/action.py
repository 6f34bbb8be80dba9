"""Actions. `a + b` does both, and stops at the first command that is refused."""

from __future__ import annotations

from domain.rules import (
    Action,
    ActionError,
    AdjustExitsAction,
    CancelOrderAction,
    CloseAllAction,
    ClosePositionAction,
    ConditionalAction,
    CreateBracketAction,
    CreateOrderAction,
    CreatePositionAction,
    DoubleDownAction,
    FlattenAction,
    LogAction,
    ScaleInAction,
    SequenceAction,
)

__all__ = [
    "Action",
    "ActionError",
    "AdjustExitsAction",
    "CancelOrderAction",
    "CloseAllAction",
    "ClosePositionAction",
    "ConditionalAction",
    "CreateBracketAction",
    "CreateOrderAction",
    "CreatePositionAction",
    "DoubleDownAction",
    "FlattenAction",
    "LogAction",
    "ScaleInAction",
    "SequenceAction",
]
