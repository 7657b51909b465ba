"""What a subagent of the dialect is given beyond its shard, and what the engine notes of it when it has ended."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Final

from shardflow.errors import InvalidInput, InvalidJson, StorageError
from shardflow.execution.agents.native import has_changed_nothing
from shardflow.execution.folding.base import SIZE_LIMIT, Base, read_object
from shardflow.execution.groups.inputs import Fitting
from shardflow.execution.prompts.prompts import PromptRequest, build_prompt
from shardflow.execution.reporting.endings import AgentFailed, Ending, InvalidShard, MissingOutput
from shardflow.execution.staging.feature_folder import FeatureFolder, is_declared, moment_text
from shardflow.model.changes import apply
from shardflow.model.documents import Problem
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, same
from shardflow.storage.files import put_file, read_regular
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.dialect import books
from shardflow.workflow.dialect.books import NoBook
from shardflow.workflow.dialect.outputs import NoPlace
from shardflow.workflow.model import OnMissingOutput, Phase, ShardForm, Subagent

_BOOKS: Final = ("subagents_spawned", "deliverables")


@record
class StagedOutfit:
    """What the subagents of one phase are given; `written` is the phase as the workflow writes it.

    Of subagents that a script returned, `earlier` are those of the phase that have run before them, and `together`
    those of their group, in rank order: nobody could tell beforehand where their outputs would stand.
    """

    phase: Phase
    written: Mapping[str, Json]
    folder: FeatureFolder
    template_folders: tuple[str, ...]
    on_missing_output: OnMissingOutput
    counted: bool = True
    earlier: tuple[Subagent, ...] = ()
    together: tuple[Subagent, ...] = ()

    def fit(self, subagent: Subagent, base: Base, shard: str) -> Fitting:
        """Give its prompt, and the environment by which it finds that and where its output belongs.

        Raises StorageError.
        """
        environment = {"SHARDFLOW_OUTPUT_DIR": self.folder.path, "SHARDFLOW_FEATURE": self.folder.feature}
        if subagent.type:
            environment["SHARDFLOW_TYPE"] = subagent.type
        output = None
        if self.counted:
            place = _place(self.folder, subagent)
            self.folder.make_way(place)
            output = environment["SHARDFLOW_OUTPUT"] = self.folder.absolute(place)
        preset = subagent.program if isinstance(subagent.program, AgentPreset) else None
        if not subagent.type and preset is None:
            return Fitting(environment, None)
        request = PromptRequest(
            workflow_name=self.folder.workflow,
            subagent_type=subagent.type or subagent.id,
            phase=self.written,
            context=base.value,
            config=subagent.config,
            output_dir=self.folder.path,
            output=output,
            shard=shard,
            form=subagent.shard,
            project=self.folder.project,
            item=subagent.item,
        )
        try:
            prompt = build_prompt(request, self.template_folders, "" if preset is None else preset.prompt)
            return Fitting(environment, prompt.text.encode(), prompt.warnings)
        except InvalidInput as error:
            raise StorageError(str(error)) from error

    def told(self, subagent: Subagent, base: Base) -> str | None:
        """Know nothing beforehand: prompts and books of the dialect are made of the whole context."""
        return None

    def settle(self, subagent: Subagent, base: Base, shard: str) -> Ending | tuple[str, ...]:
        """Note in its shard that a subagent has ended well, and what it wrote; give warnings, or how it failed then.

        Raises StorageError, also for a shard that cannot be read.
        """
        if not self.counted:
            return ()
        place = _place(self.folder, subagent)
        size = self.folder.size(place)
        if size is None and is_declared(subagent) and self.on_missing_output is OnMissingOutput.FAIL:
            return MissingOutput(self.folder.absolute(place))
        if (
            size is None
            and self.on_missing_output is OnMissingOutput.FAIL
            and has_changed_nothing(subagent, base, shard)
        ):
            advice = "say writes: [] if it has nothing to record"
            return AgentFailed("shard_missing", f"answered, but left no output, and its shard as it was; {advice}")
        try:
            self._count(subagent, base, shard, None if size is None else self._entry(subagent, place, size))
        except NoBook as error:
            return InvalidShard((Problem(shard, None, str(error), error.path),))
        except InvalidJson as error:
            return InvalidShard(error.problems)
        if size is None:
            return (f"its output {self.folder.absolute(place)} is not there",) if is_declared(subagent) else ()
        return tuple(self._shared(subagent, place))

    def _shared(self, subagent: Subagent, place: str) -> Iterator[str]:
        """Warn of others that wrote at this place: one before it, and one of a lower rank at the same time."""
        own = f"its output is {self.folder.absolute(place)}"
        if (one := self._first_at(place, self.earlier)) is not None:
            which = f"by which what {one.id} wrote before it in this phase is overwritten"
            yield f"{own}, {which}; give each an output_path of its own"
        lower = takewhile(lambda other: other.id != subagent.id, self.together)
        if (one := self._first_at(place, lower)) is not None:
            which = f"where {one.id}, which the same script returned, writes at the same time"
            yield f"{own}, {which}; give each an output_path of its own"

    def _first_at(self, place: str, subagents: Iterable[Subagent]) -> Subagent | None:
        return next((one for one in subagents if self._stands_at(place, one)), None)

    def _stands_at(self, place: str, one: Subagent) -> bool:
        """Tell whether this one's output belongs there; that of a fan-out follows from its items, unless it says so."""
        try:
            return (one.foreach is None or is_declared(one)) and self.folder.output(one) == place
        except NoPlace:
            return False

    def _entry(self, subagent: Subagent, place: str, size: int) -> Json:
        return {
            "phase": self.phase.id,
            "path": place,
            "subagent": subagent.type or subagent.id,
            "size_bytes": size,
            "timestamp": moment_text(time.time()),
        }

    def _count(self, subagent: Subagent, base: Base, shard: str, entry: Json) -> None:
        data = read_regular(shard, SIZE_LIMIT)
        left = _left(subagent.shard, data, base, shard)
        path = entry["path"] if isinstance(entry, dict) else ""
        noted = books.subagent_ended(base.value, left, entry, self._spellings(str(path), subagent))
        changed = {name: noted[name] for name in _BOOKS if not same(noted.get(name, ABSENT), left.get(name, ABSENT))}
        if changed:
            put_file(shard, _noted(subagent.shard, data, changed, shard))

    def _spellings(self, place: str, subagent: Subagent) -> frozenset[str]:
        """Give the ways in which a subagent may have written the path of its own output."""
        path = self.folder.absolute(place)
        written = subagent.config.get("output_path")
        more = (written,) if isinstance(written, str) else ()
        return frozenset({place, f"./{place}", path, os.path.relpath(path), *more})


def _place(folder: FeatureFolder, subagent: Subagent) -> str:
    try:
        return folder.output(subagent)
    except NoPlace as error:
        path = json.dumps(subagent.config.get("output_path"))
        raise StorageError(f"{path} is no place for the output of {subagent.id}: {error}") from None


def _left(form: ShardForm, data: bytes, base: Base, shard: str) -> dict[str, Json]:
    """Give what a shard leaves of the context, as far as the books are in it. Raises InvalidJson."""
    match form:
        case ShardForm.COPY:
            return read_object(data, shard)
        case ShardForm.PATCH:
            return {**_book_values(base.value), **_book_values(read_object(data, shard))}
        case ShardForm.JOURNAL:
            from shardflow.execution.folding.journals import read_journal

            left = apply(read_journal(base.value, data, shard), base.value)
            return left if isinstance(left, dict) else {}


def _noted(form: ShardForm, data: bytes, changed: Mapping[str, Json], shard: str) -> bytes:
    """Write a shard with the books as they are now. Raises InvalidJson."""
    from shardflow.storage.json.canonical import line_bytes, written_bytes

    match form:
        case ShardForm.COPY | ShardForm.PATCH:
            return written_bytes({**read_object(data, shard), **changed})
        case ShardForm.JOURNAL:
            from shardflow.execution.folding.journals import appended

            lines = (line_bytes({"set": f"$.{name}", "value": value}) for name, value in changed.items())
            return appended(data, b"".join(lines))


def _book_values(value: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value[name] for name in _BOOKS if name in value}
