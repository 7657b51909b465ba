"""Voices: what each shard that a decision heard left at a place inside it, so that a part can be laid at its door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from shardflow.merge.tracing.origins import Made, Origin, Outside, Said, Trace
from shardflow.model.decisions import Contribution, Outcome, Settled
from shardflow.model.paths import Path, Segment
from shardflow.model.records import record, replaced
from shardflow.model.values import ABSENT, Json, Value, frozen, same


@record
class Voices:
    """The shards heard at a place, by rank, each with the value it left there; `made` is the origin they share.

    Where nothing the run merged made it, nobody is heard. `path` is the place as it was before the merge.
    """

    made: Made | Outside
    said: tuple[tuple[str, Value], ...]
    path: Path = ()

    def inside(self, name: str) -> Voices:
        """Listen to what was said of a member; to all of them without a value if nobody spoke of it."""
        said = tuple((shard, value[name]) for shard, value in self.said if isinstance(value, dict) and name in value)
        return Voices(self.made, said or self._silent(), (*self.path, name))

    def only(self, shards: Iterable[str], value: Value) -> Voices:
        """Listen to some of the shards, who left this value; to all of them without a value if that is nobody."""
        return Voices(self.made, tuple((shard, value) for shard in shards) or self._silent(), self.path)

    def without(self, segment: Segment, before: Json, shards: Iterable[str]) -> Iterator[Said]:
        """Lay it at the door of these shards that what stood at a segment, `before`, does not any more."""
        if isinstance(self.made, Made):
            made, path = self.made, (*self.path, segment)
            for shard in shards:
                yield Said(made.group, made.phase, path, shard, before, ABSENT, made.outcome, made.rule, ())

    def _silent(self) -> tuple[tuple[str, Value], ...]:
        return tuple((shard, ABSENT) for shard, _ in self.said)

    @property
    def origin(self) -> Origin:
        """Blame all who are heard."""
        if isinstance(self.made, Outside):
            return self.made
        return replaced(self.made, shards=tuple(shard for shard, _ in self.said))


def voices_of(decision: Settled, group: str, phase: str) -> Voices:
    """Hear the shards a decision's value comes from."""
    heard = [c for c in decision.contributions if c.outcome is not Outcome.SUPERSEDED]
    made = Made(group, phase, (), _outcome(heard), decision.rule)
    return Voices(made, tuple((c.shard, c.after) for c in heard), decision.path)


def _outcome(heard: Sequence[Contribution]) -> Outcome:
    return heard[0].outcome if heard else Outcome.APPLIED


def new_trace(value: Json, voices: Voices) -> Trace:
    """Trace a value that a decision put: to those who said just that, or part by part to those who said the part."""
    agreed = [shard for shard, said in voices.said if same(said, value)]
    if agreed or not voices.said:
        return Trace(voices.only(agreed, value).origin)
    match value:
        case dict():
            members = {name: new_trace(member, voices.inside(name)) for name, member in value.items()}
            return Trace(voices.origin, members=members)
        case list():
            heard = item_voices([], value, voices)
            return Trace(voices.origin, items=tuple(map(new_trace, value, heard)))
        case _:
            return Trace(voices.origin)


def item_voices(before: list[Json], new: Sequence[Json], voices: Voices) -> Iterator[Voices]:
    """Give for each new item of a list whose it is.

    Where as many stand as were added, each shard gets its own, by rank; where fewer do (a set), all who added it share.
    """
    added = _added(before, voices)
    standing = Counter(map(frozen, new))
    for item in new:
        key = frozen(item)
        shards = added.get(key, [])
        if len(shards) > 1 and len(shards) <= standing[key]:
            yield voices.only([shards.pop(0)], item)
            standing[key] -= 1
        else:
            yield voices.only(dict.fromkeys(shards), item)


def _added(before: list[Json], voices: Voices) -> dict[Hashable, list[str]]:
    """Give by item the shards that have more of it than stood there before, each as often as it has more."""
    base = Counter(map(frozen, before))
    added: dict[Hashable, list[str]] = {}
    for shard, value in voices.said:
        own = Counter(map(frozen, value)) if isinstance(value, list) else Counter()
        for key, times in own.items():
            if times > base[key]:
                added.setdefault(key, []).extend([shard] * (times - base[key]))
    return added
