"""`shardflow merge RUN_DIR --rules OTHER --without ID --with FILE|RUN [--write]`: what would have been, or shall be."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

from shardflow.cli.commands.merging.options import Otherwise, shard_id
from shardflow.cli.commands.reading import read_named
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import place, shell_word
from shardflow.cli.views.merging.what_if import what_if_object, what_if_text
from shardflow.cli.views.objects import object_bytes
from shardflow.cli.views.selection import Format, Selection
from shardflow.cli.views.tables import markdown_span
from shardflow.cli.views.trying import at_work
from shardflow.errors import UsageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.folding.fold import form_of_file
from shardflow.execution.inspection.added import Added
from shardflow.execution.inspection.rewriting import Rewritten, behind, in_the_way, is_recorded, write_down
from shardflow.execution.inspection.what_if import Alternative, WhatIf, what_if
from shardflow.execution.rules.sources import load_named_rules
from shardflow.exit_codes import CONFLICTS
from shardflow.model.fields import quoted

_NAMED: Final = re.compile(r"(?:(?P<group>[A-Za-z0-9][\w.-]*)/)?(?P<shard>[A-Za-z0-9][\w.-]*)=(?P<file>.+)", re.DOTALL)
"""`ID=FILE`, `PHASE/ID=FILE`; a file whose own name looks like that is given as `./NAME`."""


def merge_otherwise(run_dir: str, rules: str | None, otherwise: Otherwise, shown: Selection) -> int:
    """Merge a run otherwise, say how that differs from what it recorded, and write it down if asked; give the code."""
    chosen = None if rules is None else load_named_rules(rules)
    if chosen is not None:
        chosen.load_functions()
    united = tuple(filter(os.path.isdir, otherwise.added))
    files = [text for text in otherwise.added if text not in united]
    if wrong := [told for text in files if (told := _no_id(text))]:
        raise UsageError("\n".join(wrong))
    added = tuple(map(_added, files))
    with at_work("merging"):
        imagined = what_if(run_dir, Alternative(chosen, otherwise.without, added, united))
        written = write_down(imagined) if otherwise.write else None
    code = _exit_code(imagined, otherwise)
    if shown.layout is Format.JSON:
        CONSOLE.hand_over(object_bytes(what_if_object(imagined, written, code, shown)))
    else:
        CONSOLE.say(what_if_text(imagined, shown, sys.stdout))
        ending = _ending(run_dir, imagined, written, otherwise)
        in_markdown = shown.layout is Format.MARKDOWN
        CONSOLE.say("\n".join(map(markdown_span, ending.split("\n"))) if in_markdown else ending)
    return code


def _added(text: str) -> Added:
    named = _NAMED.fullmatch(text)
    group, shard, file = (named["group"] or "", named["shard"], named["file"]) if named else ("", "", text)
    read_named(file, SIZE_LIMIT)  # refuses what cannot be read, in the words for files that people name
    return Added(group, shard or shard_id(file), os.path.realpath(file), form_of_file(file))


def _no_id(text: str) -> str:
    """Say what is wrong with a text that is meant as `ID=FILE` and names no id; empty if nothing is."""
    name, equals, file = text.partition("=")
    is_meant = equals and not os.path.lexists(text) and (os.path.lexists(file) or "/" not in name)
    if not is_meant or _NAMED.fullmatch(text):
        return ""
    wanted = "it is letters, digits, '.', '_' and '-' and begins with a letter or digit"
    return f"--with: {quoted(name)} cannot be a shard's id; {wanted}: --with ID={file}"


def _exit_code(imagined: WhatIf, otherwise: Otherwise) -> int:
    """Only the last merge is written, and an earlier one that would conflict was refused then."""
    asked = imagined.groups[-1:] if otherwise.write else imagined.groups
    return CONFLICTS if any(group.folded.open_conflicts for group in asked) else 0


def _ending(run_dir: str, imagined: WhatIf, written: Rewritten | None, otherwise: Otherwise) -> str:
    if written is None:
        return _why_unwritten(imagined, otherwise)
    kept = f"written: {written.group}; what was recorded before is kept in {place(written.former)}"
    return f"{kept}\ngo on with the run: shardflow resume {shell_word(run_dir)}" if written.goes_on else kept


def _why_unwritten(imagined: WhatIf, otherwise: Otherwise) -> str:
    if not imagined.groups:
        return "nothing was written"
    last = imagined.groups[-1]
    if (one := in_the_way(imagined)) is not None:
        started = f"{behind(imagined, one)} started from what {one.group} left"
        return f"nothing was written: {started}, so only a new run can come out like this"
    if last.folded.open_conflicts:
        asked = ":" if otherwise.write else "; for --write,"
        return f"nothing was written{asked} change the rules so that they settle every conflict"
    if otherwise.write or is_recorded(last):
        return "nothing was written: this is what the run recorded"
    return "nothing was written; --write records the last merge like this"
