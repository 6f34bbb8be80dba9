"""The venue of the paper TWS: matching, order life, accounts. `Venue` is the door."""

from simulator.venue.refusal import OrderRefused
from simulator.venue.venue import Venue

__all__ = ["OrderRefused", "Venue"]
