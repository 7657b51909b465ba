"""The laws as functions, by name: those every rule set keeps, and those that strategies and rule sets may declare.

They need no Hypothesis, and no chance: a law asks for the orders and groupings it compares by itself.
"""

from collections.abc import Mapping
from typing import Final

from shardflow.merge.guide.declared_laws import declared_laws, laws_with_exceptions
from shardflow.testing.laws.declarable import DECLARABLE
from shardflow.testing.laws.engine import ENGINE, Engine, Law
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.outcomes import LawBroken
from shardflow.testing.laws.required import REQUIRED

LAWS: Final[Mapping[str, Law]] = {**REQUIRED, **DECLARABLE}
"""Every law of whole merges."""

__all__ = [
    "DECLARABLE",
    "ENGINE",
    "LAWS",
    "REQUIRED",
    "Engine",
    "Group",
    "Law",
    "LawBroken",
    "declared_laws",
    "laws_with_exceptions",
]
