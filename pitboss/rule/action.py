"""Actions. `a + b` does both, and stops at the first command that is refused."""

from __future__ import annotations

from domain.rules import Action, ActionError, ClosePositionAction, CreatePositionAction, SequenceAction

__all__ = ["Action", "ActionError", "ClosePositionAction", "CreatePositionAction", "SequenceAction"]
