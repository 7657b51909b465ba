"""Cycles of a graph given as node -> the nodes it points to. Nodes pointed to that are no keys are ignored."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

Graph = Mapping[str, Sequence[str]]


def knots(graph: Graph) -> list[list[str]]:
    """Give the sets of two nodes or more that all reach one another, each sorted.

    Kosaraju's strongly connected components: what reaches back to the node finished last is one component.
    """
    back: dict[str, list[str]] = {node: [] for node in graph}
    for node, targets in graph.items():
        for target in targets:
            if target in back:
                back[target].append(node)
    placed: set[str] = set()
    components = [_reached(node, back, placed) for node in reversed(_finishing_order(graph))]
    return [sorted(component) for component in components if len(component) > 1]


def _finishing_order(graph: Graph) -> list[str]:
    """Give the nodes in the order a depth-first search leaves them."""
    order: list[str] = []
    entered: set[str] = set()
    pending = [(node, False) for node in graph]
    while pending:
        node, leaving = pending.pop()
        if leaving:
            order.append(node)
        elif node not in entered and node in graph:
            entered.add(node)
            pending.append((node, True))
            pending.extend((target, False) for target in graph[node])
    return order


def _reached(start: str, graph: Graph, placed: set[str]) -> list[str]:
    """Give the nodes reached from a start that are not placed yet, and place them."""
    reached: list[str] = []
    pending = [start]
    while pending:
        node = pending.pop()
        if node not in placed:
            placed.add(node)
            reached.append(node)
            pending.extend(graph[node])
    return reached


def shortest_cycle(knot: Sequence[str], graph: Graph) -> list[str]:
    """Give a shortest cycle within a knot, its first node again at the end; of equals the first by name."""
    inside = set(knot)
    return min((_cycle_from(start, inside, graph) for start in sorted(knot)), key=len)


def _cycle_from(start: str, inside: set[str], graph: Graph) -> list[str]:
    """Find a shortest way from a node of a knot back to itself, breadth first."""
    came_from: dict[str, str] = {}
    pending = deque([start])
    while pending:
        node = pending.popleft()
        for target in sorted(inside.intersection(graph[node])):
            if target == start:
                return _way(start, node, came_from)
            if target not in came_from:
                came_from[target] = node
                pending.append(target)
    raise ValueError(f"{start} stands in no cycle")


def _way(start: str, last: str, came_from: Mapping[str, str]) -> list[str]:
    way = [start]
    while last != start:
        way.append(last)
        last = came_from[last]
    return [*way, start][::-1]
