"""Which partials a parsed template names: pystache itself tells of them only while it renders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def partial_names(parsed: Any) -> Iterator[str]:
    """Give the partials of what pystache parsed, those of its sections behind them, however deep these nest."""
    from pystache.parser import _InvertedNode, _PartialNode, _SectionNode

    waiting = [parsed]
    for part in waiting:
        for node in part._parse_tree:
            match node:
                case _PartialNode():
                    yield node.key
                case _SectionNode():
                    waiting.append(node.parsed)
                case _InvertedNode():
                    waiting.append(node.parsed_section)
                case _:
                    pass
