"""All kinds of acts, how often each is drawn, and the terms that it is drawn with."""

from __future__ import annotations

from simulation.drawing_faults import DEATHS, FAULTS
from simulation.drawing_people import ORDERS
from simulation.terms import Draw

__all__ = ["DEATHS", "FAULTS", "ORDERS", "Draw"]
