"""`diff3`: texts by lines and lists by items, merged as version control merges files."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TypeAlias, TypeGuard

from shardflow.merge.site import Chosen, Combined, Site, Unsettled, Verdict, unanimous
from shardflow.merge.strategies.present import over_base
from shardflow.model.values import Json, Value, frozen

Parts: TypeAlias = list[Json]


def diff3(site: Site) -> Verdict:
    r"""Merge a text by lines, or a list by items: changes at different places are all taken.

    What it does
        Three-way merge (diff3) of each shard's text or list with what the shards before it made, in rank order, against
        the base. Where two shards changed the same place differently, it is a conflict that says which place.
    Why
        Prose, code and ordered lists that several subagents edit in different places.
    Known problems
        For more than two shards this is a left fold in rank order, not one step: with repeated lines another order
        of shards could align them differently. Rank fixes the order, so the result is still the same every time.
        Changes that touch without overlapping count as overlapping. Where nothing stood before, only equal texts agree.
    Example
        diff3
            base   [1, 2, 3]
            a      [9, 2, 3]
            b      [1, 2, 3, 4]
            gives  [9, 2, 3, 4]
        diff3
            base   "one\ntwo\n"
            a      "ONE\ntwo\n"
            b      "one\ntwo\nthree\n"
            gives  "ONE\ntwo\nthree\n"
    Laws
        commutative (of two shards)
    """
    agreed = unanimous(site)
    if isinstance(agreed, Chosen):
        return agreed
    if any(isinstance(value, str) for value in site.values()):
        return over_base(site, "a text", _is_text, _merged_texts)
    return over_base(site, "a text or list", _is_list, _merged_lists)


def _is_text(value: Value) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_list(value: Value) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _merged_texts(base: str | None, texts: list[str]) -> Verdict:
    merged = _folded(_lines(base or ""), [_lines(text) for text in texts])
    return Unsettled(merged) if isinstance(merged, str) else Combined("".join(map(str, merged)))


def _merged_lists(base: Parts | None, lists: list[Parts]) -> Verdict:
    merged = _folded(base or [], lists)
    return Unsettled(merged) if isinstance(merged, str) else Combined(merged)


def _folded(base: Parts, shards: Sequence[Parts]) -> Parts | str:
    """Fold shards in rank order; gives the parts, or the reason why not.

    Parts are merged as tokens, the same token for strictly equal parts.
    """
    tokens: dict[Hashable, str] = {}
    parts: dict[str, Json] = {}

    def tokenized(items: Parts) -> list[str]:
        for item in items:
            token = tokens.setdefault(frozen(item), str(len(tokens)))
            parts.setdefault(token, item)
        return [tokens[frozen(item)] for item in items]

    start, made = tokenized(base), tokenized(shards[0])
    for shard in shards[1:]:
        merged = _three_way(start, made, tokenized(shard))
        if isinstance(merged, str):
            return merged
        made = merged
    return [parts[token] for token in made]


def _three_way(base: list[str], one: list[str], other: list[str]) -> list[str] | str:
    from merge3 import Merge3  # only where a text or list is really contested

    merged: list[str] = []
    for region in Merge3(base, one, other).merge_regions():
        match region:
            case ("conflict", start, end, *_):
                where = f"part {start + 1}" if end - start < 2 else f"parts {start + 1} to {end}"
                return f"two shards changed {where} of the base differently"
            case ("unchanged", start, end):
                merged.extend(base[start:end])
            case ("b", start, end):
                merged.extend(other[start:end])
            case (_, start, end):
                merged.extend(one[start:end])
    return merged


def _lines(text: str) -> Parts:
    return [line for line in re.split(r"(?<=\n)", text) if line]
