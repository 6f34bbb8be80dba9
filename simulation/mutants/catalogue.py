"""All mutants, by name."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.mutants.evidence import EVIDENCE
from simulation.mutants.link import LINK
from simulation.mutants.lists import LISTS
from simulation.mutants.mutant import Mutant
from simulation.mutants.protection import PROTECTION
from simulation.mutants.risk import RISK
from simulation.mutants.writing import WRITING

__all__ = ["MUTANTS"]

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant for mutant in (*WRITING, *EVIDENCE, *LISTS, *RISK, *PROTECTION, *LINK)
}
"""name → mutant"""
