"""The journal read back: what earlier starts of a run sealed and merged.

Law: whatever a file holds, reading it raises nothing but StorageError. A line that cannot be read is told by its number
and passed over: what it told of counts as not having happened.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.files import read_regular

Asked: TypeAlias = tuple[str, str | None]
"""A subagent asked for once more, by its phase and id; without an id, all of the phase."""

_LIMIT: Final = 1 << 30


@record
class SealedShard:
    """A shard that was sealed: whose it is, its SHA-256, how long its subagent took and what it was warned of.

    `group` is the folder of its group as it was called then; `of` the fan-out it belongs to, or nothing.
    """

    phase: str
    group: str
    subagent: str
    sha256: str
    seconds: float
    warnings: tuple[str, ...]
    of: str = ""


@record
class GivenAnswer:
    """What was answered to a question that a phase asked."""

    phase: str
    value: Json


@record
class History:
    """What a journal tells.

    seals   the last sealed shard of each content, by its digest
    merged  the SHA-256 of every context that was about to become the canonical one
    starts  how often the run was started
    pid     the process of the last start
    torn    the numbers of the lines that cannot be read, from 1
    answers what was answered, by the digest of the question
    """

    seals: Mapping[str, SealedShard]
    merged: frozenset[str]
    starts: int
    pid: int | None
    torn: tuple[int, ...]
    answers: Mapping[str, GivenAnswer] = MappingProxyType({})

    def without(self, again: Container[Asked]) -> History:
        """Forget the shards of these subagents, and the answers given to a phase that is run again as a whole."""
        return replaced(self, seals=_kept(self.seals, again), answers=_kept_answers(self.answers, again))


def read_history(path: str) -> History:
    """Read a journal. Raises StorageError for one that is no regular file."""
    seals: dict[str, SealedShard] = {}
    answers: dict[str, GivenAnswer] = {}
    merged: set[str] = set()
    starts, pid = 0, None
    torn: list[int] = []
    for number, line in _lines(path):
        match line:
            case {"event": "subagent-finished", "sealed": {"content": str(content), "sha256": str(sha256)}}:
                seals[content] = _sealed(line, sha256)
            case {"event": "answered", "content": str(content), "answer": answer}:
                answers[content] = GivenAnswer(str(line.get("phase")), answer)
            case {"event": "group-merged", "sha256": str(sha256)}:
                merged.add(sha256)
            case {"event": "run-started" | "run-resumed"}:
                starts += 1
                pid = line["pid"] if isinstance(line.get("pid"), int) else None
                again = set(_pairs(line.get("again")))
                seals, answers = _kept(seals, again), _kept_answers(answers, again)
            case {"event": "journal-altered"}:
                seals = {}
            case {"event": str()}:
                starts = max(starts, 1)  # the line that told of the start is lost
            case _:
                torn.append(number)
    return History(seals, frozenset(merged), starts, pid, tuple(torn), answers)


def _lines(path: str) -> Iterator[tuple[int, Any]]:
    """Give each line by its number as the object it holds, None for what is none."""
    lines = read_regular(path, _LIMIT).split(b"\n")
    for number, line in enumerate(lines, 1):
        if line:
            yield number, _read(line)


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _sealed(line: Mapping[str, Any], sha256: str) -> SealedShard:
    seconds, warnings = line.get("seconds"), line.get("warnings")
    return SealedShard(
        str(line.get("phase")),
        str(line.get("group")),
        str(line.get("subagent")),
        sha256,
        seconds if isinstance(seconds, float) else 0.0,
        tuple(map(str, warnings)) if isinstance(warnings, list) else (),
        str(line.get("of") or ""),
    )


def _pairs(listed: object) -> Iterator[Asked]:
    for item in listed if isinstance(listed, list) else ():
        match item:
            case [str(phase), str() | None as subagent]:
                yield phase, subagent
            case _:
                pass


def _kept(seals: Mapping[str, SealedShard], again: Container[Asked]) -> dict[str, SealedShard]:
    return {content: seal for content, seal in seals.items() if not was_asked(seal.phase, seal.subagent, again)}


def _kept_answers(answers: Mapping[str, GivenAnswer], again: Container[Asked]) -> dict[str, GivenAnswer]:
    return {content: given for content, given in answers.items() if (given.phase, None) not in again}


def was_asked(phase: str, subagent: str, again: Container[Asked]) -> bool:
    """Tell whether a subagent is among those asked for once more."""
    return (phase, subagent) in again or (phase, None) in again
