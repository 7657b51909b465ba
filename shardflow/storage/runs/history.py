"""The journal read back: what earlier starts of a run sealed and merged.

Law: whatever a file holds, reading it raises nothing but StorageError. A line that cannot be read is told by its number
and passed over: what it told of counts as not having happened.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.files import read_regular
from shardflow.storage.runs.journal import LIMIT

Asked: TypeAlias = tuple[str, str | None]
"""A subagent asked for once more, by its phase and id; without an id, all of the phase."""

_FORMER: Final = 4
"""Former shards that are kept in mind, of any number that a journal may tell of."""


@record
class SealedShard:
    """A shard that was sealed: whose it is, its SHA-256, how long its subagent took, in the last of how many `tries`,
    and what it was warned of.

    `group` is the folder of its group as it was called then, `base` the SHA-256 of that one's base. `former` were
    sealed for the same content before, the last first: a power cut may leave the line of this one and not its bytes.
    """

    phase: str
    group: str
    subagent: str
    sha256: str
    seconds: float
    warnings: tuple[str, ...]
    base: str = ""
    tries: int = 1
    former: tuple[SealedShard, ...] = ()

    def behind(self, other: SealedShard | None) -> SealedShard:
        """Give it with what was sealed before it."""
        if other is None:
            return self
        before = (replaced(other, former=()), *other.former)
        return replaced(self, former=tuple(one for one in before if one.sha256 != self.sha256)[:_FORMER])


@record
class SealedAnswer:
    """What an arbiter answered in `seconds`: in the folder of which group, about which conflict, its SHA-256."""

    phase: str
    group: str
    conflict: str
    path: str
    sha256: str
    seconds: float


@record
class GivenAnswer:
    """What was answered to a question that a phase asked."""

    phase: str
    value: Json


Given = TypeVar("Given", GivenAnswer, SealedAnswer)


@record
class History:
    """What a journal tells.

    seals   the last sealed shard of each content, by its digest
    ended   everyone who ended, by phase and id: the fan-out they belong to, or nothing
    asked   who was asked for once more, in phases that were not merged to their end since
    tries   how often a subagent that was to be tried again had failed, by its content; those that ended since are none
    merged  the SHA-256 of every context that was about to become the canonical one
    starts  how often the run was started
    torn    the numbers of the lines that cannot be read, from 1
    answers what was answered, by the digest of the question
    arbitrated  what arbiters answered last to each question, by its digest
    used    what agent CLIs said that they used, by `subagent` (each try), `arbiter` and `prompt`, each with who said it
    """

    seals: Mapping[str, SealedShard]
    merged: frozenset[str]
    starts: int
    torn: tuple[int, ...]
    answers: Mapping[str, GivenAnswer] = MappingProxyType({})
    tries: Mapping[str, int] = MappingProxyType({})
    ended: Mapping[tuple[str, str], str] = MappingProxyType({})
    asked: frozenset[Asked] = frozenset()
    arbitrated: Mapping[str, SealedAnswer] = MappingProxyType({})
    used: Mapping[str, tuple[tuple[str, Mapping[str, Json]], ...]] = MappingProxyType({})

    def without(self, again: Collection[Asked]) -> History:
        """Forget the shards of these subagents, and the answers given to a phase that is run again as a whole."""
        return replaced(
            self,
            asked=self.asked | frozenset(again),
            seals=_kept(self.seals, again),
            answers=_kept_answers(self.answers, again),
            arbitrated=_kept_answers(self.arbitrated, again),
        )


def read_history(path: str) -> History:
    """Read a journal. Raises StorageError for one that is no regular file."""
    reading = _Reading()
    for number, line in _lines(path):
        if isinstance(line, dict) and isinstance(line.get("event"), str):
            reading.hear(line)
        else:
            reading.torn.append(number)
    return reading.history()


class _Reading:
    def __init__(self) -> None:
        self.torn: list[int] = []
        self._seals: dict[str, SealedShard] = {}
        self._answers: dict[str, GivenAnswer] = {}
        self._arbitrated: dict[str, SealedAnswer] = {}
        self._merged: set[str] = set()
        self._tried: dict[tuple[str, str], tuple[str, int]] = {}
        self._ended: dict[tuple[str, str], str] = {}
        self._asked: set[Asked] = set()
        self._used: dict[str, list[tuple[str, Mapping[str, Json]]]] = {}
        self._starts = 0

    def history(self) -> History:
        return History(
            seals=self._seals,
            merged=frozenset(self._merged),
            starts=self._starts,
            torn=tuple(self.torn),
            answers=self._answers,
            tries=dict(self._tried.values()),
            ended=self._ended,
            asked=frozenset(self._asked),
            arbitrated=self._arbitrated,
            used={who: tuple(usages) for who, usages in self._used.items()},
        )

    def hear(self, line: Mapping[str, Any]) -> None:
        self._hear_usage(line)
        match line:
            case {"event": "subagent-finished" | "subagent-retried"}:
                self._hear_subagent(line)
            case {"event": "answered", "content": str(content), "answer": answer}:
                self._answers[content] = GivenAnswer(str(line.get("phase")), answer)
            case {"event": "arbiter-finished", "sealed": {"content": str(content), "sha256": str(sha256)}}:
                self._arbitrated[content] = _answered(line, sha256)
            case {"event": "phase-finished", "phase": str(phase), "status": "done" | "conflict"}:
                self._asked = {pair for pair in self._asked if pair[0] != phase}
            case {"event": "group-merged", "sha256": str(sha256)}:
                self._merged.add(sha256)
            case {"event": "run-started" | "run-resumed"}:
                self._begin(line)
            case {"event": "journal-altered"}:
                self._seals, self._answers, self._arbitrated, self._tried = {}, {}, {}, {}
            case _:
                self._starts = max(self._starts, 1)  # the line that told of the start is lost

    def _hear_usage(self, line: Mapping[str, Any]) -> None:
        match line:
            case {
                "event": "subagent-finished" | "subagent-retried" | "arbiter-finished" | "prompt-finished" as event,
                "usage": dict() as usage,
            }:
                who = "/".join(_whose(line))
                self._used.setdefault(event.partition("-")[0], []).append((who, usage))
            case _:
                pass

    def _begin(self, line: Mapping[str, Any]) -> None:
        self._starts += 1
        again = set(_pairs(line.get("again")))
        self._asked |= again
        self._seals, self._answers = _kept(self._seals, again), _kept_answers(self._answers, again)
        self._arbitrated = _kept_answers(self._arbitrated, again)

    def _hear_subagent(self, line: Mapping[str, Any]) -> None:
        self._ended[_whose(line)] = str(line.get("of") or "")
        match line:
            case {"event": "subagent-retried", "content": str(content), "tries": int(tries)}:
                self._tried[_whose(line)] = (content, tries)
            case {"sealed": {"content": str(content), "sha256": str(sha256)}}:
                seal = _sealed(line, sha256, str(line["sealed"].get("base") or ""))
                self._seals[content] = seal.behind(self._seals.get(content))
                self._tried.pop(_whose(line), None)
            case {"ending": str(ending)} if ending != "cancelled":
                self._tried.pop(_whose(line), None)
            case _:
                pass


def _whose(line: Mapping[str, Any]) -> tuple[str, str]:
    return str(line.get("phase")), str(line.get("subagent"))


def _lines(path: str) -> Iterator[tuple[int, Any]]:
    """Give each line by its number as the object it holds, None for what is none."""
    lines = read_regular(path, LIMIT).split(b"\n")
    for number, line in enumerate(lines, 1):
        if line:
            yield number, _read(line)


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _answered(line: Mapping[str, Any], sha256: str) -> SealedAnswer:
    phase, group, conflict, path = (str(line.get(name)) for name in ("phase", "group", "conflict", "path"))
    return SealedAnswer(phase, group, conflict, path, sha256, _seconds(line))


def _sealed(line: Mapping[str, Any], sha256: str, base: str) -> SealedShard:
    warnings = line.get("warnings")
    return SealedShard(
        str(line.get("phase")),
        str(line.get("group")),
        str(line.get("subagent")),
        sha256,
        _seconds(line),
        tuple(map(str, warnings)) if isinstance(warnings, list) else (),
        base,
        line["tries"] if isinstance(line.get("tries"), int) else 1,
    )


def _seconds(line: Mapping[str, Any]) -> float:
    seconds = line.get("seconds")
    return seconds if isinstance(seconds, float) else 0.0


def _pairs(listed: object) -> Iterator[Asked]:
    for item in listed if isinstance(listed, list) else ():
        match item:
            case [str(phase), str() | None as subagent]:
                yield phase, subagent
            case _:
                pass


def _kept(seals: Mapping[str, SealedShard], again: Container[Asked]) -> dict[str, SealedShard]:
    return {content: seal for content, seal in seals.items() if not was_asked(seal.phase, seal.subagent, again)}


def _kept_answers(answers: Mapping[str, Given], again: Container[Asked]) -> dict[str, Given]:
    return {content: given for content, given in answers.items() if (given.phase, None) not in again}


def was_asked(phase: str, subagent: str, again: Container[Asked]) -> bool:
    """Tell whether a subagent is among those asked for once more."""
    return (phase, subagent) in again or (phase, None) in again
