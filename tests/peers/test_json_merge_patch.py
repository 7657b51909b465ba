"""A shard in patch form is what the package json-merge-patch makes of it (RFC 7396), for any base and any patch."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import json_merge_patch
from hypothesis import given

from shardflow.merge.cases import Case, CaseShard, Form, replay
from shardflow.merge.rules import NO_RULES
from shardflow.model.values import Json, same
from shardflow.testing.generators import contexts


@given(contexts(), contexts())
def test_one_patch_makes_what_the_package_makes(base: dict[str, Json], patch: dict[str, Json]) -> None:
    wanted: Any = json_merge_patch.merge(deepcopy(base), deepcopy(patch))
    result = replay(Case(base, (CaseShard("a", patch, Form.PATCH),)), NO_RULES)
    assert same(result.context, wanted)


@given(contexts(), contexts(), contexts())
def test_patches_of_different_members_make_what_they_make_one_after_another(
    base: dict[str, Json], one: dict[str, Json], other: dict[str, Json]
) -> None:
    apart = {name: value for name, value in other.items() if name not in one}
    wanted: Any = json_merge_patch.merge(json_merge_patch.merge(deepcopy(base), deepcopy(one)), deepcopy(apart))
    shards = (CaseShard("a", one, Form.PATCH), CaseShard("b", apart, Form.PATCH))
    result = replay(Case(base, shards), NO_RULES)
    assert not result.conflicts
    assert same(result.context, wanted)
