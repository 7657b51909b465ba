"""From full copies and merge patches to edits; RFC 7396's own table in words of ours."""

import pytest
from hypothesis import given

from shardflow.model.changes import Put, apply, changes, same_edit
from shardflow.model.diff import diff, patch_edit
from shardflow.model.values import ABSENT, same
from shardflow.testing.generators import contexts, json_values

PATCHES = [
    ({"a": 1}, {"a": 2}, {"a": 2}),
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ({"a": 1}, {"a": None}, {}),
    ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
    ({"a": [1]}, {"a": 2}, {"a": 2}),
    ({"a": 2}, {"a": [1]}, {"a": [1]}),
    ({"a": {"b": 1}}, {"a": {"b": 2, "c": None}}, {"a": {"b": 2}}),
    ({"a": [{"b": 1}]}, {"a": [1]}, {"a": [1]}),
    ([1], [2], [2]),
    ({"a": 1}, [2], [2]),
    ({"a": 1}, None, None),
    ({"a": 1}, "x", "x"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1], {"a": 1, "b": None}, {"a": 1}),
    ({}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ({"a": 1}, {"b": None}, {"a": 1}),
    ({"a": 1}, {"a": 1.0}, {"a": 1.0}),
]


@pytest.mark.parametrize(("base", "patch", "wanted"), PATCHES)
def test_a_merge_patch_does_what_rfc_7396_says(base, patch, wanted):
    assert same(apply(patch_edit(base, patch), base), wanted)


def rfc_7396(target, patch):
    """The algorithm of RFC 7396, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = rfc_7396(target.get(name), value)
    return target


@given(json_values(), json_values())
def test_a_patch_edit_gives_what_the_algorithm_of_the_rfc_gives(base, patch):
    assert same(apply(patch_edit(base, patch), base), rfc_7396(base, patch))


@given(contexts(), contexts())
def test_a_diff_applied_to_its_base_gives_the_other_document(base, after):
    assert same(apply(diff(base, after), base), after)


@given(contexts())
def test_a_document_does_not_differ_from_itself(base):
    assert diff(base, base) is None
    assert diff(base, dict(reversed(base.items()))) is None


@given(contexts(), contexts())
def test_changes_are_real_and_their_paths_differ(base, after):
    listed = list(changes(diff(base, after), base))
    assert all(not same(change.before, change.after) for change in listed)
    assert len({change.path for change in listed}) == len(listed)


def test_absent_and_null_are_two_things():
    assert [(c.before, c.after) for c in changes(diff({"a": 1}, {}), {"a": 1})] == [(1, ABSENT)]
    assert [(c.before, c.after) for c in changes(diff({}, {"a": None}), {})] == [(ABSENT, None)]


def test_edits_are_compared_strictly():
    assert not same_edit(Put(1), Put(True))
    assert same_edit(diff({"a": 1}, {"a": {}}), diff({"a": 1}, {"a": {}}))
