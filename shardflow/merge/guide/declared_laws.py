"""The laws that pages declare: their names, and what a page says of them.

What each means stands in `shardflow/testing/laws/declarable.py`, which asks for them.
"""

from __future__ import annotations

from typing import Final

from shardflow.merge.guide.pages import Page

OF_RULE_SETS: Final = ("commutative", "commutative up to order", "associative", "idempotent")
"""The laws that a whole rule set may declare. A strategy may be monotone, too."""


OF_EVERY_MERGE: Final = (
    "permutation",
    "identity",
    "single writer",
    "no lost change",
    "no invention",
    "as documented",
    "locality",
    "first match",
    "grouping",
    "duplicate shard",
    "replay",
)
"""The laws that every merge keeps, declared or not."""


def unknown_laws(page: Page) -> list[str]:
    """Give what the page of a rule set declares that is no law of a whole rule set."""
    return sorted(declared_laws(page) - {*OF_EVERY_MERGE, *OF_RULE_SETS})


def declared_laws(page: Page) -> frozenset[str]:
    """Give the laws a page declares; remarks in parentheses qualify them for people."""
    return frozenset(_remarks(page))


def laws_with_exceptions(page: Page) -> frozenset[str]:
    """Give those that a page declares with an exception, a remark of `but ...`, `not ...` or `as far as ...`: what
    breaks them may be what the exception names, which only people can tell.
    """
    return frozenset(name for name, remark in _remarks(page).items() if remark.startswith(_EXCEPTIONS))


_EXCEPTIONS: Final = ("but ", "not ", "as far as ")


def _remarks(page: Page) -> dict[str, str]:
    """Give the laws of a page, each with the remark behind it."""
    texts, depth = ["", ""], 0
    found: dict[str, str] = {}
    for character in f"{page.sections.get('Laws', '')},":
        depth += character == "("
        if character == "," and not depth:
            found[" ".join(texts[0].split())] = " ".join(texts[1].split())
            texts = ["", ""]
        elif character not in "()":
            texts[depth > 0] += character
        depth -= character == ")"
    return {name: remark for name, remark in found.items() if name not in ("none", "")}
