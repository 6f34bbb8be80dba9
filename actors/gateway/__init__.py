"""The one connection to TWS: what goes out, what comes in, and whether it can be trusted."""

from __future__ import annotations

from actors.gateway.actor import GatewayActor
from actors.gateway.errors import BrokerRefusedError, BrokerUnavailableError
from actors.gateway.history import LinkHistory
from actors.gateway.keeper import Timing
from actors.gateway.last_gate import LastGate

__all__ = ["BrokerRefusedError", "BrokerUnavailableError", "GatewayActor", "LastGate", "LinkHistory", "Timing"]
