"""Rule files: what they may hold, and every problem at once with its line."""

import contextlib

import pytest
from hypothesis import given

from shardflow.errors import InvalidRules
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import rules_json
from shardflow.merge.site import Candidate, Chosen, Site
from shardflow.model.changes import Put
from shardflow.model.documents import Document
from shardflow.model.patterns import parse_pattern
from shardflow.model.values import Json
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.testing.generators import json_values, rule_sets


def read(text, **others):
    def resolve(name, source):
        if name not in others:
            raise LookupError(f"known are {', '.join(others) or 'none'}")
        return parse_yaml(others[name].encode(), f"{name}.yaml")

    return read_rules(parse_yaml(text.encode(), "rules.yaml"), resolve)


def problems(text, **others):
    with pytest.raises(InvalidRules) as caught:
        read(text, **others)
    return list(map(str, caught.value.problems))


def test_all_problems_of_a_file_come_at_once_with_their_lines():
    assert problems("""\
rules:
  - path: $.a
    strategy: unoin
  - path: $.b[0]
    strategy: sum
  - strategy: {prefer: []}
  - path: $.c
    strategy: max
    on_delete: keeep
    typ: list
  - 5
  - {path: "", strategy: sum}
defualt: {}
""") == [
        "rules.yaml:3: unknown strategy 'unoin' at $.rules[0].strategy; did you mean 'set'?",
        "rules.yaml:4: '$.b[0]' is no path pattern at $.rules[1].path; cannot read '[0]' at character 4; "
        "allowed are .name ['a name'] .* [*] ..name ..*",
        "rules.yaml:6: field 'path' is missing at $.rules[2]; expected a text",
        "rules.yaml:6: strategy 'prefer' needs a shard id, or a list of them at $.rules[2].strategy",
        "rules.yaml:9: unknown on_delete 'keeep' at $.rules[3].on_delete; did you mean 'keep'?",
        "rules.yaml:10: unknown field 'typ' at $.rules[3].typ; did you mean 'type'?",
        "rules.yaml:11: expected an object, found the integer 5 at $.rules[4]",
        "rules.yaml:12: '' is no path pattern at $.rules[5].path; a pattern starts with '$', the whole document",
        "rules.yaml:13: unknown field 'defualt' at $.defualt; did you mean 'default'?",
    ]


ARGUMENTS = [
    ("{sum: 1}", "strategy 'sum' takes no argument"),
    ("keyed", "strategy 'keyed' needs a key field, or a list of them"),
    ("{keyed: [a, a]}", "strategy 'keyed' names one of its fields twice"),
    (
        "{keyed: {field: a}}",
        "strategy 'keyed' has no 'field' (did you mean 'fields'?); "
        "it needs a key field, a list of them, or {fields: ..., defaults: ..., order: ...}",
    ),
    (
        "{keyed: {fields: a, ordre: key, sort: key}}",
        "strategy 'keyed' has no 'ordre' (did you mean 'order'?); "
        "it has no 'sort' (known are defaults, fields, order); "
        "it needs a key field, a list of them, or {fields: ..., defaults: ..., order: ...}",
    ),
    (
        "{keyed: {fields: a, defaults: {b: 1}}}",
        "strategy 'keyed' needs as its defaults an object of key fields and their values",
    ),
    (
        "{keyed: {fields: [a, b], defaults: {b: []}}}",
        "strategy 'keyed' needs as its defaults values that can be keys: no objects or lists",
    ),
    (
        "{keyed: {fields: a, defaults: {a: 1}}}",
        "strategy 'keyed' needs a key field without a default: else all items without keys were one",
    ),
    ("{keyed: {fields: a, order: last}}", "strategy 'keyed' needs as its order one of base, key, first"),
    ("{keyed: {fields: a, order: [x]}}", "strategy 'keyed' needs as its order one of base, key, first"),
    ("{rank: []}", "strategy 'rank' needs a list of values, lowest first, or {pairs: [[lower, higher], ...]}"),
    (
        "{rank: [[a, b], [a, c]]}",
        "strategy 'rank' has a list in its order; pairs are written {pairs: [[lower, higher], ...]}",
    ),
    ("{rank: [a, a]}", "strategy 'rank' has the text 'a' twice in its order"),
    ("{rank: {pairs: [[a, b], [b, a]]}}", "strategy 'rank' has pairs that go round in a circle"),
    ("{quorum: true}", "strategy 'quorum' needs the number of votes, 1 or more"),
    ("max_by", "strategy 'max_by' needs the name of a field"),
    ("{rank: [1, 1.0, 2, 1]}", "strategy 'rank' has the integer 1 twice in its order"),
]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("strategy: {a: 1, b: 2}", "found an object at $.rules[0].strategy; name one of them: a or b"),
        ("strategy: {}", "found an empty object at $.rules[0].strategy"),
        ("strategy: last, type: string", "unknown type 'string' at $.rules[0].type; did you mean 'text'?"),
        ("strategy: last, type: array", "unknown type 'array' at $.rules[0].type; did you mean 'list'?"),
        ("strategy: last, type: null", "found null at $.rules[0].type; put it in quotes to name it, or leave it out"),
        ("strategy: last, type: [text]", "integer, number, boolean, null, found a list at $.rules[0].type"),
    ],
)
def test_a_rule_that_says_what_others_say_otherwise_is_told_how_it_is_said_here(rule, said):
    (found,) = problems(f"rules:\n  - {{path: $.a, {rule}}}\n")
    assert found.endswith(said)


def test_a_set_that_is_extended_twice_over_two_others_counts_once():
    others = {
        "left": "extends: bottom\nrules: [{path: $.l, strategy: sum}]",
        "right": "extends: bottom\nrules: [{path: $.r, strategy: max}]",
        "bottom": "rules: [{path: $.l, strategy: last}]\ndefault: {lists: diff3}",
    }
    rules = read("extends: [left, right]", **others)
    assert [str(rule.origin) for rule in rules.rules] == ["left.yaml:2", "bottom.yaml:1", "right.yaml:2"]
    assert rules.defaults.lists.strategy.name == "diff3"


@pytest.mark.parametrize(("strategy", "said"), ARGUMENTS)
def test_an_argument_a_strategy_cannot_take_is_told(strategy, said):
    found = problems(f"rules:\n  - path: $.a\n    strategy: {strategy}\n")
    assert found == [f"rules.yaml:3: {said} at $.rules[0].strategy"]


NEVER = "this rule can never decide anything at"
FIRST = "the earlier rule at rules.yaml:2"
IDLE = [
    (["$.a last", "$.a sum"], f"{NEVER} $.rules[1]; {FIRST} covers it; remove it or move it up"),
    (["$.* deep", "$.a sum"], f"{NEVER} $.rules[1]; {FIRST} covers it; remove it or move it up"),
    (["$.*.b last", "$.b last", "$.x.b sum"], f"{NEVER} $.rules[2]; {FIRST} covers it; remove it or move it up"),
    (
        ["$.* deep", "$.a.b sum", "$.a.b max"],
        f"{NEVER} $.rules[2]; the earlier rule at rules.yaml:3 covers it; remove it or move it up",
    ),
    (
        ["$.* deep", "$.*..* last", "$..* sum"],
        f"{NEVER} $.rules[2]; the earlier rules together cover it; remove it or move it up",
    ),
    (
        ["$.a.b sum", "$.a atomic"],
        f"{NEVER} $.rules[0]; atomic at $.a (rules.yaml:3) settles the value around it whole; remove one of them",
    ),
    (
        ["$.a index", "$.a.*.n max", "$..* last"],
        f"{NEVER} $.rules[1]; last at $..* (rules.yaml:4) settles the value around it whole; remove one of them",
    ),
    (
        ["$..n max", "$ last"],
        f"{NEVER} $.rules[0]; last at $ (rules.yaml:3) settles the value around it whole; remove one of them",
    ),
]


@pytest.mark.parametrize(("rules", "said"), IDLE)
def test_a_rule_that_can_never_decide_is_an_error(rules, said):
    lines = "".join(f"  - {{path: {path}, strategy: {name}}}\n" for path, name in map(str.split, rules))
    assert [problem.split(": ", 1)[1] for problem in problems(f"rules:\n{lines}")] == [said]


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        (["$.a deep", "$.* atomic", "$.*.x sum"], ("a", "x")),
        (["$.a atomic", "$..a.b sum"], ("k", "a", "b")),
        (["$.a deep", "$.a.b sum"], ("a", "b")),
        (["$.a.k deep", "$.a.* last", "$.a.*.n max"], ("a", "k", "n")),
    ],
)
def test_a_rule_that_decides_somewhere_is_none_that_never_does(rules, path):
    lines = "".join(f"  - {{path: {path}, strategy: {name}}}\n" for path, name in map(str.split, rules))
    decides = read(f"rules:\n{lines}").first_match(path)
    assert decides is not None
    assert decides.origin == f"rules.yaml:{len(rules) + 1}"


def test_a_rule_that_cannot_decide_is_told_beside_all_other_problems():
    lines = ["- {path: $.n, strategy: summ}", "- {path: $.a.*, strategy: set}", "- {path: $.a.b, strategy: set}"]
    found = problems("rules:\n" + "\n".join(lines))
    assert [problem.split(" at ")[0] for problem in found] == [
        "rules.yaml:2: unknown strategy 'summ'",
        "rules.yaml:4: this rule can never decide anything",
    ]


def test_a_rule_may_override_one_of_an_extended_set():
    rules = read("extends: other\nrules: [{path: $.a, strategy: last}]", other="rules: [{path: $.a, strategy: sum}]")
    assert [rule.strategy.name for rule in rules.rules] == ["last", "sum"]
    assert rules.first_match(("a",)).origin == "rules.yaml:2"


def test_the_nearest_default_of_a_kind_stands():
    rules = read(
        "extends: [one, two]\ndefault: {lists: set}",
        one="default: {lists: append, scalars: first}",
        two="default: {objects: atomic, scalars: last}",
    )
    kinds = rules.defaults
    assert [kinds.objects.strategy.name, kinds.lists.strategy.name, kinds.scalars.strategy.name] == [
        "atomic",
        "set",
        "first",
    ]


def test_rule_sets_that_extend_each_other_are_refused():
    found = problems("extends: a", a="extends: b", b="extends: [a]")
    assert found == ["b.yaml:1: rule sets extend each other in a circle: a.yaml -> b.yaml -> a.yaml at $.extends[0]"]


def test_rule_sets_that_extend_each_other_over_too_many_levels_are_refused():
    names = {f"n{number}": f"extends: n{number + 1}" for number in range(400)}
    found = problems("extends: n0", **names)
    said = "rule sets extend each other over more than 100 levels at $.extends; extend more of them in one file"
    assert found == [f"n99.yaml:1: {said}"]
    assert len(read("extends: n301", **names, n400="rules: [{path: $.n, strategy: sum}]").rules) == 1


def test_a_rule_set_is_read_once_however_many_ways_lead_to_it():
    both = {f"{name}{number}": f"extends: [a{number + 1}, b{number + 1}]" for number in range(60) for name in "ab"}
    last = {"a60": "rules: [{path: $.n, strategy: sum}]", "b60": "rules: [{path: $.m, strategy: sum}]"}
    rules = read("extends: [a0, b0]", **both, **last)  # read by every way, it would never end
    assert [rule.origin.partition(":")[0] for rule in rules.rules] == ["a60.yaml", "b60.yaml"]


def test_an_unknown_extended_set_is_told_with_the_known_ones():
    found = problems("extends: [nope]", other="rules: []")
    assert found == ["rules.yaml:1: no rule set 'nope' at $.extends[0]; known are other"]


def test_problems_of_extended_files_are_told_too():
    assert problems("extends: [a]\nrules: 5", a="rules: 6") == [
        "rules.yaml:2: expected a list, found the integer 5 at $.rules",
        "a.yaml:1: expected a list, found the integer 6 at $.rules",
    ]
    assert problems("extends: [a]", a="rules: 6") == ["a.yaml:1: expected a list, found the integer 6 at $.rules"]
    assert problems("extends: [a]", a="phases: []") == [f"a.yaml:1: {WORKFLOW}"]


TEXT = "expected a text, found the integer 5 at $.{}; put it in quotes to make it one"
KNOWN = "known are none"
WORKFLOW = "this is a workflow, not a rule file; `shardflow validate` checks those"
NO_STRATEGY = "expected the name of a strategy, or {name: argument}, found"
BESIDE = [
    ("extends: 5", ["expected a list, found the integer 5 at $.extends"]),
    ("extends: [5]", [TEXT.format("extends[0]")]),
    ("extends: ''", [f"no rule set '' at $.extends; {KNOWN}"]),
    ("extends: ['', x]", [f"no rule set '' at $.extends[0]; {KNOWN}", f"no rule set 'x' at $.extends[1]; {KNOWN}"]),
    ("description: 5", [TEXT.format("description")]),
    ("description: of nothing", []),
    ("default: {lists: sett}", ["unknown strategy 'sett' at $.default.lists; did you mean 'set'?"]),
    ("default: {lists: 5}", [f"{NO_STRATEGY} the integer 5 at $.default.lists"]),
    ("default: {lists: {strategy: 5}}", [f"{NO_STRATEGY} the integer 5 at $.default.lists.strategy"]),
    ("phases: []", [WORKFLOW]),
]


@pytest.mark.parametrize(("text", "said"), BESIDE, ids=[text for text, _ in BESIDE])
def test_what_stands_beside_the_rules_is_held_to_its_form(text, said):
    if said:
        assert problems(text) == [f"rules.yaml:1: {problem}" for problem in said]
    else:
        assert read(text).rules == ()


def test_what_is_wrong_with_a_file_that_cannot_be_read_is_told_beside_all_other_problems():
    found = problems("rules: 5\nextends: [broken, other]", broken="rules: [", other="rules: 6")
    assert [problem.split(":")[0] for problem in found] == ["rules.yaml", "broken.yaml", "other.yaml"]


def test_a_rule_of_a_document_without_lines_is_called_by_its_document():
    rules: Json = {"rules": [{"path": "$.a", "strategy": "sum"}]}
    read = read_rules(Document("rules.json", rules), lambda name, source: Document(name, {}))
    assert read.rules[0].origin == "rules.json"


@given(rule_sets())
def test_a_rule_set_reads_back_from_its_json_with_its_origins(rules):
    again = read_rules(Document("rules.json", rules_json(rules)), lambda name, source: Document(source, {}))
    assert everything_of(again) == everything_of(rules)


def test_a_rule_set_reads_back_from_its_json_with_its_options_and_defaults():
    rules = read(
        "rules:\n"
        "- {path: $.a, strategy: {rank: [x]}, on_delete: keep, same_change: conflict, add_add: conflict, type: text}\n"
        "- {path: $.b, strategy: sum}\n"
        "default: {objects: atomic, lists: {strategy: set, on_delete: delete}, scalars: {quorum: 2}}"
    )
    again = read_rules(Document("rules.json", rules_json(rules)), lambda name, source: Document(source, {}))
    assert everything_of(again) == everything_of(rules)


def everything_of(rules):
    return [
        (str(rule.pattern), rule.strategy.name, rule.strategy.argument, rule.options, rule.origin)
        for rule in rules.every
    ]


@given(json_values())
def test_any_value_is_rules_or_refused_with_problems(value):
    with contextlib.suppress(InvalidRules):
        read_rules(Document("rules.yaml", value), lambda name, source: Document(name, {}))


PLENTY = ["$.n{}", "$.a.n{}.x", "$..n{}", "$.n{}..*", "$.*.n{}", "$.a{}..b[*].c"]


@pytest.mark.parametrize("path", PLENTY)
def test_thousands_of_rules_are_read_and_matched_side_by_side(path):
    count = 3000  # each against all others, with all names, would take minutes to days
    written = "".join(f'- {{path: "{path.format(number)}", strategy: sum}}\n' for number in range(count))
    rules = read(f"rules:\n{written}")
    reached = [rules.root.below("a").below(f"n{number}").below("x") for number in range(count)]
    assert (len(rules.rules), len(reached)) == (count, count)
    last = parse_pattern(path.format(count - 1)).steps
    names = tuple("other" if step.name is None else step.name for step in last)
    assert rules.first_match(names) is rules.rules[-1]


def taken(order, *left):
    settle = read(f"rules:\n- {{path: $.s, strategy: {{rank: {order}}}}}\n").rules[0].strategy.settle
    edits = tuple(Candidate(f"s{rank}", rank, Put(value)) for rank, value in enumerate(left))
    return settle(Site(("s",), 0, edits, governed=False))


def test_a_long_order_takes_no_more_memory_than_its_values():
    count = 30_000  # a set of all that stand above, for each value, would take tens of GB
    assert taken(list(range(count)), 7, 20_000) == Chosen(20_000)


def test_a_long_order_in_pairs_is_closed_from_the_top():
    chain = [[number, number + 1] for number in range(1000)]  # by repetition it would take hours
    assert taken(f"{{pairs: {chain}}}", 7, 900) == Chosen(900)
