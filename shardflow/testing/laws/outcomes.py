"""What laws compare: outcomes as texts, and the two sides of a law that is broken."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from shardflow.model.decisions import RuleRef
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.json.canonical import canonical_bytes


class Contested(Enum):
    """The type of `CONTESTED`."""

    CONTESTED = "contested"

    def __repr__(self) -> str:
        """Show as people say it."""
        return "a conflict"


CONTESTED: Final = Contested.CONTESTED
"""The outcome of a merge that is in conflict."""

Outcome: TypeAlias = "Value | Contested"


@record
class Side:
    """One of two things that should be alike: how it came about, and what came out. `conflicts` are paths."""

    title: str
    outcome: Outcome
    conflicts: tuple[str, ...] = ()


@record
class Contrast:
    """Two things that should be alike and are not."""

    one: Side
    other: Side


class LawBroken(AssertionError):
    """A law does not hold: which, the two things that should be alike or what is wrong, and the rule that decided."""

    def __init__(self, law: str, contrast: Contrast | None, reason: str = "", rule: RuleRef | None = None) -> None:
        self.law = law
        self.contrast = contrast
        self.reason = reason
        self.rule = rule
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Tell it line by line."""
        told = [f"{self.law}: {self.reason or 'these should be the same'}"]
        if self.contrast is not None:
            told += [f"  {side.title}: {outcome_text(side)}" for side in (self.contrast.one, self.contrast.other)]
        return [*told, f"  decided by {self.rule}"] if self.rule is not None else told


def outcome_text(side: Side) -> str:
    """Write what came out on one line."""
    if side.outcome is CONTESTED:
        return f"a conflict at {', '.join(side.conflicts)}" if side.conflicts else "a conflict"
    return text_of(side.outcome)


def alike(one: Value, other: Value) -> bool:
    """Compare by text, on purpose not by the equality that the engine uses."""
    return _sorted_text(one) == _sorted_text(other)


def text_of(outcome: Outcome) -> str:
    """Write a value on one line, members in their order."""
    if isinstance(outcome, Enum):
        return "(absent)" if outcome is ABSENT else repr(outcome)
    return " ".join(line.strip() for line in canonical_bytes(outcome).decode().splitlines())


def _sorted_text(value: Value) -> bytes:
    return b"" if value is ABSENT else canonical_bytes(with_sorted_members(value))


def with_sorted_members(value: Json) -> Json:
    """Give the value with the members of all objects in order of their names."""
    if isinstance(value, dict):
        return {name: with_sorted_members(value[name]) for name in sorted(value)}
    return [with_sorted_members(item) for item in value] if isinstance(value, list) else value
