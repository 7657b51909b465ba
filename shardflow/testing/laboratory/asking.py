"""What the kit is asked with: refused early where it could only check nothing, since that would pass as kept."""

from __future__ import annotations

from collections.abc import Iterable

from shardflow.merge.rules import Strategy
from shardflow.merge.strategies.custom import read_target
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.documents import did_you_mean


def law_names(declared: Iterable[str]) -> frozenset[str]:
    """Give the names of laws. Raises TypeError for a single text, which would count as its letters."""
    if isinstance(declared, str):
        raise TypeError(f"declared must be names of laws, such as [{declared!r}], not one text")
    return frozenset(declared)


def refuse_effort(examples: int) -> None:
    """Raise ValueError for a number of examples that looks at none."""
    if examples < 1:
        raise ValueError(f"examples must be 1 or more, not {examples}")


def refuse_strategy(strategy: object) -> None:
    """Raise ValueError for a name that stands for no strategy, TypeError for what is none."""
    match strategy:
        case str(name) if name == CUSTOM:
            raise ValueError("'custom' is whatever its function does; give the function itself")
        case str(name) if name not in STRATEGIES:
            raise ValueError(f"unknown strategy {name!r}; {did_you_mean(name, STRATEGIES)}")
        case str() | Strategy():
            return
        case _:
            if not callable(strategy):
                told = type(strategy).__name__
                raise TypeError(f"strategy must be a function, the name of a strategy or a Strategy, not {told}")


def function_name(function: object) -> str:
    """Name a function as a rule would; what no rule can name, a lambda or a partial, is called `rules:function`."""
    name = f"{getattr(function, '__module__', 'rules')}:{getattr(function, '__name__', 'function')}"
    try:
        return read_target(name).function
    except ValueError:
        return "rules:function"
