"""Reading a shard by comparing bytes: the plain way, parse and diff, is the oracle."""

import json
import random
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shardflow.errors import InvalidJson
from shardflow.model.changes import Drop, Into, Put
from shardflow.model.diff import diff
from shardflow.model.values import MAX_DEPTH, Json
from shardflow.storage.json import span_diff
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.changed import Unaligned
from shardflow.storage.json.layout import layout_of
from shardflow.storage.json.span_diff import aligned_edit, read_edit
from shardflow.storage.json.strict import parse_json
from shardflow.storage.json.style import Style, restyled
from shardflow.testing.generators import contexts, shards

WAYS = {
    "into all": (0, 1 << 30),
    "small ones whole": (span_diff._SMALL, span_diff._APART),
    "sole members first": (0, -1),
}


@pytest.fixture(autouse=True, scope="module", params=WAYS.values(), ids=list(WAYS))
def way(request):
    """Small objects are read whole, or one member of them: what decides is their size and where differences stand.
    Every way must be right, so all examples go each of them.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("_SMALL", "_APART"), request.param, strict=True):
            patch.setattr(span_diff, name, value)
        yield


def exact(edit):
    """Give an edit as it will be written: with the order of keys, the type of every number, the sign of zero."""
    match edit:
        case Put(value):
            return ("put", canonical_bytes(value), spelled(value))
        case Into(members):
            return [(name, exact(inner)) for name, inner in members.items()]
        case Drop() | None:
            return edit and "drop"


def spelled(value):
    if isinstance(value, dict):
        return {name: spelled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [spelled(item) for item in value]
    return (type(value), value) if isinstance(value, int) else repr(value)  # repr refuses enormous integers


def outcome(reading):
    try:
        return exact(reading())
    except InvalidJson as error:
        return error.problems


def read(base, data):
    return read_edit(layout_of(base), data, lambda: parse_json(data, "shard"))


def assert_both_ways_agree(base, data):
    plain = outcome(lambda: diff(base, parse_json(data, "shard")))
    assert outcome(lambda: read(base, data)) == plain


@st.composite
def pairs(draw):
    """Draw a base and the bytes a subagent left: edited, appended to, written by another program."""
    base = draw(contexts())
    after = draw(shards(base, edits=4))
    return base, draw(spellings(after))


@st.composite
def spellings(draw, value):
    canonical = canonical_bytes(value)
    if draw(st.booleans()):
        return canonical
    try:
        return other_writer(draw, value)
    except TypeError:  # a Decimal, which that writer does not know
        return canonical.replace(b"\n", draw(st.sampled_from([b"\r\n", b" \n", b"", b"\n "])))


def other_writer(draw, value):
    ascii_only, indent, sort = draw(st.tuples(st.booleans(), st.sampled_from([None, 0, 1, 2, 4, "\t"]), st.booleans()))
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent, sort_keys=sort).encode()
    return data + draw(st.sampled_from([b"", b"\n", b"\r\n", b" \n\t"]))


structure = [b"", b" ", b"\n", b"\r", b",", b":", b'"', b"{", b"}", b"[", b"]", b"{}", b"[]", b"},\n    {", b"],\n  ["]
scalars = [b"1", b"-0", b"1.0", b"1e400", b"9" * 5000, b"null", b"NaN", b'"a"', b",\n    1", b"1]", b"1}", b"[" * 199]
members = [b'"a": 1,', b'"a": 1, "a": 2', b'"id": 1,\n']
no_json = [b"\xff", b"\xed\xa0\x80", b'"\\ud800"', b"\xef\xbb\xbf", b"\\", b"\x00", b"/**/"]
damage = st.sampled_from([*structure, *scalars, *members, *no_json])


@st.composite
def damaged(draw):
    """Draw a base and bytes that somebody cut, doubled or wrote into, anywhere."""
    base, data = draw(pairs())
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, len(data)))
        last = draw(st.integers(first, min(first + 12, len(data))) | st.just(first))
        data = data[:first] + draw(damage) + data[last:]
    return base, draw(st.sampled_from([data, data, data, data[: len(data) // 2]]))


@given(pairs())
def test_what_a_shard_changed_is_read_as_parsing_and_comparing_all_of_it_does(pair):
    assert_both_ways_agree(*pair)


@given(damaged())
def test_damaged_shards_are_read_or_refused_as_the_strict_reader_does(pair):
    assert_both_ways_agree(*pair)


BASE: dict[str, Any] = {
    "title": 'a " and a \\',
    "": {"": [], "{": "}"},
    "é\n": 10**30,
    "findings": [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}, [1, 2.5, Decimal("1.00000000000000000001")]],
    "counters": {"a": 1, "b": 12, "c": -0.0},
    "nothing": None,
    "log": ["started"],
    "open": {},
}

LAST_ITEM = BASE["findings"][2]
ALIGNED = {
    "nothing at all": BASE,
    "a number made longer": {**BASE, "counters": {"a": 1, "b": 125, "c": -0.0}},
    "a number made shorter": {**BASE, "counters": {"a": 1, "b": 1, "c": -0.0}},
    "the sign of zero": {**BASE, "counters": {"a": 1, "b": 12, "c": 0.0}},
    "the kind of a number": {**BASE, "counters": {"a": 1.0, "b": True, "c": -0.0}},
    "neighbours": {**BASE, "counters": {"a": 2, "b": 13, "c": -1}},
    "an enormous integer": {**BASE, "é\n": 10**30 + 1},
    "a text for an object": {**BASE, "counters": "gone {"},
    "an object for a text": {**BASE, "title": {"of": ["what"]}},
    "a list for an object": {**BASE, "counters": [1, 2]},
    "what was empty": {**BASE, "open": {"a": {"b": 1}}, "": {"": [1], "{": "}"}},
    "emptied": {**BASE, "counters": {}, "log": []},
    "a new member": {**BASE, "new": [1]},
    "new members inside": {**BASE, "counters": {**BASE["counters"], "d": 1, "e": {}}},
    "a new member behind a changed one": {**BASE, "counters": {"a": 1, "b": 12, "c": "]", "d": 0}},
    "an item in a list": {**BASE, "findings": [{"id": 1, "tags": ["y"]}, *BASE["findings"][1:]]},
    "items deep in lists": {**BASE, "findings": [{"id": 1, "tags": ["x", "y"]}, {"id": 3, "tags": [0]}, LAST_ITEM]},
    "appended items": {**BASE, "findings": [*BASE["findings"], {"id": 3}, 4], "log": ["started", "done"]},
    "a member gone from an inner object": {**BASE, "counters": {"a": 1, "c": -0.0}},
    "a member amid an inner object": {**BASE, "counters": {"a": 1, "aa": 1, "b": 12, "c": -0.0}},
    "an inner object in another order": {**BASE, "counters": {"c": -0.0, "b": 12, "a": 2}},
    "an item gone": {**BASE, "findings": BASE["findings"][1:]},
    "a list in another order": {**BASE, "findings": BASE["findings"][::-1]},
}
UNALIGNED = {
    "a member gone": {name: value for name, value in BASE.items() if name != "log"},
    "another order of members": dict(reversed(BASE.items())),
    "a member before all others": {"first": 1, **BASE},
    "another base": {"other": 1},
}


@pytest.mark.parametrize("after", ALIGNED.values(), ids=ALIGNED)
def test_a_change_that_keeps_the_shape_is_read_without_parsing_the_rest(after):
    data = canonical_bytes(after)
    expected = exact(diff(BASE, parse_json(data, "shard")))
    assert exact(aligned_edit(layout_of(BASE), data)) == expected
    assert exact(aligned_edit(layout_of(BASE), data.rstrip())) == expected
    assert_both_ways_agree(BASE, data)
    assert_both_ways_agree(BASE, data.replace(b"\n", b"\r\n"))
    assert_both_ways_agree(BASE, data.replace(b"  ", b"\t"))


STYLES = {
    "json.dumps": Style(indent=None, final_newline=False),
    "jq -c": Style(indent=None, after_comma="", after_colon=""),
    "four spaces": Style(indent="    "),
    "tabs": Style(indent="\t", final_newline=False),
    "no indent": Style(indent=""),
    "CRLF": Style(newline="\r\n"),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("after", ALIGNED.values(), ids=ALIGNED)
def test_a_shard_in_a_known_style_is_read_along_the_base_in_that_style(after, style):
    data = restyled(canonical_bytes(after), style)
    expected = exact(diff(BASE, parse_json(data, "shard")))
    assert exact(aligned_edit(layout_of(BASE), data)) == expected
    assert_both_ways_agree(BASE, data)


@pytest.mark.parametrize("after", UNALIGNED.values(), ids=UNALIGNED)
def test_a_shard_of_another_shape_is_read_whole(after):
    data = canonical_bytes(after)
    with pytest.raises(Unaligned):
        aligned_edit(layout_of(BASE), data)
    assert_both_ways_agree(BASE, data)


REFUSED = {
    "a name twice at the end": (b'"open": {}', b'"open": {},\n  "log": []'),
    "a name twice inside": (b'"c": -0.0', b'"c": -0.0,\n    "a": 1'),
    "a name twice among the new": (b'"c": -0.0', b'"c": -0.0,\n    "d": 1,\n    "d": 1'),
    "a comma and nothing behind it": (b'"c": -0.0', b'"c": -0.0,'),
    "a comma and nothing behind it in a list": (b'"started"', b'"started",'),
    "nothing for a value": (b"12,", b","),
    "two values for one": (b"12,", b"12 13,"),
    "a list begun in one value and ended in the next": (b'1,\n    "b": 12', b'[1,\n    "b": 12]'),
    "an object closed too soon": (b'"c": -0.0', b'"c": -0.0}'),
    "an object closed and another begun": (b'"c": -0.0', b'"c": -0.0}, {'),
    "not a number": (b"-0.0", b"NaN"),
    "a number too large": (b"-0.0", b"1e999"),
    "a byte that is no UTF-8": (b"started", b"start\xff"),
    "half a character": (b"started", b"start\xc3"),
    "half a surrogate pair": (b"started", b"\\ud83d"),
    "a line break in a text": (b"started", b"star\nted"),
    "a byte order mark": (b'{\n  "title', b'\xef\xbb\xbf{\n  "title'),
    "more behind the end": (b'"open": {}\n}', b'"open": {}\n}}'),
    "nothing": (canonical_bytes(BASE), b""),
}


@pytest.mark.parametrize(("old", "new"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_strict_json_is_refused_with_the_words_of_the_strict_reader(old, new):
    data = canonical_bytes(BASE)
    assert old in data
    damaged_data = data.replace(old, new)
    assert isinstance(outcome(lambda: parse_json(damaged_data, "shard")), tuple | list)
    with pytest.raises(InvalidJson):
        read(BASE, damaged_data)
    assert_both_ways_agree(BASE, damaged_data)


def test_a_shard_cut_off_anywhere_is_refused():
    data = canonical_bytes(BASE).rstrip()
    for length in range(len(data)):
        with pytest.raises(InvalidJson):
            read(BASE, data[:length])


@pytest.mark.parametrize("depth", range(MAX_DEPTH - 3, MAX_DEPTH + 2))
def test_depth_is_counted_from_the_root_of_the_shard(depth):
    base: Json = {"a": {"b": [0]}}
    value: Json = 0
    for _ in range(depth - 3):
        value = [value]
    data = canonical_bytes(base).replace(b"0", json.dumps(value).encode())
    assert_both_ways_agree(base, data)


def test_many_objects_appended_at_once_are_read_without_parsing_the_rest():
    after = {**BASE, "log": [*BASE["log"], *({"id": number} for number in range(2 * MAX_DEPTH))]}
    data = canonical_bytes(after)
    assert exact(aligned_edit(layout_of(BASE), data)) == exact(diff(BASE, after))


@given(st.integers(0, 2**32), st.integers(1, 40), st.booleans())
@example(0, 0, False)
def test_changes_scattered_over_a_large_base_are_all_found(seed, count, in_lists):
    generator = random.Random(seed)
    records: list[Json] = [{"id": n, "text": f"{generator.getrandbits(200):x}", "tags": ["a", n]} for n in range(300)]
    base: Json = {"records": records if in_lists else {f"r{n}": record for n, record in enumerate(records)}, "end": 1}
    lines = canonical_bytes(base).split(b"\n")
    for _ in range(count):
        place = generator.randrange(len(lines))
        lines[place] = lines[place].replace(b"a", b"bb", generator.randrange(3)).replace(b"1", b"2")
    assert_both_ways_agree(base, b"\n".join(lines))


STANDING = ["1", "12", "1.0", "-0.0", "9" * 25, "true", "null", '""', '"1"', '"a\\n"', "{}"]
WRITTEN = [*STANDING, "1.00", "1e400", "NaN", '"\\u0031"', '"\\ud800"', "[1]", '{"x": 1}', '1, "x": 2', "1}", ""]
WRITERS = {
    "canonical": partial(json.dumps, indent=2),
    "tabs": partial(json.dumps, indent="\t"),
    "one line": json.dumps,
    "compact": partial(json.dumps, separators=(",", ":")),
}


def objects(write, in_list, name, text):
    """Write objects of scalars, with this text where a member of the middle one has its value."""
    records = [{key: "@" if (number, key) == (1, name) else number for key in "abc"} for number in range(3)]
    named = {f"r{number}": record for number, record in enumerate(records)}
    return write({"records": records if in_list else named, "end": 1}).replace('"@"', text).encode()


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("in_list", [False, True], ids=["in an object", "in a list"])
@pytest.mark.parametrize("name", ["a", "c"])
def test_one_scalar_of_one_object_among_many_is_read_as_parsing_all_of_it_does(write, in_list, name):
    for old, new in product(STANDING, WRITTEN):
        base = parse_json(objects(json.dumps, in_list, name, old), "base")
        assert_both_ways_agree(base, objects(write, in_list, name, new))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("in_list", [False, True], ids=["in an object", "in a list"])
@pytest.mark.parametrize("name", ["x", "xx", "", "b", "\\u0061", 'a", "x'])
def test_a_renamed_member_of_one_object_among_many_is_read_as_parsing_all_of_it_does(write, in_list, name):
    base = parse_json(objects(json.dumps, in_list, "a", "0"), "base")
    start, middle, end = objects(write, in_list, "a", "7").replace(b"7", b"0").partition(b'"c"')
    assert_both_ways_agree(base, start + middle + end.replace(b'"a"', b'"%s"' % name.encode(), 1))


def test_more_differences_than_pay_are_read_whole():
    base: dict[str, Json] = {f"n{n}": 0 for n in range(1000)}
    data = canonical_bytes(dict.fromkeys(base, 1))
    with pytest.raises(Unaligned):
        aligned_edit(layout_of(base), data)
    assert_both_ways_agree(base, data)


def test_untouched_items_of_a_changed_list_are_those_of_the_base():
    log: list[Json] = [["long enough not to be small", number] for number in range(20)]
    edit = aligned_edit(layout_of({"log": log}), canonical_bytes({"log": [*log[:2], "new", *log[3:]]}))
    assert isinstance(edit, Into)
    put = edit.members["log"]
    assert isinstance(put, Put)
    assert isinstance(put.value, list)
    assert [item is old for item, old in zip(put.value, log, strict=True)] == [True] * 2 + [False] + [True] * 17
