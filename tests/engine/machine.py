"""The machine: whatever is done to a run, in any order, it stands as the oracle says.

    python -m tests.engine.machine FOLDER EXAMPLES STEPS

tries so many sequences of at most so many steps, and prints the shortest that goes wrong.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shardflow.errors import UsageError
from shardflow.execution.cases.saving import recorded_case
from shardflow.execution.inspection.added import Added
from shardflow.execution.inspection.post_mortem import Repetition, repeat_merges
from shardflow.execution.inspection.rewriting import write_down
from shardflow.execution.inspection.what_if import Alternative, what_if
from shardflow.execution.rules.sources import load_named_rules
from shardflow.merge.cases import compare, replay
from shardflow.merge.resolving.resolutions import TakeBase, TakeShard, TakeValue
from shardflow.model.values import same
from shardflow.workflow.model import ShardForm
from tests.engine.ground import RULES, Ground
from tests.engine.oracle import Choice, Group, Left, Outcome, Where, outcome, value_at

MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["open", "done", "", 1, 1.0, True]),
    "n": st.integers(0, 3),
    "log": st.lists(st.sampled_from(["x", "y"]), max_size=3),
    "part": st.fixed_dictionaries({}, optional={"a": st.integers(0, 1), "b": st.integers(0, 1)}),
}
DOCUMENTS = st.fixed_dictionaries({}, optional=MEMBERS)
PATCHES = st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in MEMBERS.items()})
LEFT = st.builds(Left, st.just("patch"), PATCHES) | st.builds(Left, st.sampled_from(["copy", "journal"]), DOCUMENTS)
GROUPS = st.builds(
    lambda rules, left: Group(rules, {f"s{rank}": one for rank, one in enumerate(left)}),
    st.sampled_from(sorted(RULES)),
    st.lists(LEFT, min_size=1, max_size=3),
)
STEP = st.integers(1, 120)
"""At which step an act dies; a run of two phases takes about a hundred, so some outlive it."""


class Engine(RuleBasedStateMachine):
    """A run, and the plan it follows. It is new, alive (it ended by itself), dead (it was killed), decided (nothing is
    left open in its last group, and it was not resumed yet), or rewritten (its last merge was written down otherwise).
    `reached` is how many groups came to a merge.
    """

    base: Path
    numbers = count()

    @initialize(first=DOCUMENTS, groups=st.lists(GROUPS, min_size=1, max_size=3))
    def plan(self, first: dict[str, Any], groups: list[Group]) -> None:
        self.first, self.groups = first, groups
        self.state = "new"
        self.reached = 0
        self.ground = Ground(self.base / str(next(self.numbers)))
        self.ground.plan(first, groups)
        self.seen = [first]

    @property
    def wanted(self) -> Outcome:
        """How the run stands if it is not dead."""
        return outcome(self.first, self.groups[: self.reached] if self.state == "decided" else self.groups)

    @property
    def decided(self) -> bool:
        return any(group.decided for group in self.groups)

    def came(self, lived: bool) -> None:
        """Note how an act ended; what the context may hold from now on."""
        self.state = "alive" if lived else "dead" if self.ground.is_a_run else "new"
        self.seen += self.wanted.contexts
        if self.state == "new":
            self.ground.clear()

    @precondition(lambda self: self.state == "new")
    @rule()
    def run(self) -> None:
        self.came(self.ground.start())

    @precondition(lambda self: self.state == "new")
    @rule(step=STEP)
    def run_and_die(self, step: int) -> None:
        self.came(self.ground.start(step))

    @precondition(lambda self: self.state in ("dead", "alive", "decided"))
    @rule()
    def resume(self) -> None:
        self.came(self.ground.resume())

    @precondition(lambda self: self.state in ("dead", "alive", "decided"))
    @rule(step=STEP)
    def resume_and_die(self, step: int) -> None:
        self.came(self.ground.resume(step))

    @precondition(lambda self: self.state == "dead" and not self.decided)
    @rule(data=st.data())
    def edit_the_workflow(self, data: st.DataObject) -> None:
        group = data.draw(st.sampled_from(self.groups))
        name = data.draw(st.sampled_from(sorted(group.shards)))
        group.shards[name] = data.draw(LEFT)
        self.ground.plan(self.first, self.groups)

    @precondition(lambda self: self.state == "alive" and self.wanted.open)
    @rule(data=st.data(), step=st.none() | st.integers(1, 25))
    def decide(self, data: st.DataObject, step: int | None) -> None:
        number = self.wanted.stopped_at
        assert number is not None
        group = self.groups[number]
        some = data.draw(st.lists(st.sampled_from(sorted(self.wanted.open)), min_size=1, unique=True))
        choices = {where: data.draw(self._choices(group, where)) for where in some}
        chosen = [(where, _taken(choice)) for where, choice in choices.items()]
        lived = self.ground.decide(chosen, step)
        if not lived and not self.ground.open().isdisjoint(some):  # it died before the record knew of it
            lived = self.ground.decide(chosen)
        group.decided.update(choices)
        self.reached = number + 1
        self.state = "alive" if self.wanted.stopped_at == number else "decided" if lived else "dead"
        self.seen += self.wanted.contexts

    def _choices(self, group: Group, where: Where) -> st.SearchStrategy[Choice]:
        base = self.wanted.contexts[-1]
        before = value_at(base, where)
        said = [name for name, left in group.shards.items() if not same(value_at(left.on(base), where), before)]
        values = st.tuples(st.just("value"), st.sampled_from([None, 7, {"a": 1}]))
        return st.just(("base", None)) | st.tuples(st.just("shard"), st.sampled_from(said)) | values

    @precondition(lambda self: self.state in ("alive", "decided", "rewritten"))
    @rule()
    def merge_again(self) -> None:
        again = repeat_merges(self.ground.directory.path)
        assert all(group.verdict is Repetition.SAME for group in again.groups)

    @precondition(lambda self: self.state in ("alive", "decided", "rewritten"))
    @rule(data=st.data())
    def save_a_case(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.merged) - 1))
        saved = recorded_case(self.ground.directory.path, f"p{number}")
        assert saved.case.expected is not None
        assert compare(saved.case.expected, replay(saved.case, saved.rules)).is_same

    @property
    def merged(self) -> list[Group]:
        """Give the groups that came to a merge."""
        wanted = self.wanted
        return self.groups[: len(wanted.contexts) - (wanted.stopped_at is None)]

    @precondition(lambda self: self.state in ("alive", "decided", "rewritten"))
    @rule(data=st.data())
    def merge_otherwise(self, data: st.DataObject) -> None:
        before = self.ground.files()
        changed = data.draw(self._alternatives())
        imagined = what_if(self.ground.directory.path, self._alternative(changed))
        assert self.ground.files() == before
        for one, group, base in zip(imagined.groups, changed, self.wanted.contexts, strict=False):
            context, contested = group.merged(base)
            assert {conflict.path for conflict in one.folded.result.conflicts} == contested
            assert contested or same(one.folded.result.context, context)

    @precondition(lambda self: self.state in ("alive", "rewritten") and self.wanted.stopped_at is None)
    @rule(data=st.data())
    def write_otherwise(self, data: st.DataObject) -> None:
        changed = data.draw(self._alternatives())
        imagined = what_if(self.ground.directory.path, self._alternative(changed))
        if not all(map(self._is_same, range(len(changed) - 1), changed)):
            with pytest.raises(UsageError, match="only a new run can follow"):
                write_down(imagined)
            return
        write_down(imagined)
        base = self.wanted.contexts[-2]
        if not changed[-1].merged(base)[1]:
            self.groups[-1] = changed[-1]
            self.seen += self.wanted.contexts
            self.state = "rewritten"

    def _is_same(self, number: int, other: Group) -> bool:
        """Tell whether a group merges the same shards, and comes to the same."""
        group, base = self.groups[number], self.wanted.contexts[number]
        context, contested = other.merged(base)
        alike = not contested and same(context, group.merged(base)[0])
        return alike and (other.shards.keys(), other.absent) == (group.shards.keys(), group.absent)

    def _alternatives(self) -> st.SearchStrategy[list[Group]]:
        """Draw the merged groups otherwise: all under other rules, or one with a shard more or less."""
        numbers = st.integers(0, len(self.merged) - 1)
        one = numbers.flatmap(lambda n: self._otherwise(self.merged[n]).map(lambda g: self._with(n, g)))
        rules = st.sampled_from(sorted(RULES)).map(lambda r: [replace(group, rules=r) for group in self.merged])
        return one | rules

    def _with(self, number: int, group: Group) -> list[Group]:
        return [group if place == number else one for place, one in enumerate(self.merged)]

    def _otherwise(self, group: Group) -> st.SearchStrategy[Group]:
        new = f"new{len(group.shards)}"
        more = DOCUMENTS.map(lambda one: replace(group, shards={**group.shards, new: Left("copy", one)}))
        present = sorted(group.shards.keys() - group.absent)
        if not present:
            return more
        return more | st.sampled_from(present).map(lambda name: replace(group, absent=group.absent | {name}))

    def _alternative(self, changed: list[Group]) -> Alternative:
        pairs = list(zip(range(len(changed)), self.merged, changed, strict=True))
        other = any(after.rules != before.rules for _, before, after in pairs)
        under = load_named_rules(self.ground.rule_file(changed[0].rules)) if other else None
        without = tuple(f"p{number}/{name}" for number, one, after in pairs for name in after.absent - one.absent)
        added = [
            self._added(number, name, after)
            for number, one, after in pairs
            for name in after.shards.keys() - one.shards.keys()
        ]
        return Alternative(under, without, tuple(added))

    def _added(self, number: int, name: str, group: Group) -> Added:
        file = self.ground.folder / f"{name}-{len(list(self.ground.folder.iterdir()))}.json"
        file.write_text(json.dumps(group.shards[name].value))
        return Added(f"p{number}", name, str(file), ShardForm.COPY)

    @invariant()
    def it_stands_as_the_oracle_says(self) -> None:
        if not hasattr(self, "ground") or self.state == "new":
            return
        context = self.ground.context
        if self.state == "dead":
            assert context is None or any(same(context, one) for one in self.seen), context
            return
        wanted = self.wanted
        assert same(context, wanted.contexts[-1])
        assert self.ground.status == self._status(wanted)
        assert self.ground.open() == wanted.open

    def _status(self, wanted: Outcome) -> str:
        if wanted.stopped_at is not None:
            return "conflict"
        return "decided" if self.state == "decided" and self.reached < len(self.groups) else "done"


def _taken(choice: Choice) -> TakeBase | TakeShard | TakeValue:
    match choice:
        case "shard", name:
            return TakeShard(name)
        case "value", value:
            return TakeValue(value)
        case _:
            return TakeBase()


def main() -> None:
    folder, examples, steps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    Engine.base = folder
    wanted = settings(max_examples=examples, stateful_step_count=steps, deadline=None, database=None)
    run_state_machine_as_test(Engine, settings=settings(wanted, suppress_health_check=list(HealthCheck)))
    print(f"{next(Engine.numbers):,} sequences of at most {steps} steps")


if __name__ == "__main__":
    main()
