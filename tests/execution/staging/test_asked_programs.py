"""What scripts ask programs: commands answer for helpers, the configured agent for `thinkHard`; nothing is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardflow.execution.reporting.endings import AgentFailed, MissingOutput
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.execution.reporting.usages import recorded
from shardflow.storage.runs.history import read_history
from shardflow.workflow.agents.preset import AgentCli
from tests.execution.staging.features import FeaturePlace

pytestmark = pytest.mark.needs("node")


def tried(feature: FeaturePlace, script: str, settings: str) -> str:
    """Run a script as the only phase; give what it wrote of the value of `result`, or of the error it met."""
    assert ran(feature, script, settings).status is Status.DONE
    return (feature.output / "result").read_text()


def ran(feature: FeaturePlace, script: str, settings: str) -> RunReport:
    text = f"""
        name: w
        execution_mode: strict
        {settings}
        phases:
          - id: ask
            behavior: main-only
            main_agent:
              script: |
                let result;
                try {{ result = JSON.stringify({script}) }} catch (error) {{ result = error.message }}
                writeFile('result', result)
    """
    return feature.run(text)


@pytest.mark.parametrize(
    ("helper", "run", "result"),
    [
        ("all_tests_pass", "exit 0", "true"),
        ("all_tests_pass", "exit 3", "false"),
        ("has_syntax_errors", "exit 0", "false"),
        ("has_syntax_errors", "exit 1", "true"),
        ("findAmbiguousRequirements", """printf '["a", "b"]'""", '["a","b"]'),
        ("analyzeCoverage", """printf '{"lines": 0.5}'""", '{"lines":0.5}'),
    ],
)
def test_a_command_answers_for_a_helper(feature: FeaturePlace, helper: str, run: str, result: str) -> None:
    assert tried(feature, f"{helper}(['x'])", f"helpers: {{{helper}: {{run: {json.dumps(run)}}}}}") == result


def test_a_command_is_told_what_was_asked_and_starts_in_the_project(feature: FeaturePlace) -> None:
    run = "helpers: {analyzeCoverage: {run: 'cat; pwd > started'}}"
    asked = json.loads(tried(feature, "analyzeCoverage('src', 2)", run))
    assert asked == {"helper": "analyzeCoverage", "arguments": ["src", 2], "output_dir": str(feature.output)}
    assert (feature.folder / "started").read_text().strip() == str(feature.folder)


@pytest.mark.parametrize(
    ("helper", "run", "message"),
    [
        ("all_tests_pass", "no-such-program", "its command exited with code 127 (command not found) | "),
        ("all_tests_pass", "kill -KILL $$", "its command died by SIGKILL; see "),
        ("analyzeCoverage", "echo why >&2; exit 4", "its command exited with code 4 | why; see "),
        ("analyzeCoverage", "echo many words", "its command gave no answer that can be used: its command's answer:1:"),
        ("analyzeCoverage", "true", "its command gave no answer that can be used: its command's answer:1:"),
    ],
)
def test_a_command_that_does_not_answer_is_an_error_of_the_helper(
    feature: FeaturePlace, helper: str, run: str, message: str
) -> None:
    told = tried(feature, f"{helper}()", f"helpers: {{{helper}: {{run: {json.dumps(run)}}}}}")
    assert told.startswith(f"{helper}: {message}"), told


def test_a_command_is_stopped_at_its_limit_which_is_not_the_scripts(feature: FeaturePlace) -> None:
    told = tried(feature, "all_tests_pass()", "helpers: {all_tests_pass: {run: sleep 100, timeout: 0.5}}")
    assert told.startswith("all_tests_pass: its command timed out after 0.5 s and was stopped")


def test_the_configured_agent_thinks(feature: FeaturePlace) -> None:
    asked = "await Promise.all(['a', 'b'].map(thinkHard))"
    upper = json.dumps("tr a-z A-Z")
    assert tried(feature, asked, f"agents: {{thinkHard: {{run: {upper}}}, default: {{run: 'exit 1'}}}}") == '["A","B"]'
    (first, second) = sorted((feature.run_dir / "scripts").iterdir())
    assert [(place.name, (place / "prompt.md").read_text()) for place in (first, second)] == [
        ("01-thinkHard", "a"),
        ("02-thinkHard", "b"),
    ]


def test_what_an_agent_cli_used_to_think_is_in_the_sums_of_the_run_whether_it_answered_or_not(
    feature: FeaturePlace, clis: Path
) -> None:
    think = f"agents: {{thinkHard: {{agent: claude, args: [--stand-in, silent], env: {{PATH: '{clis}:/bin'}}}}}}"
    told = tried(feature, "await thinkHard('x')", think)
    assert told.startswith("thinkHard: the agent did not end its work: there is no result event")
    [unsaid] = [line for line in feature.journal if line["event"] == "prompt-finished"]
    assert unsaid["usage"] == {"input": None, "output": None, "cost": None}
    used = ran(feature, "await thinkHard('x')", think.replace("silent", "think")).used
    assert used is not None
    whose = {"subagent_count": 0, "try_count": 0, "arbiter_count": 0, "prompt_count": 1}
    counted = {"told_by": {"input": 1, "output": 1, "cost": 1}, **whose}
    assert used.as_json() == {"input": 39, "output": 21, "cost": 0.0005417999999999999, **counted}
    afterwards = recorded(read_history(str(feature.run_dir / "events.jsonl")).used)
    assert afterwards is not None
    assert afterwards.as_json() == used.as_json()


def test_the_secrets_of_an_entry_are_found_by_who_it_runs_and_masked_in_all_it_says(
    feature: FeaturePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "hunter2-hunter2")
    run = json.dumps('echo "$TOKEN" $(printf "$TOKEN" | wc -c) ${VAULT_TOKEN-inherited by nobody}')
    entry = f"{{run: {run}, env: {{TOKEN: {{env: VAULT_TOKEN}}}}}}"
    text = tried(feature, "await thinkHard('x')", f"agents: {{thinkHard: {entry}}}")
    assert text == '"*** 15 inherited by nobody"'
    files = [path for path in feature.run_dir.rglob("*") if path.is_file()]
    assert [path for path in files if b"hunter2-hunter2" in path.read_bytes()] == []


def test_a_secret_that_only_an_agent_asked_at_run_time_needs_is_missed_by_that_one_alone(feature: FeaturePlace) -> None:
    entry = "{run: cat, env: {TOKEN: {env: NO_SUCH_VARIABLE}}}"
    told = tried(feature, "await thinkHard('x')", f"agents: {{thinkHard: {entry}}}")
    assert told.startswith(
        "thinkHard: its command could not be started: the secret TOKEN cannot be used: "
        "this process has no environment variable NO_SUCH_VARIABLE"
    )
    assert tried(feature, "1", f"agents: {{thinkHard: {entry}}}") == "1"


ADAPTIVE = """
    name: w
    agents:
      told: {run: 'echo "$TOKEN"; [ "$TOKEN" = "${WANTED:-hunter2-hunter2}" ]', env: {TOKEN: {env: VAULT_TOKEN}}}
      late: {run: 'echo "$TOKEN"; [ "$TOKEN" = hunter2-hunter2 ]', env: {TOKEN: {file: token}}}
    phases:
      - id: look
        execution_mode: adaptive
        behavior: parallel
        subagents:
          always: [{type: told}, {type: told, env: {TOKEN: plain, WANTED: plain}}]
          adaptive: {script: 'return [{type: "late"}]'}
"""


def test_subagents_have_the_secrets_of_the_entry_of_their_type_also_those_that_a_script_chose(
    feature: FeaturePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "hunter2-hunter2")
    (feature.folder / "token").write_text("hunter2-hunter2\n")
    report = feature.run(ADAPTIVE)
    assert report.status is Status.DONE
    logs = {path.parent.name: path.read_text() for path in feature.run_dir.glob("groups/*/*/stdout.log")}
    assert logs == {"told": "***\n", "told-2": "plain\n", "late": "***\n"}


@pytest.mark.usefixtures("clis")
def test_an_agent_cli_thinks_and_is_judged_as_any(feature: FeaturePlace) -> None:
    entry = "agents: {{thinkHard: {{agent: claude, args: [--stand-in, {}]}}}}"
    assert tried(feature, "await thinkHard('x')", entry.format("idle")) == '"All done."'
    assert tried(feature, "await thinkHard('x')", entry.format("busy")).startswith(
        "thinkHard: the agent was refused by the model's API with HTTP status 429"
    )


@pytest.mark.parametrize(
    ("agents", "message"),
    [
        ("{other: {run: cat}}", "thinkHard: no agent is configured to answer it; "),
        ("{default: {run: 'echo why >&2; exit 2'}}", "thinkHard: its command exited with code 2 | why; see "),
        ("{default: {python: 'a:b'}}", "thinkHard: its command could not be started: a Python function cannot answer"),
    ],
)
def test_an_agent_that_does_not_answer_is_an_error(feature: FeaturePlace, agents: str, message: str) -> None:
    assert tried(feature, "await thinkHard('x')", f"agents: {agents}").startswith(message)


NATIVE = """
    name: w
    context: {{names: [x]}}
    phases:
      - id: look
        behavior: parallel
        checkpoint: {{approval_required: true}}
        subagents:
          - {{id: a, agent: claude, args: [--stand-in, {behavior}], prompt: 'A task for {{{{context.feature.name}}}}.'}}
          - {{id: each, agent: claude, args: [--stand-in, {behavior}], prompt: 'A task.',
             foreach: {{path: $.names}}}}
"""


@pytest.mark.usefixtures("clis")
def test_beside_words_of_the_dialect_an_agent_cli_of_its_own_finds_its_prompt_and_its_item(
    feature: FeaturePlace,
) -> None:
    report = feature.run(NATIVE.format(behavior="output"), {"look": "continue"})
    assert report.status is Status.DONE
    prompts = [
        json.loads(path.read_text())["prompt"] for path in sorted(feature.run_dir.glob("groups/*/*/*/seen.json"))
    ]
    assert ["A task for shop." in prompts[0], "# Item" in prompts[0]] == [True, False]
    assert "# Task\n\nA task.\n\n# Item\n\nYour part of the work is this item, and no other:" in prompts[1]
    assert [entry["path"] for entry in feature.context["deliverables"]] == ["a.md", "each-x.md"]


@pytest.mark.usefixtures("clis")
@pytest.mark.parametrize(("more", "status"), [("", Status.FAILED), ("on_missing_output: warn", Status.DONE)])
def test_an_agent_cli_that_left_neither_an_output_nor_a_change_has_failed(
    feature: FeaturePlace, more: str, status: Status
) -> None:
    text = PRESET.replace("output_path: 'look/review.md', ", "").format(cli="claude", behavior="idle")
    report = feature.run(text.replace("name: w", f"name: w\n    {more}"))
    assert report.status is status
    (one,) = (one for one in report.subagents if one.id == "reviewer")
    assert isinstance(one.ending, AgentFailed) is (status is Status.FAILED)


PRESET = """
    name: w
    execution_mode: strict
    agents: {{default: {{agent: {cli}, args: [--stand-in, {behavior}]}}}}
    phases:
      - id: look
        behavior: parallel
        subagents:
          - {{type: reviewer, config: {{output_path: 'look/review.md', task: task one}}}}
"""


@pytest.mark.usefixtures("clis")
@pytest.mark.parametrize("cli", AgentCli)
def test_an_agent_cli_runs_a_type_and_its_output_is_in_the_books(feature: FeaturePlace, cli: str) -> None:
    report = feature.run(PRESET.format(cli=cli, behavior="output"))
    assert report.status is Status.DONE
    assert (feature.output / "look/review.md").read_text() == "# Output\n"
    context: Any = feature.context
    assert (context["subagents_spawned"], context["found"]) == (1, 1)
    assert [entry["path"] for entry in context["deliverables"]] == ["look/review.md"]


@pytest.mark.usefixtures("clis")
def test_an_agent_that_answers_and_writes_no_output_failed(feature: FeaturePlace) -> None:
    report = feature.run(PRESET.format(cli="claude", behavior="idle"))
    assert report.status is Status.FAILED
    (only,) = (subagent for subagent in report.subagents if not subagent.engine_made)
    assert only.ending == MissingOutput(str(feature.output / "look/review.md"))
