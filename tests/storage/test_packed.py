"""Edits kept as bytes are the edits they were."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.execution.folding.base import base_of
from shardflow.execution.folding.fold import fold
from shardflow.model.changes import Delta, Drop, Into, Put, same_edit
from shardflow.storage.packed import PackedMembers, packed
from shardflow.testing import generators
from tests.storage.values import texts, values

edits = st.builds(Put, values) | st.just(Drop())
objects = st.builds(Into, st.dictionaries(texts, edits, min_size=1, max_size=3))


@st.composite
def wide(draw):
    """Draw an edit of an object that has many changed members, most of them alike."""
    few = draw(st.lists(edits | objects, min_size=1, max_size=4))
    names = draw(st.lists(texts, unique=True, max_size=4)) + [f"n{n}" for n in range(16)]
    return Into({name: few[place % len(few)] for place, name in enumerate(names)})


def shown(edit):
    """Give an edit with the order of its members, and values by their spelling."""
    if isinstance(edit, Into):
        return [(name, shown(inner)) for name, inner in edit.members.items()]
    return repr(edit)


@given(wide())
def test_a_packed_edit_is_the_same_edit_in_the_same_order(edit):
    assert shown(packed(edit)) == shown(edit)
    assert same_edit(packed(edit), edit)
    assert same_edit(edit, packed(edit))


def test_only_members_that_were_changed_are_there():
    members = PackedMembers({f"n{n}": Put(n) for n in range(100)})
    assert len(members) == 100
    assert members["n7"] == members.at(7) == Put(7)
    assert "n100" not in members
    with pytest.raises(KeyError):
        members["n100"]


def test_what_marshal_does_not_know_stays_as_it_is():
    as_it_is = packed(Into({f"n{n}": Put(Decimal("0.1000000000000000055")) for n in range(20)}))
    smaller = packed(Into({f"n{n}": Put(10**50) for n in range(20)}))
    assert isinstance(as_it_is, Into)
    assert isinstance(smaller, Into)
    assert not isinstance(as_it_is.members, PackedMembers)
    assert isinstance(smaller.members, PackedMembers)


@given(generators.groups(), generators.rule_sets())
def test_packed_shards_merge_to_the_same_bytes(group, rules):
    def widened(edit):
        return Into({**{f"#{n}": Put(n) for n in range(16)}, **edit.members}) if isinstance(edit, Into) else edit

    deltas = [Delta(d.shard, d.rank, widened(d.edit)) for d in group.deltas]
    one = fold(base_of(group.base), deltas, rules)
    other = fold(base_of(group.base), [Delta(d.shard, d.rank, packed(d.edit)) for d in deltas], rules)
    assert one.context == other.context
    assert one.ledger == other.ledger
