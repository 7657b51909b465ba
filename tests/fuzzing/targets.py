"""What reads hostile bytes, as functions from bytes, each with texts to begin from.

The law of them all: bytes are read, or refused with an error that names what is wrong; nothing else is raised, nothing
takes longer or holds more than the size of the bytes allows. The error is one that can be shown: no surrogates, and not
longer than its problems are many.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from shardflow.errors import ShardflowError
from shardflow.execution.folding.base import Base, base_of, read_object
from shardflow.execution.folding.fold import fold, shard_delta
from shardflow.execution.inspection.blame import blame
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.inspection.resolving import open_merge
from shardflow.execution.inspection.what_if import Alternative, what_if
from shardflow.execution.run import run_workflow
from shardflow.merge.cases.documents import read_case
from shardflow.merge.guide.warnings import warnings
from shardflow.merge.resolving.documents import read_resolutions
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import NO_RULES
from shardflow.model.changes import Delta, apply, same_edit
from shardflow.model.documents import Document
from shardflow.model.paths import parse_path, path_text
from shardflow.model.patterns import parse_pattern
from shardflow.model.values import ABSENT, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.history import read_history
from shardflow.storage.runs.listing import found_run
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.arbiters import read_arbiter
from shardflow.workflow.agents.reading import read_agents_file
from shardflow.workflow.model import ShardForm
from shardflow.workflow.plan import plan
from shardflow.workflow.reading.workflow import read_workflow
from tests.execution.running import ROOT, request
from tests.faults.mortal import DISPUTED

T = TypeVar("T")

LONGEST_MESSAGE = 20_000
"""Characters of an error, beside twenty for each byte that was read: all problems of a text are told at once."""


@dataclass(frozen=True)
class Target:
    """A reader of bytes, and where to begin."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]

    def check(self, data: bytes) -> None:
        """Hold the target to the law."""
        try:
            self.read(data)
        except ShardflowError as error:
            check_message(str(error), len(data))


def check_message(told: str, size: int) -> None:
    """Hold an error about so many bytes to being one that can be shown."""
    assert told
    assert len(told) < LONGEST_MESSAGE + 20 * size, len(told)
    told.encode()


def _json(data: bytes) -> None:
    value = parse_json(data, "f.json")
    written = canonical_bytes(value)
    assert canonical_bytes(parse_json(written, "f.json")) == written


def _rules(data: bytes) -> None:
    rules = read_rules(parse_yaml(data, "r.yaml"), _nothing_to_extend, arbiters=read_arbiter)
    list(warnings(rules))
    base = base_of({"a": 1, "l": [{"id": 1, "v": 2}], "o": {"x": None}})
    shards = [{"a": 2, "l": [{"id": 1, "v": 3}], "o": {}}, {"a": 3.5, "l": [], "o": {"x": "text"}}]
    fold(base, [_delta(base, rank, json.dumps(shard).encode()) for rank, shard in enumerate(shards)], rules)


def _delta(base: Base, rank: int, data: bytes, form: ShardForm = ShardForm.COPY) -> Delta:
    return shard_delta(base, f"s{rank}", rank, form, data, "context-s.json")


def _nothing_to_extend(name: str, _source: str) -> Document:
    raise LookupError(f"nothing is called {name!r}")


def _workflow(data: bytes) -> None:
    workflow = read_workflow(parse_yaml(data, "w.yaml"))
    canonical_bytes(plan(workflow))


def _shard(data: bytes, form: ShardForm) -> None:
    """A shard: what it changes, written as a full copy, changes the same, and merged alone is that copy's document."""
    base = base_of({"a": {"b": [1, 2, {"c": "d"}]}, "e": "f", "g": 1.5})
    delta = _delta(base, 0, data, form)
    whole = apply(delta.edit, base.value)
    assert whole is not ABSENT
    assert same_edit(_delta(base, 0, canonical_bytes(whole)).edit, delta.edit)
    assert same(read_object(fold(base, [delta], NO_RULES).context, "m.json"), whole)


def _paths(data: bytes) -> None:
    path = _parsed(parse_path, data)
    assert path is None or parse_path(path_text(path)) == path
    _parsed(parse_pattern, data)


def _parsed(parse: Callable[[str], T], data: bytes) -> T | None:
    """Parse a text; None where it is refused, with a message that can be shown."""
    try:
        return parse(data.decode("utf-8", "replace"))
    except ValueError as error:
        check_message(str(error), len(data))
        return None


def _journal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "events.jsonl").write_bytes(data)
        read_history(f"{folder}/events.jsonl")


@cache
def run_directory() -> Path:
    """Make a run in conflict, once, to alter copies of."""
    folder = Path(tempfile.mkdtemp(prefix="shardflow-fuzzing-"))
    (folder / "workflow.yaml").write_text(DISPUTED)
    assert run_workflow(request(str(folder)), lambda event: None).exit_code == 3
    return folder / "run"


def run_files() -> list[str]:
    """List the files of a run that are read again, by their paths in it."""
    kinds = ("*.json", "*.jsonl", "*.yaml")
    return sorted(str(path.relative_to(run_directory())) for kind in kinds for path in run_directory().rglob(kind))


def _run(data: bytes) -> None:
    """A run directory in which one file, chosen by the first byte, holds the rest."""
    files = run_files()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        shutil.copytree(run_directory(), run)
        path = run / files[(data[0] if data else 0) % len(files)]
        path.chmod(0o600)
        path.write_bytes(data[1:])
        look_at(str(run), len(data))


def look_at(run: str, size: int) -> None:
    """Look at a run in every way that changes nothing; each may refuse."""
    looks: list[Callable[[], object]] = [
        lambda: found_run(RunDirectory(run)),
        lambda: repeat_merges(run),
        lambda: blame(run, ()),
        lambda: open_merge(run),
        lambda: what_if(run, Alternative(None, (), ())),
        lambda: read_history(f"{run}/events.jsonl"),
    ]
    for look in looks:
        try:
            look()
        except ShardflowError as error:
            check_message(str(error), size)


def _files(*patterns: str) -> Iterable[bytes]:
    return (path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern)))


def _run_seeds() -> tuple[bytes, ...]:
    return tuple(bytes([at]) + (run_directory() / name).read_bytes() for at, name in enumerate(run_files()))


_JSON = (b'{"a": [1, -0.0, 1e400, "\\ud83d\\ude00", null, true, {"": 12345678901234567890123}]}', b'{"a": 1, "a": 2}')
_YAML = (b"a: &x [1, 0o17, ~, 'it''s', \"\\u00e9\"]\nb: *x\n? c\n: |\n  text\n", b"- !!python/object:os.system {}\n")
_COPY = (
    b'{\n  "a": {\n    "b": [\n      1,\n      2,\n      {\n        "c": "d"\n      }\n    ]\n  },\n  "e": "f",\n'
    b'  "g": 2\n}\n'
)
_PATCH = b'{"a": {"b": null, "x": {"y": [null, 1e2]}}, "e": -0.0, "new": {"": null}}'
_OPERATIONS = b'''{"set": "$.a.x['y z']", "value": {"k": [null, 1e2]}}
{"add": "$.g", "value": 12345678901234567890.25}
{"append": "$.a.b", "value": "\\u00e9"}
{"set": "$.a.b[?@.c=='d'].c", "value": -0.0}
{"remove": "$.a.b[0]"}
{"remove": "$.e"'''
_SHARDS = {ShardForm.COPY: (_COPY,), ShardForm.PATCH: (_PATCH, _COPY), ShardForm.JOURNAL: (_OPERATIONS,)}
_LINES: list[tuple[str, dict[str, Any]]] = [
    ("run-started", {"pid": 1, "phases": ["p"]}),
    (
        "subagent-finished",
        {"phase": "p", "subagent": "a", "sealed": {"content": "c", "sha256": "s"}, "seconds": 1.0},
    ),
    ("group-merged", {"sha256": "m"}),
    ("run-resumed", {"again": [["p", "a"]], "start": 2}),
]
_JOURNAL = b"".join(json.dumps({"v": 1, "event": event, **more}).encode() + b"\n" for event, more in _LINES)

TARGETS: dict[str, Target] = {
    "json": Target(_json, (*_JSON, *_files("samples/*/expected/*.json"))),
    "yaml": Target(lambda data: parse_yaml(data, "f.yaml"), (*_YAML, *_files("samples/*/*.yaml"))),
    "rules": Target(_rules, tuple(_files("merge_rules/*.yaml", "samples/*/rules.yaml"))),
    "workflows": Target(_workflow, (DISPUTED.encode(), *_files("samples/*/*workflow*.yaml"))),
    "agents": Target(
        lambda data: read_agents_file(parse_yaml(data, "a.yaml")), tuple(_files("samples/*/shardflow.yaml"))
    ),
    "cases": Target(
        lambda data: read_case(parse_yaml(data, "c.yaml")), tuple(_files("merge_rules/cases/*/*.case.yaml"))
    ),
    "resolutions": Target(
        lambda data: read_resolutions(parse_yaml(data, "r.yaml")),
        (b"resolutions:\n- {path: $.a, take: {shard: a}, reason: why}\n- {conflict: c-1f3a9b20, take: base}\n",),
    ),
    **{f"shards ({form})": Target(partial(_shard, form=form), _SHARDS[form]) for form in ShardForm},
    "paths": Target(_paths, (b"$.a[0]['b c'][?(@.id == 'x')]..*[*]", b"$", b"$.findings[id=1,file=a]")),
    "journals": Target(_journal, (_JOURNAL,)),
}
"""Readers of one text."""


def run_target() -> Target:
    """Give the target that reads whole run directories; making its first one takes a second."""
    return Target(_run, _run_seeds())


def all_targets() -> dict[str, Target]:
    return {**TARGETS, "run directories": run_target()}


def clean_up() -> None:
    """Remove the run that was made to alter copies of."""
    if run_directory.cache_info().currsize:
        shutil.rmtree(os.path.dirname(run_directory()))
        run_directory.cache_clear()
