"""The floor and our own merge, in parts, from files to a file."""

from __future__ import annotations

import gc
from pathlib import Path

import orjson

from shardflow.execution.folding.base import SIZE_LIMIT, Base, read_object
from shardflow.execution.folding.fold import fold, shard_delta
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta
from shardflow.model.documents import Document
from shardflow.storage.files import read_regular, write_new_pieces
from shardflow.storage.json.strict import collector_paused
from shardflow.workflow.model import ShardForm
from tests.benchmarks.measuring import SHARDFLOW, run
from tests.benchmarks.merge.inputs import Inputs, indented


def floor(inputs: Inputs) -> None:
    """Parse every byte with orjson, and write the result once."""
    gc.disable()
    try:
        parsed = orjson.loads(inputs.base.read_bytes())
        for copy in inputs.copies():
            parsed = orjson.loads(copy.read_bytes())
        inputs.merged.write_bytes(indented(parsed))
    finally:
        gc.enable()


def read_deltas(inputs: Inputs) -> tuple[Base, RuleSet, list[Delta]]:
    """Read what a run has read before its last subagent ends: base, rules, and one shard after another."""
    rules = read_rules(Document("rules.yaml", orjson.loads(inputs.rules.read_bytes())), _nothing_extended)
    data = read_regular(inputs.base, SIZE_LIMIT)
    base = Base(data, read_object(data, "base.json"))
    copies = inputs.copies()
    with collector_paused():
        return base, rules, [_delta(base, rank, path, len(copies)) for rank, path in enumerate(copies)]


def _delta(base: Base, rank: int, path: Path, among: int) -> Delta:
    name = path.name
    return shard_delta(base, name, rank, ShardForm.COPY, read_regular(path, SIZE_LIMIT), name, among=among)


def merge_deltas(inputs: Inputs, base: Base, rules: RuleSet, deltas: list[Delta]) -> None:
    """Merge at the end of a group: what is left to do when all shards are read. As in a run, no ledger may be there."""
    folded = fold(base, deltas, rules)
    inputs.merged.write_bytes(folded.context)
    write_new_pieces(inputs.ledger, folded.ledger_chunks())


def _nothing_extended(name: str, _: str) -> Document:
    raise LookupError(name)


def command(inputs: Inputs) -> None:
    """Merge by `shardflow merge`, start-up and all."""
    options = ["--rules", "rules.yaml", "--json", "-o", "merged.json"]
    run([*SHARDFLOW, "merge", "base.json", *(path.name for path in inputs.copies()), *options], inputs.folder)
