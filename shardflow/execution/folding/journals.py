"""Shards in the form of a journal: from their bytes to the edit of the base, with what is wrong by its line."""

from __future__ import annotations

from shardflow.errors import InvalidJson
from shardflow.model.changes import Edit
from shardflow.model.documents import Problem
from shardflow.model.operations import journal_edit
from shardflow.model.values import Json
from shardflow.storage.json.diagnosis import MAX_PROBLEMS
from shardflow.storage.json.lines import read_lines, split_torn, torn_line


def read_journal(base: dict[str, Json], data: bytes, source: str) -> Edit | None:
    """Give what the operations of a journal change. Raises InvalidJson with every line that is wrong."""
    values, problems = read_lines(data, source)
    edit = journal_edit(base, values)
    misfits = edit if isinstance(edit, tuple) else ()
    problems += [Problem(source, one.line, one.message, one.path, one.hint) for one in misfits]
    if problems:
        raise InvalidJson(sorted(problems, key=lambda problem: problem.line or 0)[:MAX_PROBLEMS])
    return None if isinstance(edit, tuple) else edit


def torn_warning(data: bytes) -> str | None:
    """Tell of a journal's last line if that is torn, and so left out."""
    line = torn_line(data)
    return None if line is None else f"line {line} of its journal is torn (cut short, without a line end) and left out"


def appended(data: bytes, lines: bytes) -> bytes:
    """Append whole lines to a journal: behind what is whole, before a last line that is torn, which stays torn."""
    whole, torn = split_torn(data)
    end = b"\n" if whole and not whole.endswith(b"\n") else b""
    return whole + end + lines + torn
