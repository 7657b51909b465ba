"""The order of a phase, in every mode: what runs, what the books have, what is left in the feature's folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from shardflow.errors import InvalidWorkflow
from shardflow.execution.reporting.endings import MissingOutput
from shardflow.execution.reporting.report import Status
from tests.execution.running import ROOT
from tests.execution.staging.features import FeaturePlace, problems, without

pytestmark = pytest.mark.needs("jq", "node")

STRICT = """
    name: whole
    execution_mode: strict
    phases:
    - id: look
      name: Looking
      behavior: parallel
      subagents: [{type: scan, config: {output_path: '{{output_dir}}/a/one.md'}}, {type: scan}]
      main_agent:
        script: |
          writeFile("sum.md", phase.name + ": " + readFile("a/one.md") + context.subagents_spawned);
    - {id: build, behavior: sequential, subagents: [{type: first}, {type: second}]}
    - {id: close, behavior: main-only, main_agent: {script: 'return context.phases.current'}}
    finalization:
      template: '{{workflow.name}}:{{#deliverables}} {{path}}{{/deliverables}}'
      output: '{{feature_name}}.md'
    """


def test_a_strict_workflow_leaves_the_books_and_files_of_the_shell_engine(feature: FeaturePlace) -> None:
    report = feature.run(STRICT, flags=("--web",))
    assert (report.status, report.exit_code, report.problems) == (Status.DONE, 0, ())
    context = feature.context
    assert context["feature"] == {"name": "shop", "flags": ["--web"]}
    assert without(context["workflow"], "started_at") == {"name": "whole", "execution_mode": "strict"}
    assert context["phases"] == {
        "current": None,
        "completed": ["look", "build", "close"],
        "iteration_counts": {},
    }
    assert context["subagents_spawned"] == 4
    assert [without(entry, "timestamp") for entry in context["deliverables"]] == [
        {"phase": "look", "path": "a/one.md", "subagent": "scan", "size_bytes": 10},
        {"phase": "look", "path": "scan.md", "subagent": "scan", "size_bytes": 12},
        {"phase": "look", "path": "sum.md", "subagent": "main-agent-script", "size_bytes": 20},
        {"phase": "build", "path": "first.md", "subagent": "first", "size_bytes": 11},
        {"phase": "build", "path": "second.md", "subagent": "second", "size_bytes": 12},
    ]
    assert (feature.output / "sum.md").read_text() == "Looking: # of scan\n2"
    assert (feature.output / "shop.md").read_text() == "whole: a/one.md scan.md sum.md first.md second.md"
    metadata = json.loads((feature.output / "metadata.json").read_bytes())
    assert (metadata["feature"], metadata["phases_completed"]) == ("shop", ["look", "build", "close"])


def test_what_a_phase_is_doing_stands_in_the_context_while_it_runs(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: current
        agents:
          default:
            run: 'jq -r .phases.current .temp/shop/context.json > "$SHARDFLOW_OUTPUT"'
        phases: [{id: one, behavior: parallel, subagents: [{type: a}]}]
        """
    )
    assert report.status is Status.DONE
    assert (feature.output / "a.md").read_text() == "one\n"


def test_an_adaptive_phase_runs_the_always_group_and_then_what_its_script_returns(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: adaptive
        phases:
        - id: dig
          execution_mode: adaptive
          behavior: parallel
          subagents:
            always: [{type: base}]
            adaptive:
              script: |
                return [1, 2].map(n => ({type: "extra", config: {output_path: `extra/${n}.md`,
                                         context: context.subagents_spawned}}));
          main_agent: {script: 'writeFile("end.md", String(context.subagents_spawned))'}
        - id: only
          execution_mode: adaptive
          behavior: sequential
          subagents: {adaptive: {script: 'return [{type: "late"}]'}}
        - {id: none, execution_mode: adaptive, behavior: parallel, subagents: {adaptive: {script: return}}}
        """
    )
    assert report.status is Status.DONE
    assert [entry["path"] for entry in feature.context["deliverables"]] == [
        "base.md",
        "extra/1.md",
        "extra/2.md",
        "end.md",
        "late.md",
    ]
    assert (feature.output / "end.md").read_text() == "3"
    assert [group.name for group in report.groups if "adaptive" in group.name] == [
        "03-dig-adaptive",
        "07-only-adaptive-late",
    ]


def test_a_loose_phase_runs_its_script_and_only_tells_what_is_suggested(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: loose
        execution_mode: loose
        phases:
        - {id: think, behavior: main-only, suggested_subagents: [a, {type: b}], main_agent: {script: return}}
        """
    )
    assert report.status is Status.DONE
    assert feature.context["subagents_spawned"] == 0
    assert [line["text"] for line in feature.journal if line["event"] == "noted"] == [
        "suggested to the main agent: a, b"
    ]


def test_an_agent_gets_its_prompt_on_standard_input_and_knows_where_its_output_belongs(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: prompted
        agents: {writer: {run: 'cat > "$SHARDFLOW_OUTPUT"; cmp "$SHARDFLOW_PROMPT" "$SHARDFLOW_OUTPUT"'}}
        phases:
        - id: write
          behavior: parallel
          subagents: [{type: writer, config: {output_path: out.md, task: Write a poem.}}]
        """
    )
    assert report.status is Status.DONE
    prompt = (feature.output / "out.md").read_text()
    assert "Write a poem." in prompt
    assert prompt.rstrip().endswith(f"Save your output to the file `{feature.output}/out.md`.")


COUNTS = """
    name: counts
    agents:
      old:
        run: |
          printf x > "$SHARDFLOW_OUTPUT"
          jq '.subagents_spawned += 1 | .deliverables += [{path: "old.md", by: "itself"}]' "$CONTEXT_FILE" > new
          mv new "$CONTEXT_FILE"
      patch: {run: 'printf xy > "$SHARDFLOW_OUTPUT"'}
      log:
        run: |
          printf xyz > "$SHARDFLOW_OUTPUT"
          printf '{"set": "$.log", "value": 1}\\n{"torn' >> "$SHARDFLOW_SHARD"
    phases:
    - {id: p, behavior: parallel, subagents: [{type: old}, {type: patch, shard: patch}, {type: log, shard: journal}]}
    """


def test_a_subagent_that_counts_itself_is_not_counted_twice(feature: FeaturePlace) -> None:
    assert feature.run(COUNTS).status is Status.DONE
    assert feature.context["subagents_spawned"] == 3
    assert feature.context["log"] == 1
    assert [without(entry, "timestamp") for entry in feature.context["deliverables"]] == [
        {"path": "old.md", "by": "itself"},
        {"phase": "p", "path": "patch.md", "subagent": "patch", "size_bytes": 2},
        {"phase": "p", "path": "log.md", "subagent": "log", "size_bytes": 3},
    ]


MISSING = """
    name: missing
    agents: {default: {run: 'true'}}
    phases: [{id: p, behavior: parallel, subagents: [{type: a, config: {output_path: a.md}}, {type: b}]}]
    """


def test_a_declared_output_that_is_missing_is_a_failure_unless_the_workflow_says_otherwise(
    feature: FeaturePlace,
) -> None:
    report = feature.run(MISSING)
    endings = {subagent.id: subagent.ending for subagent in report.programs}
    assert (report.exit_code, endings["a"]) == (1, MissingOutput(f"{feature.output}/a.md"))
    report = feature.run("    on_missing_output: warn" + MISSING)
    assert (report.exit_code, feature.context["deliverables"], feature.context["subagents_spawned"]) == (0, [], 2)
    assert [subagent.warnings for subagent in report.programs] == [
        (f"its output {feature.output}/a.md is not there",),
        (),
    ]


def test_a_main_agent_script_that_fails_fails_the_phase_and_runs_again_when_resumed(feature: FeaturePlace) -> None:
    text = """
        name: fails
        phases: [{id: p, behavior: main-only, main_agent: {script: 'return readFile("input.md").length'}}]
        """
    report = feature.run(text)
    assert (report.exit_code, len(report.phases)) == (1, 1)
    assert problems(report)[0].startswith("main_agent.script threw in line 1")
    (feature.output / "input.md").write_text("there")
    assert feature.resume().exit_code == 0
    assert feature.context["phases"]["completed"] == ["p"]


def test_what_a_script_returned_is_not_asked_for_again_when_a_later_phase_failed(feature: FeaturePlace) -> None:
    text = """
        name: once
        agents:
          default: {run: 'echo "$SHARDFLOW_ID" >> "$SHARDFLOW_OUTPUT_DIR/ran"'}
          last: {run: '[ -e fixed ]'}
        phases:
        - id: p
          execution_mode: adaptive
          behavior: parallel
          subagents: {adaptive: {script: 'return [{type: "chance", config: {seed: Math.random()}}]'}}
          main_agent: {script: 'writeFile("moment.txt", String(Math.random()))'}
        - {id: q, behavior: parallel, subagents: [{type: last}]}
        """
    assert feature.run(text).status is Status.FAILED
    moment = (feature.output / "moment.txt").read_text()
    before = feature.context["deliverables"]
    (feature.folder / "fixed").touch()
    report = feature.resume()
    assert (report.status, feature.ran) == (Status.DONE, ["chance"])
    assert (feature.output / "moment.txt").read_text() == moment
    assert feature.context["deliverables"] == before
    assert feature.resume(from_phase="p").status is Status.DONE
    assert feature.ran == ["chance", "chance"]


def test_types_without_a_program_keep_the_run_from_starting(feature: FeaturePlace) -> None:
    text = """
        name: nobody
        agents: {scan: {run: ls}}
        phases: [{id: p, behavior: parallel, subagents: [{type: scan}, {type: skan}]}]
        """
    with pytest.raises(InvalidWorkflow, match=r"the type 'skan' \(did you mean 'scan'\?\) has no program"):
        feature.run(text)
    assert not feature.run_dir.exists()


def test_a_script_that_does_not_parse_is_told_with_its_line_before_anything_runs(feature: FeaturePlace) -> None:
    text = """
        name: broken
        phases:
        - id: p
          behavior: main-only
          main_agent:
            script: |
              let x = 1;
              return x +;
        - {id: q, behavior: main-only, run: 'true', checkpoint: {condition: '1 +'}}
        """
    with pytest.raises(InvalidWorkflow) as caught:
        feature.run(text)
    assert [str(problem).partition(":")[2].partition(" does not parse")[0] for problem in caught.value.problems] == [
        "9: main_agent.script of phase 'p'",
        "10: checkpoint.condition of phase 'q'",
    ]


def test_a_native_phase_in_a_workflow_of_the_dialect_runs_as_ever(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: mixed
        execution_mode: strict
        context: {mine: 1}
        phases:
        - {id: p, behavior: main-only, run: "jq '.mine += 1' \\"$CONTEXT_FILE\\" > new && mv new \\"$CONTEXT_FILE\\""}
        """
    )
    assert (report.status, feature.context["mine"]) == (Status.DONE, 2)
    assert feature.context["phases"]["completed"] == ["p"]


def test_under_rules_of_its_own_a_workflow_still_has_the_books_add_up_and_nothing_else_is_decided_for_it(
    feature: FeaturePlace,
) -> None:
    text = """
        name: ruled
        rules: {rules: [{path: $.score, strategy: max}]}
        agents:
          default:
            run: |
              echo out > "$SHARDFLOW_OUTPUT"
              jq --arg id "$SHARDFLOW_ID" '.score = ($id | length) SET' "$CONTEXT_FILE" > new-$SHARDFLOW_ID
              mv new-$SHARDFLOW_ID "$CONTEXT_FILE"
        phases: [{id: p, behavior: parallel, subagents: [{type: a}, {type: bbb}, {type: cc}]}]
        """
    assert feature.run(text.replace("SET", "")).exit_code == 0
    assert (feature.context["score"], feature.context["subagents_spawned"]) == (3, 3)
    assert [entry["path"] for entry in feature.context["deliverables"]] == ["a.md", "bbb.md", "cc.md"]
    assert feature.run(text.replace("SET", "| .status = $id")).exit_code == 3


def test_a_run_that_is_interrupted_while_a_script_loops_ends_at_once_and_goes_on_later(feature: FeaturePlace) -> None:
    feature.write(
        """
        name: loops
        phases:
        - id: p
          behavior: main-only
          main_agent: {script: 'if (!files_exist(["go"])) { writeFile("begun", "x"); while (true) {} } return 1'}
        """
    )
    command = [sys.executable, "-m", "shardflow", "run", "w.yaml", "--feature", "shop", "--run-dir", "run-0"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    while not (feature.output / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    (feature.output / "go").touch()
    assert feature.resume().exit_code == 0
    assert feature.context["phases"]["completed"] == ["p"]
