"""What subagents declare to write and to read, held against what they did: refused, or told, and recorded."""

from __future__ import annotations

from shardflow.execution.inspection.post_mortem import Repetition, repeat_merges
from shardflow.execution.reporting.endings import Succeeded, WroteUndeclared, ending_text
from shardflow.execution.reporting.report import Status
from tests.execution.running import Workplace, endings, group, set_member, subagent

WRITES = """
    name: writes
    {option}
    context: {{n: 1, m: 1}}
    phases:
      - id: work
        behavior: {behavior}
        subagents:
          - id: kept
            shard: patch
            writes: [$.notes]
            run: |
              {kept}
          - id: strayed
            shard: patch
            writes: [$.findings]
            run: |
              {strayed}
    """


def writes(option: str = "", behavior: str = "parallel") -> str:
    kept, strayed = set_member("notes", "[1]"), set_member("findigs", "[1]")
    return WRITES.format(option=option, behavior=behavior, kept=kept, strayed=strayed)


UNDECLARED = {"count": 1, "places": [{"path": "$.findigs", "nearest": "$.findings"}]}


def test_a_shard_with_an_undeclared_write_is_refused_and_nothing_of_its_group_is_merged(place: Workplace) -> None:
    report = place.run(writes())
    assert (report.exit_code, group(report).status, place.context) == (1, Status.FAILED, {"n": 1, "m": 1})
    ended = endings(report)
    assert isinstance(ended["kept"], Succeeded)
    assert isinstance(ended["strayed"], WroteUndeclared)
    told = ending_text(ended["strayed"])
    assert "changed what it does not declare to write: $.findigs (nearest declared: $.findings)" in told
    assert "on_undeclared_write: warn" in told
    assert place.read("run.json")["status"] == "failed"
    kept, strayed = place.read("groups/01-work/group.json")["subagents"]
    assert (kept["ending"], kept["undeclared"]) == ("succeeded", None)
    assert (strayed["ending"], strayed["undeclared"], strayed["detail"]) == ("wrote-undeclared", UNDECLARED, told)
    assert place.read("groups/01-work/strayed/context-strayed.json") == {"findigs": [1]}
    [event] = [event for event in place.journal() if event.get("undeclared")]
    assert (event["subagent"], event["ending"], event["undeclared"]) == ("strayed", "wrote-undeclared", UNDECLARED)


def test_by_the_option_an_undeclared_write_is_merged_and_told(place: Workplace) -> None:
    report = place.run(writes("on_undeclared_write: warn"))
    assert (report.exit_code, place.context["findigs"], place.context["notes"]) == (0, [1], [1])
    [warning] = subagent(report, "strayed").warnings
    assert warning == "changed what it does not declare to write: $.findigs (nearest declared: $.findings)"
    assert subagent(report, "kept").warnings == ()
    strayed = place.read("groups/01-work/group.json")["subagents"][1]
    assert (strayed["ending"], strayed["undeclared"]) == ("succeeded", UNDECLARED)
    [again] = repeat_merges(str(place.run_dir)).groups
    assert again.verdict is Repetition.SAME


def test_the_option_of_a_phase_goes_over_that_of_the_workflow(place: Workplace) -> None:
    text = writes("on_undeclared_write: warn", "sequential\n        on_undeclared_write: refuse")
    report = place.run(text)
    assert report.exit_code == 1
    assert place.context == {"n": 1, "m": 1, "notes": [1]}  # one after another, the first was merged before


def test_who_declares_nothing_may_write_anything_and_who_declares_an_empty_list_nothing(place: Workplace) -> None:
    text = """
        name: none
        phases:
          - {id: any, behavior: main-only, run: 'printf "{\\"a\\": 1}" > "$SHARDFLOW_SHARD"'}
          - {id: none, behavior: main-only, writes: [], run: 'printf "{\\"a\\": 2}" > "$SHARDFLOW_SHARD"'}
        """
    report = place.run(text)
    assert [phase.status for phase in report.phases] == [Status.DONE, Status.FAILED]
    assert "$.a (nothing is declared)" in ending_text(endings(report)["none"])


READS = """
    name: reads
    context: {{n: 1, o: {{x: 1}}, m: 1}}
    {rules}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: reader
            shard: patch
            reads: [$.o, $.m]
            run: |
              {reader}
          - id: writer
            shard: patch
            reads: [$.n]
            run: |
              {writer}
    """


def reads(writer: str, rules: str = "") -> str:
    return READS.format(reader=set_member("n", "2"), writer=writer, rules=rules)


STALE = {"shard": "reader", "reads": "$.o", "count": 1, "changed": [{"path": "$.o.x", "shards": ["writer"]}]}


def test_a_stale_read_is_told_and_recorded_and_is_no_failure(place: Workplace) -> None:
    report = place.run(reads(set_member("o", '{"x": 2}')))
    assert (report.exit_code, place.context) == (0, {"n": 2, "o": {"x": 2}, "m": 1})
    one, other = group(report).stale_reads
    assert one.as_json() == STALE
    assert str(other) == "writer reads $.n, which others changed meanwhile: $.n (reader)"
    assert place.read("groups/01-work/group.json")["stale_reads"] == [one.as_json(), other.as_json()]
    [event] = [event for event in place.journal() if event["event"] == "group-finished"]
    assert event["stale_reads"] == 2
    assert "stale_reads" not in place.read("groups/01-work/merge.json")
    [again] = repeat_merges(str(place.run_dir)).groups
    assert again.verdict is Repetition.SAME


def test_a_read_of_what_nobody_else_changed_is_not_stale(place: Workplace) -> None:
    report = place.run(reads("true", "rules: {rules: [{path: $.n, strategy: max}]}"))
    [only] = group(report).stale_reads
    assert (only.shard, str(only.pattern)) == ("writer", "$.n")


def test_where_a_group_is_in_conflict_its_stale_reads_are_told_too(place: Workplace) -> None:
    report = place.run(reads(set_member("n", "3")))
    assert report.exit_code == 3
    [only] = group(report).stale_reads
    assert only.as_json()["changed"] == [{"path": "$.n", "shards": ["reader"]}]
