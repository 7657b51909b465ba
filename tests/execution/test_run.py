"""One run from request to report: what a subagent finds, what a merge leaves, what a failure leaves alone."""

from __future__ import annotations

import json
import os
import stat
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from shardflow.errors import InvalidInput, InvalidWorkflow, UsageError
from shardflow.execution.reporting.endings import ExitedNonZero, NotStarted, Succeeded
from shardflow.execution.reporting.event_json import event_json
from shardflow.execution.reporting.events import Event
from shardflow.execution.reporting.report import Status, last_lines
from shardflow.model.decisions import Outcome
from tests.execution.running import Workplace, edit, endings, group, set_member, subagent

ONE = """
    name: one
    phases:
      - id: only
        behavior: main-only
        run: |
          {run}
    """

TWO = """
    name: two
    context: {context}
    phases:
      - id: both
        behavior: parallel
        subagents:
          - id: a
            run: |
              {a}
          - id: b
            run: |
              {b}
    """


def test_a_subagent_finds_its_places_in_its_environment(place: Workplace) -> None:
    report = place.run(
        """
        name: environment
        context: {n: 1}
        phases:
          - id: look
            behavior: parallel
            subagents:
              - id: me
                env: {MINE: 'ä b'}
                run: env > "$SHARDFLOW_RUN_DIR/seen"; cat "$SHARDFLOW_BASE" > "$SHARDFLOW_RUN_DIR/base"
        """
    )
    seen = dict(line.split("=", 1) for line in (place.run_dir / "seen").read_text().splitlines() if "=" in line)
    folder = place.run_dir / "groups/01-look"
    assert report.exit_code == 0
    assert {name: value for name, value in seen.items() if "SHARDFLOW" in name or "CONTEXT" in name} == {
        "SHARDFLOW_BASE": str(folder / "base.json"),
        "SHARDFLOW_SHARD": str(folder / "me/context-me.json"),
        "CONTEXT_FILE": str(folder / "me/context-me.json"),
        "SHARDFLOW_ID": "me",
        "SHARDFLOW_PHASE": "look",
        "SHARDFLOW_RUN_DIR": str(place.run_dir),
        "SHARDFLOW_WORKFLOW_DIR": str(place.folder),
    }
    assert (seen["MINE"], seen["PATH"]) == ("ä b", os.environ["PATH"])
    assert (place.run_dir / "base").read_bytes() == b'{\n  "n": 1\n}\n'


def test_a_subagent_runs_in_the_workflows_folder_or_below(place: Workplace) -> None:
    (place.folder / "sub").mkdir()
    place.run(
        """
        name: folders
        phases:
          - id: look
            behavior: parallel
            subagents:
              - {id: top, run: pwd}
              - {id: below, run: [pwd], cwd: sub}
        """
    )
    logs = {name: (place.run_dir / f"groups/01-look/{name}/stdout.log").read_text() for name in ("top", "below")}
    assert logs == {"top": f"{place.folder}\n", "below": f"{place.folder}/sub\n"}


def test_what_a_subagent_says_is_in_its_logs_and_its_input_is_empty(place: Workplace) -> None:
    report = place.run(ONE.format(run="cat; echo out; echo err >&2; printf 'no newline'"))
    (said,) = report.subagents
    assert last_lines(said.stdout, 10) == ("out", "no newline")
    assert last_lines(said.stderr, 1) == ("err",)
    assert last_lines(said.stderr + ".not-there", 1) == ()


def test_the_tail_of_a_long_log_is_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\n" + b"x" * 200_000 + b"\nlast\n")
    assert last_lines(str(log), 1) == ("last",)


def test_shards_of_both_forms_are_folded(place: Workplace) -> None:
    report = place.run(
        """
        name: forms
        context: {keep: {a: 1, b: 2}, n: 1}
        phases:
          - id: both
            behavior: parallel
            subagents:
              - id: patch
                shard: patch
                run: |
                  cat "$SHARDFLOW_SHARD"; echo '{"keep": {"a": null}}' > "$SHARDFLOW_SHARD"
              - {id: copy, run: 'sed -i s/2/3/ "$SHARDFLOW_SHARD"'}
        """
    )
    assert place.context == {"keep": {"b": 3}, "n": 1}
    assert last_lines(subagent(report, "patch").stdout, 5) == ("{}",)
    assert report.counts[Outcome.APPLIED] == 2


def test_programs_that_cannot_start_say_why_and_the_others_go_on(place: Workplace) -> None:
    report = place.run(
        """
        name: missing
        phases:
          - id: both
            behavior: parallel
            subagents:
              - {id: no-program, run: [no-such-program-here]}
              - {id: no-folder, run: 'true', cwd: nowhere}
              - {id: fine, run: 'true'}
        """
    )
    assert report.exit_code == 1
    assert endings(report) == {
        "no-program": NotStarted("no such file or directory: no-such-program-here"),
        "no-folder": NotStarted(f"no such file or directory: {place.folder}/nowhere"),
        "fine": Succeeded(),
    }


def test_one_failed_subagent_fails_the_run_but_not_its_siblings(place: Workplace) -> None:
    report = place.run(
        """
        name: failing
        context: {n: 1}
        phases:
          - id: work
            behavior: parallel
            max_parallel: 1
            subagents:
              - {id: bad, run: 'echo why >&2; exit 7'}
              - {id: good, run: 'echo ''{"n": 2}'' > "$SHARDFLOW_SHARD"'}
          - id: later
            behavior: main-only
            run: touch reached
        """
    )
    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert endings(report) == {"bad": ExitedNonZero(7), "good": Succeeded()}
    assert last_lines(subagent(report, "bad").stderr, 3) == ("why",)
    assert place.read("groups/01-work/good/context-good.json") == {"n": 2}
    assert place.context == {"n": 1}
    assert not (place.run_dir / "groups/01-work/context.json").exists()
    assert not (place.folder / "reached").exists()
    assert place.read("run.json")["status"] == "failed"


def test_a_conflict_leaves_the_context_and_keeps_every_shard(place: Workplace) -> None:
    context = place.folder / "context.json"
    context.write_text('{"n":1,   "m": 1}')
    text = TWO.format(context="{}", a=edit('c["n"] = 2'), b=edit('c["n"] = 3; c["m"] = 4'))
    report = place.run(text, context=str(context))
    (conflict,) = [one for group in report.groups for one in group.conflicts]
    assert (report.status, report.exit_code) == (Status.CONFLICT, 3)
    assert (conflict.path, conflict.base) == (("n",), 1)
    assert [(said.shard, said.after) for said in conflict.contributions] == [("a", 2), ("b", 3)]
    assert context.read_text() == '{"n":1,   "m": 1}'
    assert place.read("groups/01-both/b/context-b.json") == {"n": 3, "m": 4}
    assert place.read("groups/01-both/merge.json")["counts"]["conflict"] == 2
    assert not (place.run_dir / "groups/01-both/context.json").exists()


def test_a_named_context_is_read_first_and_replaced_by_what_was_merged(place: Workplace) -> None:
    context = place.folder / "shared.json"
    context.write_text('{"n": 1}')
    text = TWO.format(context="{ignored: true}", a=edit('c["a"] = 2.50'), b=edit('c["b"] = 10**30'))
    report = place.run(text, context=str(context))
    assert report.context == str(context)
    assert context.read_text() == f'{{\n  "n": 1,\n  "a": 2.5,\n  "b": {10**30}\n}}\n'
    assert (place.run_dir / "context.json").read_bytes() == context.read_bytes()
    assert sorted(os.listdir(place.folder)) == ["run", "shared.json", "workflow.yaml"]


def test_a_named_context_that_does_not_exist_begins_as_the_workflow_says(place: Workplace) -> None:
    (place.folder / "initial.json").write_text('{"from": "file"}')
    new = place.folder / "new.json"
    place.run(TWO.format(context="initial.json", a="true", b="true"), context=str(new))
    assert json.loads(new.read_text()) == {"from": "file"}


def test_a_run_that_fails_creates_no_context(place: Workplace) -> None:
    new = place.folder / "new.json"
    place.run(TWO.format(context="{n: 1}", a="true", b="false"), context=str(new))
    assert not new.exists()


def test_a_merge_that_changes_nothing_touches_nothing_and_is_not_told_as_merged(place: Workplace) -> None:
    context = place.folder / "context.json"
    context.write_text('{ "n" : 1 }')
    before = os.stat(context)
    report = place.run(TWO.format(context="{}", a="true", b=edit("pass")), context=str(context))
    assert report.exit_code == 0
    assert os.stat(context) == before
    assert "group-merged" not in place.text("events.jsonl")


def test_the_command_lines_rules_go_over_the_phases_and_those_over_the_workflows(place: Workplace) -> None:
    rules = {"last": "{rules: [{path: $.n, strategy: last}]}", "max": "{rules: [{path: $.n, strategy: max}]}"}
    (place.folder / "first.yaml").write_text("rules: [{path: $.n, strategy: first}]")
    text = f"""
        name: rules
        context: {{n: 0}}
        rules: {rules["max"]}
        phases:
          - id: work
            behavior: parallel
            PHASE
            subagents:
              - id: a
                run: |
                  {edit('c["n"] = 2')}
              - id: b
                run: |
                  {edit('c["n"] = 9')}
              - id: c
                run: |
                  {edit('c["n"] = 5')}
        """
    runs = {
        "workflow": (text.replace("PHASE", ""), None, 9),
        "phase": (text.replace("PHASE", f"rules: {rules['last']}"), None, 5),
        "line": (text.replace("PHASE", f"rules: {rules['last']}"), str(place.folder / "first.yaml"), 2),
    }
    for name, (written, over, wanted) in runs.items():
        run_dir = place.folder / name
        report = place.run(written, rules=over, run_dir=str(run_dir))
        assert report.exit_code == 0
        assert json.loads((run_dir / "context.json").read_text()) == {"n": wanted}


def test_rules_of_a_later_phase_are_checked_before_anything_starts(place: Workplace) -> None:
    text = """
        name: rules
        phases:
          - {id: first, behavior: main-only, run: touch started}
          - {id: second, behavior: main-only, run: 'true', rules: ./not-there.yaml}
        """
    with pytest.raises(InvalidInput, match=r"not-there\.yaml"):
        place.run(text)
    assert sorted(os.listdir(place.folder)) == ["workflow.yaml"]


@pytest.mark.parametrize("context", ["[]", "", "{", '{"a": NaN}', "null"])
def test_a_context_that_cannot_be_read_stops_the_run_before_anything_starts(place: Workplace, context: str) -> None:
    file = place.folder / "context.json"
    file.write_text(context)
    with pytest.raises(InvalidInput, match=r"context\.json"):
        place.run(ONE.format(run="true"), context=str(file))
    assert sorted(os.listdir(place.folder)) == ["context.json", "workflow.yaml"]


def test_an_initial_context_that_is_missing_stops_the_run(place: Workplace) -> None:
    with pytest.raises(InvalidWorkflow, match="does not exist"):
        place.run(TWO.format(context="nowhere.json", a="true", b="true"))


@pytest.mark.parametrize("make", [lambda path: (path / "f").mkdir(parents=True), Path.touch])
def test_a_run_directory_must_be_new_or_empty(place: Workplace, make: object) -> None:
    assert callable(make)
    make(place.run_dir)
    with pytest.raises(UsageError, match="not a new or empty folder"):
        place.run(ONE.format(run="true"))


def test_a_run_directory_may_hold_what_a_start_left_that_died_before_it_was_a_run(place: Workplace) -> None:
    (place.run_dir / "groups").mkdir(parents=True)
    (place.run_dir / "events.jsonl").touch()
    (place.run_dir / ".shardflow-0123456789abcdef.tmp").write_text('{"v": 1, "na')
    with open(place.run_dir / "events.jsonl") as journal:
        flock(journal, LOCK_EX)
        with pytest.raises(UsageError, match="not a new or empty folder"):
            place.run(ONE.format(run="true"))
    assert place.run(ONE.format(run="true")).exit_code == 0
    assert not list(place.run_dir.glob(".shardflow-*"))


@pytest.mark.parametrize("name", ["groups/01-p", "events.jsonl/x", "notes.txt/x"])
def test_a_run_directory_that_holds_anything_else_is_left_as_it_is(place: Workplace, name: str) -> None:
    (place.run_dir / name).mkdir(parents=True)
    with pytest.raises(UsageError, match="not a new or empty folder"):
        place.run(ONE.format(run="true"))
    assert (place.run_dir / name).exists()


def test_without_a_run_directory_each_run_gets_one_of_its_own(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    text = ONE.format(run="true").replace("name: one", "name: 'One / zwei ä!'")
    first, second = place.run(text, run_dir=None), place.run(text, run_dir=None)
    assert first.run_dir != second.run_dir
    for report in (first, second):
        folder = Path(report.run_dir)
        assert folder.parent == place.folder / ".shardflow/runs"
        assert folder.name.partition("-")[2][7:-5] == "one-zwei"
    assert (place.folder / ".shardflow/.gitignore").read_text() == "*\n"


def test_everything_of_a_run_is_private_and_the_base_read_only(place: Workplace) -> None:
    place.run(ONE.format(run=set_member("n", "1")))
    modes = {
        str(path.relative_to(place.run_dir)): stat.S_IMODE(path.stat().st_mode)
        for path in (place.run_dir, *place.run_dir.rglob("*"))
    }
    files = ["context-only.json", "stdout.log", "stderr.log"]
    assert modes == {
        **dict.fromkeys([".", "groups", "groups/01-only", "groups/01-only/only"], 0o700),
        **dict.fromkeys(["run.json", "workflow.yaml", "context.json", "events.jsonl"], 0o600),
        **{f"groups/01-only/{name}.json": 0o600 for name in ("group", "rules", "merge", "context")},
        **{f"groups/01-only/only/{name}": 0o600 for name in files},
        **{f"{folder}base.json": 0o400 for folder in ("", "groups/01-only/")},
    }
    assert (place.run_dir / "workflow.yaml").read_bytes() == (place.folder / "workflow.yaml").read_bytes()


def test_the_journal_has_every_event_in_order(place: Workplace) -> None:
    heard: list[Event] = []
    place.run(TWO.format(context="{}", a="true", b="exit 3"), heard.append)
    lines = place.journal()
    assert [line["event"] for line in lines] == [event_json(event)[0] for event in heard]
    assert all(line["v"] == 1 and line["at"].endswith("Z") for line in lines)
    assert sorted({line["event"] for line in lines}) == [
        "group-finished",
        "group-started",
        "phase-finished",
        "phase-started",
        "run-finished",
        "run-started",
        "subagent-finished",
        "subagent-started",
    ]
    ended = {line["subagent"]: line["detail"] for line in lines if line["event"] == "subagent-finished"}
    assert ended == {"a": "succeeded", "b": "exited with code 3"}


def test_the_report_counts_changes_and_seconds(place: Workplace) -> None:
    report = place.run(TWO.format(context="{}", a=set_member("n", "1"), b=set_member("n", "1")))
    assert report.counts == {**dict.fromkeys(Outcome, 0), Outcome.AGREED: 2}
    assert report.subagent_seconds == sum(one.seconds for one in group(report).subagents) > 0
    assert report.seconds >= group(report).seconds > max(one.seconds for one in report.subagents)


def test_seconds_add_up_over_all_tries_of_a_subagent(place: Workplace) -> None:
    retried = (
        "name: x\nphases:\n- {id: p, behavior: parallel, subagents: "
        "[{id: a, run: sleep 0.05; exit 3, retry: {max: 2, backoff: 0}}]}\n"
    )
    report = place.run(retried)
    [one] = group(report).subagents
    assert one.tries == 3
    assert report.subagent_seconds == one.seconds_before + one.seconds > 0.15 > one.seconds


def test_a_merge_that_could_not_be_written_counts_no_changes(place: Workplace) -> None:
    in_the_way = "mkdir ${SHARDFLOW_SHARD%/*}/../context.json; " + set_member("n", "1")
    report = place.run(TWO.format(context="{}", a=json.dumps(in_the_way), b=set_member("n", "1")))
    assert (report.status, group(report).status) == (Status.FAILED, Status.FAILED)
    assert report.counts == dict.fromkeys(Outcome, 0)


def test_what_a_listener_raises_goes_through_after_the_children_were_stopped(place: Workplace) -> None:
    def listen(event: Event) -> None:
        if event_json(event)[0] == "subagent-started":
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        place.run(ONE.format(run="echo $$ > pid; exec sleep 60"), listen)
    assert place.read("run.json")["status"] == "failed"
    pid = place.folder / "pid"
    if said := pid.exists() and pid.read_text():  # it may have been stopped before it could say so
        with pytest.raises(ProcessLookupError):
            os.kill(int(said), 0)
