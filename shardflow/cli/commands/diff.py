"""`shardflow diff`: what differs between two JSON documents, strictly."""

from __future__ import annotations

import os
import sys

from shardflow.cli.commands.reading import read_all, read_input
from shardflow.cli.commands.selecting import format_of
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.merging.differences import differences_object, differences_text
from shardflow.cli.views.selection import Format
from shardflow.cli.views.trying import at_work
from shardflow.errors import StorageError, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.merge.differences import differences
from shardflow.model.values import Json
from shardflow.storage.json.strict import parse_json

_DIFFERENT = 1


def show_differences(before: str, after: str, layout: str | None, *, as_json: bool) -> int:
    """Compare two files and print how they differ; give the exit code."""
    chosen = format_of(layout, tuple(Format), as_json=as_json)
    with at_work("comparing"):
        one, other = read_all(_document, (before, after))
        found = list(differences(one, other))
    code = _DIFFERENT if found else 0
    if chosen is Format.JSON:
        from shardflow.cli.views.objects import object_bytes

        CONSOLE.hand_over(object_bytes(differences_object(found, code)))
    elif chosen is Format.DEEPDIFF and found:
        from shardflow.cli.views.merging.deepdiff import deepdiff_lines, strictly

        CONSOLE.say("\n".join([*deepdiff_lines(one, other), strictly(len(found))]))
    else:
        CONSOLE.say(differences_text(found, chosen, sys.stdout))
    return code


def _document(named: str) -> Json:
    if not os.path.isdir(named):
        return parse_json(read_input(named, SIZE_LIMIT), named)
    from shardflow.execution.inspection.documents import document_of_folder  # most documents are files

    try:
        return document_of_folder(named)
    except StorageError as error:  # 1 would say that the documents differ
        raise UsageError(str(error), file=named) from error
