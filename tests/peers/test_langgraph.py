"""LangGraph's parallel branches with reducers: what they leave in the state, shardflow leaves in the context.

Where they differ it is on purpose: LangGraph calls the branches in the order of their names, here the names follow
the ranks; without a reducer it raises also where two branches write the same value, which shardflow takes.

Needs the extra `peers`: langgraph brings thirty packages along, too many for every development environment.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.merge.small import merged, rule_set

pytest.importorskip("langgraph", reason="needs langgraph: pip install -e '.[peers]'")

from langgraph.errors import InvalidUpdateError
from langgraph.graph import END, START, StateGraph

RULES = rule_set({"path": "$.n", "strategy": "sum"}, {"path": "$.log", "strategy": "append"})
BRANCHES = st.lists(st.tuples(st.integers(-2, 3), st.lists(st.integers(0, 3), max_size=2)), min_size=1, max_size=4)


class State(TypedDict):
    """A counter and a list with reducers, a text without one."""

    n: Annotated[int, operator.add]
    log: Annotated[list[int], operator.add]
    text: str


def by_langgraph(first: State, updates: list[dict[str, Any]]) -> dict[str, Any]:
    graph = StateGraph(State)
    for rank, update in enumerate(updates):
        graph.add_node(f"s{rank}", _leaving(update))
        graph.add_edge(START, f"s{rank}")
        graph.add_edge(f"s{rank}", END)
    return dict(graph.compile().invoke(first))


def _leaving(update: dict[str, Any]) -> Callable[[State], dict[str, Any]]:
    return lambda state: update


@settings(max_examples=25)
@given(st.integers(-1, 2), st.lists(st.integers(0, 3), max_size=2), BRANCHES)
def test_counters_and_lists_are_reduced_to_the_same(
    n: int, log: list[int], branches: list[tuple[int, list[int]]]
) -> None:
    first: State = {"n": n, "log": log, "text": "t"}
    wanted = by_langgraph(first, [{"n": more, "log": items} for more, items in branches])
    documents = [{**first, "n": n + more, "log": log + items} for more, items in branches]
    assert merged(first, *documents, rules=RULES).context == wanted


def test_a_value_that_one_branch_writes_is_taken_and_one_that_two_write_differently_is_refused() -> None:
    first: State = {"n": 0, "log": [], "text": "t"}
    assert by_langgraph(first, [{"text": "a"}, {"n": 1}])["text"] == "a"
    result = merged(first, {**first, "text": "a"}, {**first, "n": 1}, rules=RULES)
    assert result.context == {"n": 1, "log": [], "text": "a"}
    with pytest.raises(InvalidUpdateError):
        by_langgraph(first, [{"text": "a"}, {"text": "b"}])
    assert merged(first, {**first, "text": "a"}, {**first, "text": "b"}, rules=RULES).conflicts
