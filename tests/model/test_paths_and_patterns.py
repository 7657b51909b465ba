"""Paths as text, patterns as a subset of RFC 9535, and which pattern covers which."""

import re
from functools import partial
from operator import itemgetter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shardflow.model.paths import ORDER, Member, PathError, key_text, parse_path, path_text
from shardflow.model.patterns import (
    PatternError,
    PatternSet,
    and_below,
    covered,
    earlier_of_names,
    parse_pattern,
)

TEXTS = [
    ((), "$"),
    (("a", "b"), "$.a.b"),
    (("a", 0), "$.a[0]"),
    (("",), "$['']"),
    (("/a~b",), "$['/a~b']"),
    (("a.b",), "$['a.b']"),
    (("it's",), r"$['it\'s']"),
    (("\n\x00\\",), r"$['\n\u0000\\']"),
    (("\U0001f600é",), "$.\U0001f600é"),
    (("a\x9b\x7f\u202e",), r"$['a\u009b\u007f\u202e']"),
    (("\U000e0001",), r"$['\udb40\udc01']"),
    (("f", Member((("file", "'a'"), ("line", "3"))), "x"), "$.f[?@.file=='a' && @.line==3].x"),
    (("f", Member((("a", "1"), ("b c", "3")), ("b c",))), "$.f[?@.a==1 && (!@['b c'] || @['b c']==3)]"),
    (("f", ORDER), "$.f (order)"),
]


@pytest.mark.parametrize(("path", "text"), TEXTS)
def test_a_path_is_shown_as_a_normalized_path(path, text):
    assert path_text(path) == text


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["a", "a-b", "'", '"', "\\", " && @"]
)
keys = names | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-9, 9) | st.none()
fields = st.lists(st.tuples(names, keys.map(key_text)), min_size=1, max_size=2, unique_by=itemgetter(0)).map(tuple)
members = fields.flatmap(
    lambda fields: st.lists(st.sampled_from([name for name, _ in fields]), unique=True).map(
        lambda assumed: Member(fields, tuple(name for name, _ in fields if name in assumed))
    )
)
segments = names | st.integers(0, 10**9) | members


@given(st.lists(segments, max_size=4).map(tuple), st.sampled_from([(), (ORDER,)]))
def test_the_text_of_a_path_reads_back_to_the_path(path, order):
    assert parse_path(path_text(path + order)) == path + order


TYPED = [
    ("$.a-b", ("a-b",)),
    ('$["a"][ 0 ]', ("a", 0)),
    ("$.f[?@.file == \"it's\" && @['x y']==3].n", ("f", Member((("file", r"'it\'s'"), ("x y", "3"))), "n")),
]


@pytest.mark.parametrize(("text", "path"), TYPED)
def test_a_path_may_be_typed_in_other_ways_too(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "$a",
        "$.",
        "$.*",
        "$..a",
        "$[*]",
        "$.a[-1]",
        "$.a[01]",
        "$[?@.x]",
        "$ (order).x",
        "$[?(!@.a || @.b==1)]",
    ],
)
def test_what_is_no_path_of_one_value_is_refused(text):
    with pytest.raises(PathError):
        parse_path(text)


def test_the_refusal_of_a_path_says_where():
    with pytest.raises(PathError, match=r"cannot read '\.\*' at character 4; allowed are"):
        parse_path("$.a.*")


MATCHES = [
    ("$", [()], [("a",)]),
    ("$.a", [("a",)], [("aa",), ("a", "b"), ()]),
    ("$['a b']", [("a b",)], [("a",)]),
    ('$["a"]', [("a",)], []),
    (r"$['it\'s']", [("it's",)], []),
    (r'$["\u00e9\""]', [('é"',)], []),
    ("$['']", [("",)], [()]),
    ("$.*", [("a",), (0,)], [(), ("a", "b")]),
    ("$.a[*].b", [("a", 0, "b"), ("a", Member((("id", "1"),)), "b"), ("a", "x", "b")], [("a", "b")]),
    ("$..n", [("n",), ("a", "n"), ("a", 0, "n"), ("n", "n")], [(), ("a",)]),
    ("$.a..b.c", [("a", "b", "c"), ("a", "x", "b", "c")], [("a", "c"), ("b", "c")]),
    ("$..*", [("a",), ("a", 0)], [()]),
    ("$..['x y']", [("a", "x y")], []),
    ("$.a-b", [("a-b",)], []),
    ("$.\U0001f600", [("\U0001f600",)], []),
    ("$.a.*", [("a", "b")], [("a", ORDER)]),
]


def matches(text, path):
    patterns = PatternSet([parse_pattern(text)])
    positions = patterns.start
    for segment in path:
        positions = patterns.after(positions, segment)
    return patterns.first_match(positions) == 0


@pytest.mark.parametrize(("text", "yes", "no"), MATCHES)
def test_a_pattern_matches_its_paths_and_no_others(text, yes, no):
    assert [path for path in yes if not matches(text, path)] == []
    assert [path for path in no if matches(text, path)] == []


NOT_PATTERNS = [
    *("", "a", "a.b", "$a", "$.", "$..", "$...a", "$ .a", "$.a b", "$.1a"),
    *("$.a[0]", "$.a[?@.x]", "$[a]", "$.a[", "$.'a'", r"$['\q']", r"$['\ud800']"),
]


@pytest.mark.parametrize("text", NOT_PATTERNS)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(PatternError):
        parse_pattern(text)


def test_the_refusal_says_where():
    with pytest.raises(PatternError, match=r"cannot read '\[0\]' at character 4; allowed are"):
        parse_pattern("$.a[0]")


COVERED = [
    ("$.a", ["$.a"], True),
    ("$.a", ["$.*"], True),
    ("$.*", ["$.a"], False),
    ("$.a.b", ["$..b"], True),
    ("$..b", ["$.*.b", "$.b"], False),
    ("$.a..b", ["$..b"], True),
    ("$..a.b", ["$..b"], True),
    ("$..*", ["$.*", "$.*..*"], True),
    ("$.a[*]", ["$.a.*"], True),
    ("$..a..a", ["$..a"], True),
    ("$..a", ["$..a..a", "$.a"], False),
    ("$", ["$..*"], False),
]


@pytest.mark.parametrize(("pattern", "others", "wanted"), COVERED)
def test_covering_is_inclusion_of_all_matched_paths(pattern, others, wanted):
    assert covered(parse_pattern(pattern), [parse_pattern(other) for other in others]) is wanted


steps = st.sampled_from([".a", ".b", ".*", "..a", "..b", "..*"])
pattern_texts = st.lists(steps, max_size=3).map(lambda parts: "$" + "".join(parts))
paths = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4).map(tuple)


def test_patterns_whose_automaton_is_too_large_to_walk_pass_for_not_covered() -> None:
    *others, last = (parse_pattern("$..a" + ".*" * count) for count in range(40))
    assert not covered(last, others)


@given(pattern_texts, st.lists(pattern_texts, min_size=1, max_size=2), paths)
def test_no_path_of_a_covered_pattern_is_missed_by_the_others(text, others, path):
    if covered(parse_pattern(text), [parse_pattern(other) for other in others]) and matches(text, path):
        assert any(matches(other, path) for other in others)


@given(pattern_texts, st.sampled_from([".a", ".b", ".*"]))
def test_a_pattern_is_covered_by_itself_with_a_step_widened(text, step):
    assert covered(parse_pattern(text + step), [parse_pattern(text + ".*")])


@given(pattern_texts, st.lists(pattern_texts, max_size=3))
@example("$..b.b..b", ["$.*.b..b", "$..b.b"])  # misses $.a.a.b.b.a.b and nothing shorter
def test_a_pattern_is_covered_where_the_others_match_all_its_paths(text, others):
    missed = shortest_missed(text, others)
    if missed is not None:
        assert matches(text, missed)
        assert not any(matches(other, missed) for other in others)
    assert covered(parse_pattern(text), [parse_pattern(other) for other in others]) is (missed is None)


def shortest_missed(text, others):
    """Find a path of one pattern that no other matches, by how many steps of each may have been taken by then."""
    patterns = [re.findall(r"(\.\.?)(\w|\*)", pattern) for pattern in (text, *others)]
    begin = tuple(frozenset({0}) for _ in patterns)
    seen = {begin}
    waiting: list[tuple[tuple[frozenset[int], ...], tuple[str, ...]]] = [(begin, ())]
    for taken, path in waiting:
        first, *rest = [len(steps) in reached for steps, reached in zip(patterns, taken, strict=True)]
        if first and not any(rest):
            return path
        for name in "abc":
            onward = tuple(map(partial(one_further, name), patterns, taken))
            if onward not in seen:
                seen.add(onward)
                waiting.append((onward, (*path, name)))
    return None


def one_further(name, steps, reached):
    stayed = {number for number in reached if number < len(steps) and steps[number][0] == ".."}
    return frozenset(stayed | {n + 1 for n in reached if n < len(steps) and steps[n][1] in (name, "*")})


def test_each_pattern_meets_the_earlier_ones_that_name_nothing_else():
    texts = ["$.a.b", "$..*", "$..b", "$.c.b", "$.a.b", "$.b.c"]
    met = [earlier for _, earlier in earlier_of_names(list(map(parse_pattern, texts)))]
    assert met == [[], [], [1], [1, 2], [0, 1, 2], [1, 2, 3]]


@given(pattern_texts, paths)
def test_a_widened_pattern_matches_a_path_exactly_when_the_pattern_matches_it_or_one_above(text, path):
    wide = and_below([parse_pattern(text)])
    above = any(matches(text, path[:end]) for end in range(len(path) + 1))
    assert any(matches(str(pattern), path) for pattern in wide) is above
