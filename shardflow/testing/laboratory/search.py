"""Looking for what breaks a law: many examples, each asked of all laws at once, then the smallest that breaks one.

Law: the same seed looks at the same examples, on any machine with the same version of Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Final, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from shardflow.model.records import record
from shardflow.testing.laboratory.smallest import smallest
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.outcomes import LawBroken

Question: TypeAlias = Callable[[Group], None]
"""A law asked about a group; raises LawBroken."""


@record
class Kept:
    """A law that held for so many examples."""

    examples: int


@record
class Broken:
    """A law that does not hold: the smallest example found, what it came to, and after how many examples it was met."""

    group: Group
    error: LawBroken
    examples: int


Answer: TypeAlias = Kept | Broken


@record
class Effort:
    """How many examples to look at, which ones, and who hears how many were looked at so far."""

    examples: int = 200
    seed: int = 0
    hear: Callable[[int], None] = lambda examples: None


_CHECKS: Final = list(HealthCheck)


def ask_all(
    questions: Mapping[str, Question], groups: st.SearchStrategy[Group], effort: Effort, small: Container[str]
) -> dict[str, Answer]:
    """Ask every question about the same examples, and give the answers in that order.

    The examples that break the laws named in `small` are made as small as can be; of others the first will do.
    """
    first: dict[str, Broken] = {}
    looked = 0

    def look(group: Group) -> None:
        nonlocal looked
        looked += 1
        for name, question in questions.items():
            error = None if name in first else breach(question, name, group)
            if error is not None:
                first[name] = Broken(group, error, looked)

    look_at(groups, look, effort)
    for name in first:
        if name in small:
            first[name] = _smallest(name, questions[name], first[name])
    return {name: first.get(name) or Kept(looked) for name in questions}


def breach(question: Question, name: str, group: Group) -> LawBroken | None:
    """Ask a question about one group; what raises anything else than LawBroken breaks every law."""
    try:
        question(group)
    except LawBroken as error:
        return error
    except Exception as error:
        return LawBroken(name, None, f"the merge raised {type(error).__name__}: {error}")
    return None


def _smallest(name: str, question: Question, first: Broken) -> Broken:
    """Make an example small, as long as it breaks the law; what is told of it is what was seen of it.

    It is not asked once more in the end: what depends on more than its arguments may then keep the law.
    """
    seen = first

    def breaks(smaller: Group) -> bool:
        nonlocal seen
        error = breach(question, name, smaller)
        seen = seen if error is None else Broken(smaller, error, first.examples)
        return error is not None

    smallest(first.group, breaks)
    return seen


def look_at(groups: st.SearchStrategy[Group], look: Callable[[Group], None], effort: Effort) -> None:
    """Look at so many examples."""
    quiet = settings(
        max_examples=effort.examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=_CHECKS,
    )

    looked = 0

    def test(group: Group) -> None:
        nonlocal looked
        looked += 1
        effort.hear(looked)
        look(group)

    seeded(effort.seed)(quiet(given(groups)(test)))()
