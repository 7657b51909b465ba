"""`shardflow merge RUN_DIR --resolve ...`: decisions about the conflicts a run was left with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from shardflow.cli.commands.merging.options import DecisionOptions
from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_input
from shardflow.cli.console import CONSOLE, is_terminal
from shardflow.cli.views.display import count, path_label, place, shell_word
from shardflow.cli.views.merging.conflicts import conflicts_text
from shardflow.cli.views.merging.objects import resolved_object
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.trying import at_work
from shardflow.errors import InvalidInput, InvalidJson, UsageError
from shardflow.execution.inspection.resolving import OpenMerge, Resolved, open_merge, resolve
from shardflow.exit_codes import CONFLICTS
from shardflow.merge.resolving.documents import Written, chosen, matched, read_resolutions
from shardflow.merge.resolving.resolutions import Choice, TakeBase, TakeShard, TakeValue
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Problem
from shardflow.model.paths import parse_path, path_text
from shardflow.model.values import ABSENT, Value
from shardflow.storage.excerpts import printable, value_text
from shardflow.storage.json.strict import parse_json
from shardflow.storage.yaml.documents import parse_yaml


def resolve_run(run_dir: str, decided: DecisionOptions, shown: Selection) -> int:
    """Decide about the conflicts of a run, tell what came of it, and give the exit code."""
    if decided.interactive and not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("--interactive asks at a terminal, and this is none; use --resolve or --resolutions")
    with at_work("merging"):
        merge = open_merge(run_dir)
    written = [*_from_texts(decided.texts, merge), *_from_file(decided.file)]
    if decided.interactive:
        written.extend(_asked(merge, written))
    with at_work("merging"):
        came = resolve(merge, written)
    code = CONFLICTS if came.folded.open_conflicts else 0
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(resolved_object(came, code)))
    else:
        CONSOLE.say("\n".join(_told(run_dir, came)))
    return code


def _from_texts(texts: tuple[str, ...], merge: OpenMerge) -> list[Written]:
    """Read what options say. Raises InvalidInput with every one that cannot be meant."""
    read = [_from_text(text, merge) for text in texts]
    if wrong := [one for one in read if isinstance(one, str)]:
        raise InvalidInput(Problem("--resolve", None, reason) for reason in wrong)
    return [one for one in read if isinstance(one, Written)]


def _from_text(text: str, merge: OpenMerge) -> Written | str:
    target, choice = _parted(text, merge.decidable)
    found = matched(Written(target, TakeBase(), "", ""), merge.decidable)
    if isinstance(found, str):
        return found
    taken = chosen(choice, *_json(choice), found)
    if isinstance(taken, str):
        return f"{path_label(found.path)}: {taken}"
    return Written(path_text(found.path), taken, "", "--resolve")


def _parted(text: str, conflicts: Mapping[str, Conflict]) -> tuple[str, str]:
    """Part `PATH=CHOICE` at the first `=` with a whole path, or a conflict's id, before it: a path may hold one too."""
    for at, character in enumerate(text):
        if character == "=" and (text[:at] in conflicts or _is_path(text[:at])):
            return text[:at], text[at + 1 :]
    raise UsageError(f"--resolve takes PATH=SHARD, PATH=base or PATH=JSON, not {printable(text)!r}")


def _is_path(text: str) -> bool:
    try:
        parse_path(text)
    except ValueError:
        return False
    return True


def _json(text: str) -> tuple[Value, str]:
    """Read JSON; give ABSENT where it is none, with the reason."""
    try:
        return parse_json(text.encode(errors="surrogateescape"), "--resolve"), ""
    except InvalidJson as error:
        return ABSENT, error.problems[0].placed_message


def _from_file(file: str | None) -> tuple[Written, ...]:
    return () if file is None else read_resolutions(parse_yaml(read_input(file, MAX_WORKFLOW_BYTES), file))


def _asked(merge: OpenMerge, written: list[Written]) -> Iterator[Written]:
    """Ask about every conflict that nothing was said about yet; an empty answer leaves it open, the end of input all
    that follow.
    """
    known = {found.path for one in written if isinstance(found := matched(one, merge.decidable), Conflict)}
    unsaid = [conflict for conflict in merge.conflicts if conflict.path not in known]
    for number, conflict in enumerate(unsaid, start=1):
        CONSOLE.say(conflicts_text([conflict], f"{number:,} of {len(unsaid):,}: ", sys.stdout))
        try:
            choice = _answer(conflict)
        except EOFError:
            return CONSOLE.say("")
        except KeyboardInterrupt:
            CONSOLE.complain("\nnothing was decided; Ctrl-D ends asking and keeps what was answered")
            raise
        if choice is not None:
            yield Written(path_text(conflict.path), choice, "", "the terminal")


def _answer(conflict: Conflict) -> Choice | None:
    while True:
        text = input("take (a shard's id, base, or JSON; nothing leaves it open): ").strip()
        if not text:
            return None
        choice = chosen(text, *_json(text), conflict)
        if not isinstance(choice, str):
            return choice
        CONSOLE.say(printable(choice))


def _told(run_dir: str, came: Resolved) -> Iterator[str]:
    for one in came.decided:
        before = came.instead_of.get(one.target)
        instead = "" if before is None else f", instead of {_choice_text(before.choice)} (decided by {before.by})"
        yield f"{printable(one.target)}: {_choice_text(one.choice)}{printable(instead)}"
    left = came.folded.open_conflicts
    if left:
        yield f"{came.group}: {count(len(left), 'conflict')} left, nothing merged yet"
        yield conflicts_text(left, "", sys.stdout)
        return
    yield f"{came.group}: merged into {place(came.context)}"
    if not came.is_last:
        yield f"go on with the run: shardflow resume {shell_word(run_dir)}"


def _choice_text(choice: Choice) -> str:
    match choice:
        case TakeBase():
            return "the base value stays"
        case TakeShard(shard):
            return f"what {printable(shard)} left"
        case TakeValue(value):
            return value_text(value)
