"""`shardflow merge`: the merges of a run once more, or shards folded into their base."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from shardflow.cli.commands.merging.options import MergeOptions, Otherwise, shard_id
from shardflow.cli.commands.reading import read_input, read_named, refuse_output
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.merging.ledger import ledger_text
from shardflow.cli.views.merging.objects import merged_object
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format
from shardflow.cli.views.trying import at_work
from shardflow.errors import InvalidInput, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base, base_of, read_object
from shardflow.execution.folding.fold import form_of_file, shard_delta
from shardflow.execution.rules.sources import load_named_rules
from shardflow.exit_codes import CONFLICTS
from shardflow.merge.engine import MergeResult, merge
from shardflow.model.changes import Delta, apply, same_edit
from shardflow.model.diff import diff
from shardflow.model.documents import Problem
from shardflow.model.records import replaced
from shardflow.storage.excerpts import printable
from shardflow.storage.files import replace_file
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.json.strict import collector_paused
from shardflow.storage.runs.listing import folder_named
from shardflow.workflow.model import ShardForm

T = TypeVar("T")


def merge_inputs(options: MergeOptions) -> int:
    """Merge what is named: a run directory, or a base and its shards. Give the exit code."""
    if len(options.inputs) == 1:
        options = replaced(options, inputs=tuple(map(folder_named, options.inputs)))
    if options.shown.layout is Format.DEEPDIFF and not _is_otherwise(options):
        raise UsageError("--format deepdiff words what differs: it goes with a run and --rules, --without or --with")
    if len(options.inputs) > 1:
        if options.decided.anything:
            raise UsageError("--resolve, --resolutions and --interactive go with a run directory")
        if options.otherwise != Otherwise():
            raise UsageError("--without, --with and --write go with a run directory; name the shards you want merged")
        return _merge_files(options)
    [single] = options.inputs
    if os.path.isdir(single):
        return _merge_run(single, options)
    if os.path.isfile(single):
        return _merge_case(single, options)
    wanted = "merge takes a run directory, a case file, or a base and at least one shard"
    raise UsageError(f"{wanted}; no {single} is there", file=single)


def _merge_case(file: str, options: MergeOptions) -> int:
    if options.decided.anything or options.otherwise != Otherwise() or options.output is not None:
        raise UsageError("of all options, only --rules and those about what is shown go with a case file")
    from shardflow.cli.commands.cases.replaying import replay_case

    return replay_case(file, options.rules, options.shown)


def _merge_run(run_dir: str, options: MergeOptions) -> int:
    other = options.otherwise
    is_otherwise = _is_otherwise(options)
    if options.output is not None:
        raise UsageError("--output goes with a base and shards; for a run, --write puts the context where it belongs")
    if other.write and not is_otherwise:
        raise UsageError("--write goes with --rules, --without or --with: what was recorded is written already")
    if options.decided.anything and is_otherwise:
        raise UsageError(
            "decide about conflicts first or merge otherwise first: --resolve does not go with --rules, "
            "--without or --with"
        )
    if is_otherwise:
        from shardflow.cli.commands.merging.otherwise import merge_otherwise

        return merge_otherwise(run_dir, options.rules, other, options.shown)
    if options.decided.anything:
        from shardflow.cli.commands.merging.resolve import resolve_run

        return resolve_run(run_dir, options.decided, options.shown)
    from shardflow.cli.commands.merging.again import merge_again

    return merge_again(run_dir, options.shown)


def _is_otherwise(options: MergeOptions) -> bool:
    one_run = len(options.inputs) == 1 and os.path.isdir(options.inputs[0])
    return one_run and (options.rules is not None or bool(options.otherwise.without or options.otherwise.added))


def _merge_files(options: MergeOptions) -> int:
    if options.output_file is not None:
        refuse_output(options.output_file)
    with at_work("merging"):
        result = _merged(options)
    code = CONFLICTS if result.conflicts else 0
    if options.output_file is not None and not code:
        replace_file(options.output_file, written_bytes(result.context))
    shown = options.shown
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(merged_object(result, options.output_file, code, shown)))
    elif options.output_file is not None:
        CONSOLE.say(ledger_text(result, sys.stdout, shown))
    else:
        CONSOLE.complain(ledger_text(result, sys.stderr, shown))
        CONSOLE.hand_over(b"" if code else written_bytes(result.context))
    return code


def _merged(options: MergeOptions) -> MergeResult:
    first, *shards = options.inputs
    problems: list[Problem] = []
    rules = _read_or_noted(lambda: load_named_rules(options.rules).rules, problems)
    base = _read_or_noted(lambda: _base(first), problems)
    if rules is None or base is None:
        for shard in shards:
            _read_or_noted(partial(_look_at, shard), problems)
        raise InvalidInput(problems)
    with collector_paused():
        return merge(base.value, _deltas(base, shards), rules)


def _read_or_noted(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """Read something, or note what is wrong with it beside all else that is."""
    try:
        return read()
    except InvalidInput as error:
        problems.extend(error.problems)
        return None


def _base(file: str) -> Base:
    data = read_input(file, SIZE_LIMIT)
    return Base(data, read_object(data, file))


def _look_at(shard: str) -> None:
    """Read a shard for what is wrong with it by itself; a journal cannot be read without its base."""
    if form_of_file(shard) is not ShardForm.JOURNAL:
        read_object(read_named(shard, SIZE_LIMIT), shard)


def _deltas(base: Base, shards: Sequence[str]) -> list[Delta]:
    """Work out every shard's delta. Raises InvalidInput with the problems of all shards that cannot be read."""
    deltas: list[Delta] = []
    problems: list[Problem] = []
    for (name, rank), files in _ranked(shards):
        try:
            deltas.extend(_deltas_of(base, name, rank, files, len(shards)))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(problems)
    return deltas


def _deltas_of(base: Base, name: str, rank: int, files: Sequence[str], among: int) -> Iterator[Delta]:
    """Work out what the files of one shard changed. Its journal goes on where its file ended, if it has one of each."""
    match sorted(files, key=form_of_file):
        case [copy, journal] if (form_of_file(copy), form_of_file(journal)) == (ShardForm.COPY, ShardForm.JOURNAL):
            left = base_of(read_object(read_named(copy, SIZE_LIMIT), copy))
            after = apply(_delta(left, name, rank, journal, among).edit, left.value)
            yield Delta(name, rank, diff(base.value, after))
        case _:
            deltas = [_delta(base, name, rank, file, among) for file in files]
            for file, one in zip(files, deltas, strict=True):
                if not same_edit(one.edit, deltas[0].edit):
                    said = f"its shard is called {name}, as that of {files[0]}, and holds something else"
                    raise InvalidInput([Problem(file, None, said, hint="give one of the files another name")])
            yield deltas[0]


def _delta(base: Base, name: str, rank: int, file: str, among: int) -> Delta:
    data, form = read_named(file, SIZE_LIMIT), form_of_file(file)
    if form is ShardForm.JOURNAL:
        _warn_of_torn(file, data)
    return shard_delta(base, name, rank, form, data, file, among=among)


def _warn_of_torn(file: str, journal: bytes) -> None:
    from shardflow.execution.folding.journals import torn_warning  # most shards are no journals

    if (torn := torn_warning(journal)) is not None:
        CONSOLE.complain(f"warning: {printable(file)}: {torn}")


def _ranked(shards: Iterable[str]) -> Iterator[tuple[tuple[str, int], list[str]]]:
    """Give each shard's id and rank with its files. One id given twice keeps its first rank, so that one content counts
    once.
    """
    files: dict[str, list[str]] = {}
    for shard in shards:
        files.setdefault(shard_id(shard), []).append(shard)
    return (((name, rank), named) for rank, (name, named) in enumerate(files.items()))
