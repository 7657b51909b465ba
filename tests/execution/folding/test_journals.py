"""Shards in the form of a journal: many small updates appended from shells, the same bytes whenever it is merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.execution.cases.saving import recorded_case
from shardflow.execution.inspection.added import Added
from shardflow.execution.inspection.post_mortem import repeat_merges
from shardflow.execution.inspection.what_if import Alternative, what_if
from shardflow.execution.reporting.endings import InvalidShard, Succeeded, ending_text
from shardflow.execution.reporting.report import Status
from shardflow.workflow.model import ShardForm
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, endings, subagent

COUNTING = """
    name: counting
    context: {counters: {done: 5}, seen: []}
    rules: {rules: [{path: $.counters.*, strategy: sum}]}
    phases:
      - id: count
        behavior: parallel
        subagents:
    """
COUNT = (
    """        - {id: c%d, shard: journal, run: 'for i in 1 2 3; do """
    """echo ''{"add": "$.counters.done", "value": 1}'' >> "$SHARDFLOW_SHARD"; done; """
    """echo ''{"append": "$.seen", "value": %d}'' >> "$CONTEXT_FILE"'}\n    """
)


def test_thirty_counters_that_append_from_shells_lose_no_update(place: Workplace) -> None:
    report = place.run(COUNTING + "".join(COUNT % (number, number) for number in range(30)))
    assert report.status is Status.DONE
    assert place.context == {"counters": {"done": 5 + 90}, "seen": list(range(30))}
    assert repeat_merges(str(place.run_dir)).is_same


ONE = """
    name: one
    context: {{n: 1, l: []}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: it
            shard: journal
            run: |
              {run}
          - {{id: other, run: 'echo other >> count; [ -e fixed ] || exit 3'}}
    """
TORN = """echo it >> count; printf '{"add": "$.n", "value": 1}\\n{"append": "$.l", "val' >> "$SHARDFLOW_SHARD" """
TOLD = ("line 2 of its journal is torn (cut short, without a line end) and left out",)


def shard(place: Workplace) -> Path:
    return place.run_dir / "groups/01-work/it/context-it.json"


def test_a_journal_that_stays_empty_is_no_change(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    report = place.run(ONE.format(run='[ ! -s "$SHARDFLOW_SHARD" ]'))
    assert endings(report)["it"] == Succeeded()
    assert shard(place).read_bytes() == b""
    assert place.context == {"n": 1, "l": []}
    assert repeat_merges(str(place.run_dir)).is_same


def test_a_torn_last_line_is_told_and_the_lines_before_it_count_however_they_are_merged(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    report = place.run(ONE.format(run=TORN))
    assert endings(report)["it"] == Succeeded()
    assert subagent(report, "it").warnings == TOLD
    assert place.context == {"n": 2, "l": []}
    assert shard(place).read_bytes().endswith(b'"val')
    assert repeat_merges(str(place.run_dir)).is_same
    case = recorded_case(str(place.run_dir), None).case
    assert case.shards[0].value == [{"add": "$.n", "value": 1}]


def test_resuming_keeps_a_journal_and_tells_of_its_torn_line_once(place: Workplace) -> None:
    place.run(ONE.format(run=TORN))
    (place.folder / "fixed").touch()
    report = resumed(place)
    assert report.status is Status.DONE
    assert (place.folder / "count").read_text().split().count("it") == 1
    assert subagent(report, "it").warnings == TOLD
    assert place.context == {"n": 2, "l": []}


def test_a_journal_can_be_added_to_a_merge_afterwards(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    place.run(ONE.format(run="true"))
    file = place.folder / "late.jsonl"
    file.write_text('{"add": "$.n", "value": 41}\n')
    [group] = what_if(
        str(place.run_dir), Alternative(None, (), (Added("", "late", str(file), ShardForm.JOURNAL),))
    ).groups
    assert group.folded.value == {"n": 42, "l": []}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('{"n": 2}', "context-it.json:1: unknown operation 'n'"),
        ('{"append": "$.n", "value": 1}', "context-it.json:1: append needs a list, and an integer"),
        ('{"add": "$.n", "value": 1, "value": 2}', "context-it.json:1: column 28: duplicate key 'value'"),
        ('\\n{"set": "$.n", "value": NaN}', "context-it.json:2: column 25: 'NaN' is not a finite number"),
        ('{"remove": "$.m"}\\n{"set": "$.n.a", "value": 1}', "context-it.json:2: an integer stands at"),
    ],
)
def test_what_cannot_be_applied_fails_the_subagent_with_every_line(place: Workplace, lines: str, told: str) -> None:
    (place.folder / "fixed").touch()
    report = place.run(ONE.format(run=f"""printf '{lines}\\n' >> "$SHARDFLOW_SHARD" """))
    ending = endings(report)["it"]
    assert isinstance(ending, InvalidShard)
    assert told in "\n".join(map(str, ending.problems))
    assert report.exit_code == 1
    assert place.context == {"n": 1, "l": []}


def test_writes_are_held_to_what_is_declared(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    text = ONE.format(run="""echo '{"add": "$.n", "value": 1}' >> "$SHARDFLOW_SHARD" """)
    report = place.run(text.replace("shard: journal", "shard: journal\n            writes: [$.l]"))
    assert "changed what it does not declare to write" in ending_text(endings(report)["it"])


def test_a_function_gives_a_list_of_operations(place: Workplace) -> None:
    (place.folder / "tools.py").write_text(
        "def count(context):\n    return [{'add': '$.n', 'value': 10**30}, {'append': '$.l', 'value': context['n']}]\n"
    )
    text = """
        name: functions
        context: {{n: 1, l: []}}
        phases: [{{id: work, behavior: main-only, shard: journal, python: 'tools:{}'}}]
        """
    place.run(text.format("count"))
    assert place.context == {"n": 10**30 + 1, "l": [1]}


@pytest.mark.parametrize(("name", "code"), [("nothing", 0), ("wrong", 1)])
def test_a_function_may_give_nothing_and_nothing_but_a_list(place: Workplace, name: str, code: int) -> None:
    (place.folder / "tools.py").write_text("def nothing(context):\n    pass\ndef wrong(context):\n    return {}\n")
    text = f"""
        name: functions
        context: {{n: 1}}
        phases: [{{id: work, behavior: main-only, shard: journal, python: 'tools:{name}'}}]
        """
    report = place.run(text)
    assert report.exit_code == code
    if code:
        assert "must return a list of operations or None" in Path(subagent(report, "work").stderr).read_text()


EACH = r"""
    name: each
    context: {done: 0, status: x, files: [{name: a}, {name: b}, {name: c}]}
    rules:
      rules:
        - {path: $.done, strategy: sum}
        - {path: $.status, strategy: {arbiter: 'echo "{\"take\": {\"value\": \"both\"}, \"reason\": \"asked\"}"'}}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: scan
            foreach: {path: $.files, key: name, max: 10}
            shard: journal
            run: |
              echo '{"add": "$.done", "value": 1}' >> "$SHARDFLOW_SHARD"
              echo "{\"set\": \"\$.status\", \"value\": \"$SHARDFLOW_ITEM_KEY\"}" >> "$SHARDFLOW_SHARD"
    """


def test_items_count_in_journals_and_an_arbiter_settles_what_they_disagree_about(place: Workplace) -> None:
    assert place.run(EACH).status is Status.DONE
    assert (place.context["done"], place.context["status"]) == (3, "both")
    assert repeat_merges(str(place.run_dir)).is_same


SECRET = r"""
    name: secret
    context: {n: 1}
    phases:
      - id: work
        behavior: main-only
        env: {TOKEN: {file: token}}
        shard: journal
        run: |
          echo '{"set": "$.n", "value": 2}' >> "$SHARDFLOW_SHARD"
          printf '{"set": "$.t", "value": "%s"}\n' 'tok\u0065n-of-mine' >> "$SHARDFLOW_SHARD"
    """


def test_a_secret_is_found_in_a_journal_however_it_is_escaped(place: Workplace) -> None:
    (place.folder / "token").write_text("token-of-mine")
    report = place.run(SECRET)
    assert "it holds the value of the secret TOKEN" in ending_text(endings(report)["work"])
    kept = (place.run_dir / "groups/01-work/work/context-work.json").read_text()
    assert '{"set": "$.n", "value": 2}\n' in kept
    assert "of-mine" not in kept


@pytest.mark.parametrize("form", ShardForm)
def test_a_journal_beside_the_shard_is_told_not_to_be_read(place: Workplace, form: ShardForm) -> None:
    run = """echo '{"add": "$.n", "value": 1}' > "${SHARDFLOW_SHARD%.json}.jsonl" """
    report = place.run(ONE.format(run=run).replace("shard: journal", f"shard: {form}").replace("|| exit 3", "|| :"))
    told = [
        text
        for text in subagent(report, "it").warnings
        if text.startswith("left context-it.jsonl, which nothing reads")
    ]
    assert (report.status, len(told)) == (Status.DONE, 1)
