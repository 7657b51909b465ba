"""What old files call types and phases, and what their scripts add to subagents: any text, and nothing breaks."""

from __future__ import annotations

import pytest

from shardflow.execution.reporting.report import Status
from tests.execution.staging.features import FeaturePlace, problems

pytestmark = pytest.mark.needs("node")


def test_a_type_may_be_any_text_and_the_books_have_it_as_it_is_written(feature: FeaturePlace) -> None:
    prompts = feature.folder / "subagents/prompts/plugin/sub/agent"
    prompts.mkdir(parents=True)
    (prompts / "default.md.tmpl").write_text("You are {{subagent_type}}.")
    report = feature.run(
        r"""
        agents:
          'plugin:agent': {run: 'echo "$SHARDFLOW_TYPE" > "$SHARDFLOW_OUTPUT"'}
          'plugin/*': {run: 'cat > "$SHARDFLOW_OUTPUT"'}
          default: {run: 'echo default > "$SHARDFLOW_OUTPUT"'}
        name: types
        phases:
        - id: look
          behavior: parallel
          subagents:
          - type: plugin:agent
          - type: plugin:agent
          - type: plugin/sub/agent
          - type: ../../escaped
          - type: "{{output_dir}}"
          - type: "𝒟 & 𝒬"
          - type: "𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟𝒟"
        """
    )
    assert report.status is Status.DONE
    assert [(entry["subagent"][:20], entry["path"]) for entry in feature.context["deliverables"]] == [
        ("plugin:agent", "plugin:agent.md"),
        ("plugin:agent", "plugin-agent-2.md"),
        ("plugin/sub/agent", "plugin/sub/agent.md"),
        ("../../escaped", "escaped.md"),
        ("{{output_dir}}", "output_dir.md"),
        ("𝒟 & 𝒬", "𝒟 & 𝒬.md"),
        ("𝒟" * 20, "subagent-2.md"),
    ]
    assert (feature.output / "plugin-agent-2.md").read_text() == "plugin:agent\n"
    assert (feature.output / "plugin/sub/agent.md").read_text().startswith("You are plugin/sub/agent.\n")
    assert sorted(path.name for path in feature.folder.iterdir()) == [".temp", "run-1", "subagents", "w.yaml"]


def test_what_a_script_returns_is_read_as_its_file_is(feature: FeaturePlace) -> None:
    text = """
        name: returned
        description: d
        execution_mode: adaptive
        phases:
        - id: dig
          behavior: parallel
          subagents: {adaptive: {script: 'return [{type: "a", reason: "why not", config: null}]'}}
        finalization: {template: '{{subagents_spawned}}', output: end.md}
        """
    refused = feature.run(text)
    assert refused.status is Status.FAILED
    assert "unknown field 'reason'" in problems(refused)[1]
    feature.file = "old.workflow.yaml"
    report = feature.run(text)
    assert report.status is Status.DONE
    assert [note.split(" at $")[0] for note in report.notes] == [
        "what subagents.adaptive.script of phase 'dig' returned: unknown field 'reason'"
    ]


def test_a_phase_of_the_shell_engine_may_be_called_anything(feature: FeaturePlace) -> None:
    feature.file = "old.workflow.yaml"
    text = """
        name: named
        description: d
        execution_mode: strict
        phases:
        - {id: 1, behavior: parallel, subagents: [{type: a}]}
        - {id: '2: ../look', behavior: main-only, main_agent: {script: 'writeFile("w.md", phase.id)'}}
        - id: Ω
          behavior: main-only
          main_agent: {script: return}
          checkpoint:
            options:
            - {label: Back, on_select: {action: repeat_phase, target: '2: ../look'}}
            - {label: Skip, on_select: {action: skip_phases, phases: [4]}}
        - {id: 4, behavior: main-only, run: 'false'}
        - {id: last one, behavior: main-only, run: 'true'}
        finalization: {template: '{{subagents_spawned}}', output: end.md}
        """
    report = feature.run(text)
    assert report.status is Status.PAUSED
    report = feature.resume({"Ω": ["Back", "Skip"]})
    assert report.status is Status.DONE
    assert feature.context["phases"]["completed"] == ["1", "2: ../look", "2: ../look", "Ω", "last one"]
    assert feature.context["skip_phases"] == ["4"]
    assert (feature.output / "w.md").read_text() == "2: ../look"
    assert sorted(path.name for path in (feature.run_dir / "groups").iterdir())[1:5] == [
        "02-1",
        "03-1-ends",
        "04-2-look-begins",
        "05-2-look-main-agent-script",
    ]
