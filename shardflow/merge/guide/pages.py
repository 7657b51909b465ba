"""Pages: what a strategy or a rule set is for, in the same five sections everywhere.

A page is a docstring, or the comment a rule file begins with:

    One sentence that says it all.

    What it does
        ...
    Why
        ...
    Known problems
        ...
    Example
        {rank: [low, high]}
            base   "low"
            a      "high"
            gives  "high"
    Laws
        commutative, idempotent (a remark)

An example names what decides on a line of its own, then the base value, what each shard left, and what comes out:
JSON values, `(absent)`, or `conflict`. Further examples follow in the same form. The laws, and what they mean, are
those of `shardflow/testing/laws/declarable.py`; a test holds every page to its examples and to its laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from shardflow.model.records import record

SECTIONS: Final = ("What it does", "Why", "Known problems", "Example", "Laws")
"""What every page has, in this order."""


@record
class Page:
    """A page: its first sentence, and the text of each section, lines as written without their indentation."""

    summary: str
    sections: Mapping[str, str]


def page_of(function: Callable[..., object]) -> Page:
    """Read the page that a function's docstring is."""
    return parse_page(function.__doc__ or "")


def parse_page(text: str) -> Page:
    """Read a page. What stands before the first section is its summary; a section that is missing is left out.

    A heading may end in a colon, as many write them in docstrings.
    """
    summary, *lines = text.strip().split("\n")
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in (summary.strip(), *_outdented(lines)):
        if line.removesuffix(":") in SECTIONS:
            current = line.removesuffix(":")
            found[current] = []
        else:
            found[current].append(line)
    texts = {name: "\n".join(_outdented(part)).strip("\n") for name, part in found.items()}
    return Page(" ".join(texts.pop("").split()), texts)


def _outdented(lines: list[str]) -> list[str]:
    """Take away the indentation that all lines share."""
    shared = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[shared:].rstrip() for line in lines]
