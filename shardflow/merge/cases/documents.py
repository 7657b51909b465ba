"""A case as a document, read and written.

    description: two subagents count at once
    rules: findings                     # a shipped set, the path of a rule file from here, or {rules: [...]}
    base: {n: 5}
    shards:                             # in rank order
      a: {n: 6}
      b: {n: 7}
    expect:
      context: {n: 8}                   # where it is left out, any will do
      conflicts:                        # where they are left out, there shall be none
        - {path: $.status, shards: [a, b]}

Shards may also be a list, of `{id: a, document: {...}}`, `{id: b, patch: {...}}`, a JSON Merge Patch, or
`{id: c, journal: [{add: $.n, value: 1}]}`, the operations of a journal. `resolutions` are those of a resolutions file,
`law` names a law that the merge shall keep, which a counterexample once broke.

Law: what `case_json` writes reads back as the same case.
"""

from __future__ import annotations

from typing import TypeGuard

from shardflow.errors import InvalidCase
from shardflow.merge.cases.model import Case, CaseRules, CaseShard, Expected, ExpectedConflict, Form
from shardflow.merge.resolving.documents import Written, resolutions_json, written_resolutions
from shardflow.model.documents import Document, did_you_mean
from shardflow.model.fields import Place, quoted, read_document
from shardflow.model.operations import journal_edit
from shardflow.model.paths import ROOT, Path, PathError, parse_path, path_text
from shardflow.model.records import replaced
from shardflow.model.values import ABSENT, Json, Value


def read_case(document: Document) -> Case:
    """Read a case. Raises InvalidCase with every problem; those of its rules are found by whoever reads the rules."""
    if not _is_case(document.value):
        hint = "for a merge into it, name its shards too"
        raise InvalidCase([document.problem(ROOT, "this is no case: it has neither 'base' nor 'shards'", hint)])
    return read_document(document, _case, InvalidCase)


def _is_case(value: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict) and bool({"base", "shards"} & value.keys())


def rules_in(document: Document) -> CaseRules:
    """Give the rules a case names, also where the case cannot be read: None for none or what cannot be any."""
    if not _is_case(document.value) or "rules" not in document.value:
        return None
    return _rules(Place(document, ROOT, document.value, []).inner("rules", document.value["rules"]))


def case_json(case: Case) -> dict[str, Json]:
    """Write a case down."""
    written: dict[str, Json] = {"description": case.description} if case.description else {}
    if case.law:
        written["law"] = case.law
    if case.rules is not None:
        written["rules"] = case.rules if isinstance(case.rules, str) else case.rules.value
    written["base"] = case.base
    written["shards"] = _shards_json(case.shards)
    if case.resolutions:
        written |= resolutions_json(case.resolutions)
    if case.expected is not None:
        written["expect"] = _expected_json(case.expected)
    return written


def _case(place: Place) -> Case:
    with place.fields() as fields:
        description = fields.optional("description", Place.text, "")
        law = fields.optional("law", Place.text, "")
        rules = fields.optional("rules", _rules, None)
        base = fields.required("base", _object)
        shards = fields.required("shards", lambda inner: _shards(inner, base))
        resolutions = _resolutions(fields.place("resolutions")) if "resolutions" in fields else ()
        known = {one.shard for one in shards} - {""}
        expected = fields.optional("expect", lambda inner: _expected(inner, known), None)
        return Case(base, shards, rules, resolutions, expected, law, description)


def _rules(place: Place) -> CaseRules:
    if isinstance(place.value, dict):
        return place.part()
    if isinstance(place.value, str) and place.value:
        return place.value
    place.expect("the name of a rule set, the path of a rule file, or an object as in one")
    return None


def _object(place: Place) -> dict[str, Json]:
    if isinstance(place.value, dict):
        return place.value
    place.expect("an object")
    return {}


def _shards(place: Place, base: dict[str, Json]) -> tuple[CaseShard, ...]:
    if not isinstance(place.value, list):
        return tuple(CaseShard(name, _object(inner)) for name, inner in place.members().items() if _is_id(inner, name))
    seen: dict[str, Place] = {}
    return tuple(_listed(inner, seen, base) for inner in place.items())


def _listed(place: Place, seen: dict[str, Place], base: dict[str, Json]) -> CaseShard:
    """Read `{id, document}`, `{id, patch}` or `{id, journal}`."""
    with place.fields() as fields:
        name = fields.required("id", Place.text)
        here = fields.place("id")
        if name in seen:
            here.refuse(f"the shard {quoted(name)} is told twice", "give every shard an id of its own")
        elif isinstance(here.value, str) and _is_id(here, name):
            seen[name] = here
        form, *others = [form for form in Form if form.value in fields] or [Form.DOCUMENT]
        for other in others:
            fields.place(other.value).refuse(f"a shard is told by one of {', '.join(Form)}, not by several")
        if form is Form.JOURNAL:
            return CaseShard(name, fields.required(form.value, lambda inner: _operations(inner, base)), form)
        return CaseShard(name, fields.required(form.value, _object), form)


def _operations(place: Place, base: dict[str, Json]) -> list[Json]:
    """Read the operations of a journal; what cannot be read, or does not fit the base, is told at its line."""
    items = place.items()
    lines = [(index, inner.value) for index, inner in enumerate(items) if inner.value is not ABSENT]
    edit = journal_edit(base, lines)
    misfits = edit if isinstance(edit, tuple) else ()
    for misfit in misfits:
        where = "" if misfit.path is None else f"{path_text(misfit.path)}: "
        items[misfit.line].refuse(where + misfit.message, misfit.hint)
    return [] if misfits else [line for _, line in lines]


def _is_id(place: Place, name: str) -> bool:
    if not name:
        place.refuse("a shard needs an id", "give it a name that is not empty")
    return bool(name)


def _resolutions(place: Place) -> tuple[Written, ...]:
    """Read resolutions, whose targets are paths here: the id of a conflict means nothing to who reads a case."""
    if not isinstance(place.value, list):
        place.expect("a list")
        return ()
    written = zip(place.items(), written_resolutions(place), strict=True)
    return tuple(_at_a_path(inner, one) for inner, one in written)


def _at_a_path(place: Place, one: Written) -> Written:
    try:
        return replaced(one, target=path_text(parse_path(one.target)))
    except PathError as error:
        if one.target:
            place.refuse(f"{quoted(one.target)} is no path: {error}", "name the conflict by its path")
        return one


def _expected(place: Place, known: set[str]) -> Expected:
    with place.fields() as fields:
        context: Value = _object(fields.place("context")) if "context" in fields else ABSENT
        if "conflicts" not in fields:
            return Expected(context)
        return Expected(context, tuple(_conflict(inner, known) for inner in fields.place("conflicts").items()))


def _conflict(place: Place, known: set[str]) -> ExpectedConflict:
    with place.fields() as fields:
        path = fields.required("path", _path)
        shards = fields.required("shards", Place.items)
        return ExpectedConflict(path, tuple(_known_shard(inner, known) for inner in shards))


def _known_shard(place: Place, known: set[str]) -> str:
    name = place.text()
    if isinstance(place.value, str) and name not in known:
        place.refuse(f"no shard {quoted(name)}", did_you_mean(name, known) if known else "the case has no shards")
    return name


def _path(place: Place) -> Path:
    text = place.text()
    if not isinstance(place.value, str):
        return ROOT
    try:
        return parse_path(text)
    except PathError as error:
        place.refuse(f"{quoted(text)} is no path: {error}")
        return ROOT


def _shards_json(shards: tuple[CaseShard, ...]) -> Json:
    if all(one.form is Form.DOCUMENT for one in shards):
        return {one.shard: one.value for one in shards}
    return [{"id": one.shard, one.form.value: one.value} for one in shards]


def _expected_json(expected: Expected) -> Json:
    context: dict[str, Json] = {} if expected.context is ABSENT else {"context": expected.context}
    conflicts: list[Json] = list(map(expected_conflict_json, expected.conflicts))
    return {**context, **({"conflicts": conflicts} if conflicts or not context else {})}


def expected_conflict_json(conflict: ExpectedConflict) -> Json:
    """Write a conflict down, by its path and shards."""
    return {"path": path_text(conflict.path), "shards": list(conflict.shards)}
