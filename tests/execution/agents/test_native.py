"""Agent CLIs as subagents of a native workflow: real processes, and each way they fail is told as what it is."""

from __future__ import annotations

import json
import signal
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shardflow.agents.outcomes import Usage
from shardflow.cli.views.usages import used_text
from shardflow.errors import InvalidWorkflow
from shardflow.execution.inspection.runs import overview
from shardflow.execution.reporting.endings import AgentFailed, AgentUnavailable, InvalidShard, Succeeded, TimedOut
from shardflow.execution.reporting.report import Status, SubagentReport
from shardflow.storage.runs.listing import list_runs
from shardflow.workflow.agents.preset import AgentCli
from shardflow.workflow.model import ShardForm
from tests.execution.running import Workplace, subagent

pytestmark = pytest.mark.usefixtures("clis")


def run_one(folder: Path, cli: str, behavior: str, more: str = "") -> SubagentReport:
    text = f"""
        name: review
        phases:
          - id: look
            description: Look at everything.
            behavior: parallel
            subagents:
              - {{id: a, agent: {cli}, args: [--stand-in, {behavior}], prompt: task one{more}}}
    """
    return subagent(Workplace(folder).run(text), "a")


def seen(folder: Path) -> Any:
    return json.loads((folder / "run/groups/01-look/a/agent/seen.json").read_text())


@pytest.mark.parametrize("cli", AgentCli)
def test_an_agent_cli_finds_its_prompt_and_edits_its_shard(tmp_path: Path, cli: str) -> None:
    report = run_one(tmp_path, cli, "edit")
    assert report.ending == Succeeded()
    assert Workplace(tmp_path).context == {"found": 1}
    prompt = seen(tmp_path)["prompt"]
    assert "You are the subagent `a` of the workflow `review`." in prompt
    assert "# Phase\n\n`look`: Look at everything.\n\n# Task\n\ntask one" in prompt
    assert f"The project's files are in the folder `{tmp_path}`." in prompt
    assert "No output file is expected." in prompt


@pytest.mark.parametrize("form", ShardForm)
def test_one_whose_shard_is_no_copy_may_look_into_the_folder_of_the_base_that_its_prompt_names(
    tmp_path: Path, form: str
) -> None:
    run_one(tmp_path, "gemini", "silent", f", shard: {form}")
    group, told = tmp_path / "run/groups/01-look", seen(tmp_path)
    named = [f"`{group}/base.json`" in told["prompt"], str(group) in told["arguments"]]
    assert named == [form != "copy"] * 2


def test_what_it_used_is_in_the_journal_and_in_the_report(tmp_path: Path) -> None:
    report = run_one(tmp_path, "claude", "edit")
    assert report.usage is not None
    (finished,) = [event for event in Workplace(tmp_path).journal() if event["event"] == "subagent-finished"]
    assert finished["usage"] == report.usage.as_json() == {"input": 39, "output": 21, "cost": 0.0005417999999999999}


def test_what_tries_that_failed_used_is_in_the_journal_and_in_every_sum(tmp_path: Path) -> None:
    again = "{on: [agent-failed], max: 2, backoff: 0}"
    report = run_one(
        tmp_path, "claude", "busy-once", f", retry: {again}, env: {{BUSY: '{tmp_path}/busy', AT_FIRST: limit}}"
    )
    once = {"input": 39, "output": 21, "cost": 0.0005417999999999999}
    assert (report.ending, report.used) == (Succeeded(), Usage(78, 42, Decimal("0.0010835999999999998")))
    told = [(event["event"], event["usage"]) for event in Workplace(tmp_path).journal() if "usage" in event]
    assert told == [("subagent-retried", once), ("subagent-finished", once)]
    used = overview(list_runs(str(tmp_path))[0]).used
    assert used is not None
    assert used_text(used) == "78 tokens in, 42 tokens out, $0.0011, by 1 subagent in 2 tries"


def test_what_one_used_that_waits_for_a_try_it_never_gets_is_counted_once(tmp_path: Path) -> None:
    text = """
        name: review
        phases:
          - id: look
            behavior: parallel
            fail_fast: true
            subagents:
              - {id: a, agent: claude, args: [--stand-in, busy], prompt: x, retry: {max: 1, backoff: 60}}
              - {id: b, run: "cd $SHARDFLOW_RUN_DIR; until grep -q -- -retried *.jsonl; do sleep 0.1; done; exit 1"}
    """
    report = Workplace(tmp_path).run(text)
    assert [event["event"] for event in Workplace(tmp_path).journal() if "usage" in event] == ["subagent-retried"]
    assert len(subagent(report, "a").usages) == 1
    assert report.used is not None
    assert used_text(report.used) == "39 tokens in, 21 tokens out, $0.0000, by 1 subagent"


def test_what_was_used_in_a_session_that_ended_in_an_error_is_told(tmp_path: Path) -> None:
    report = run_one(tmp_path, "claude", "limit")
    assert report.ending == AgentFailed("limit_reached", "reached its limit: the number of turns")
    assert report.usage == Usage(39, 21, 0.0005417999999999999)


def test_it_inherits_no_secret_that_is_not_listed_and_has_places_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ours")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "its")
    monkeypatch.setenv("CHOSEN", "chosen")
    run_one(tmp_path, "claude", "edit", ", pass_env: [CHOSEN], env: {DEPTH: '3'}")
    environment = seen(tmp_path)["environment"]
    work = f"{tmp_path}/run/groups/01-look/a/agent"
    assert "GITHUB_TOKEN" not in environment
    assert [environment[name] for name in ("ANTHROPIC_API_KEY", "CHOSEN", "DEPTH")] == ["its", "chosen", "3"]
    assert [environment[name] for name in ("SHARDFLOW_ID", "TMPDIR", "PWD")] == ["a", f"{work}/tmp", work]
    assert environment["CLAUDE_CODE_MAX_RETRIES"] == "2"


@pytest.mark.parametrize(
    ("cli", "behavior", "ending"),
    [
        ("claude", "silent", AgentFailed("no_result", "did not end its work: there is no result event")),
        (
            "claude",
            "busy",
            AgentUnavailable(
                "api_error(429)",
                "was refused by the model's API with HTTP status 429: API Error: Request rejected (429) · no more",
            ),
        ),
        ("claude", "dead-server", AgentFailed("mcp_failed", "could not connect to its MCP servers: tracker")),
        ("claude", "crash", AgentFailed("exit_3", "exited with code 3: Segmentation fault")),
        (
            "claude",
            "idle",
            AgentFailed(
                "shard_missing",
                "answered, but left its shard as it was; say writes: [] if it has nothing to record",
            ),
        ),
        (
            "codex",
            "refused",
            AgentFailed(
                "api_error(401)",
                "was refused by the model's API with HTTP status 401: "
                "unexpected status 401 Unauthorized: no, url: http://u",
            ),
        ),
        ("codex", "silent", AgentFailed("no_result", "did not end its work: no turn was completed")),
        ("gemini", "silent", AgentFailed("no_result", "did not end its work: there is no result event")),
        ("opencode", "silent", AgentFailed("no_result", "did not end its work: no step was finished")),
    ],
)
def test_an_exit_code_of_0_convinces_nobody(tmp_path: Path, cli: str, behavior: str, ending: object) -> None:
    assert run_one(tmp_path, cli, behavior).ending == ending
    assert Workplace(tmp_path).context == {}


def test_one_whose_model_was_busy_is_tried_again_and_its_prompt_with_it(tmp_path: Path) -> None:
    report = run_one(
        tmp_path, "claude", "busy-once", f", retry: {{max: 2, backoff: 0}}, env: {{BUSY: '{tmp_path}/busy'}}"
    )
    assert (report.ending, report.tries) == (Succeeded(), 2)
    assert Workplace(tmp_path).context == {"found": 1}


def test_one_that_was_refused_for_good_is_not_tried_again(tmp_path: Path) -> None:
    report = run_one(tmp_path, "codex", "refused", ", retry: {max: 2, backoff: 0}")
    assert (type(report.ending), report.tries) == (AgentFailed, 1)


def test_an_exit_code_that_nothing_explains_is_not_tried_again_though_the_session_was_paid_for(tmp_path: Path) -> None:
    report = run_one(tmp_path, "codex", "quit", ", retry: {max: 2, backoff: 0}")
    assert (report.ending, report.tries) == (AgentFailed("exit_1", "exited with code 1"), 1)


def test_a_page_of_an_error_is_told_by_its_beginning(tmp_path: Path) -> None:
    ending = run_one(tmp_path, "codex", f"refused, --say, <html>{'x' * 30_000}").ending
    assert isinstance(ending, AgentFailed)
    assert ending.text.startswith("ended in an error: <html>xxx")
    assert ending.text.endswith("xxx… (its log has all of it)")
    assert len(ending.text) < 1_100


def test_a_broken_shard_is_invalid_whatever_the_cli_says_of_its_success(tmp_path: Path) -> None:
    assert isinstance(run_one(tmp_path, "claude", "break").ending, InvalidShard)


def test_one_that_declares_to_write_nothing_need_not(tmp_path: Path) -> None:
    assert run_one(tmp_path, "claude", "idle", ", writes: []").ending == Succeeded()


def test_a_denied_permission_beside_a_valid_shard_is_a_warning(tmp_path: Path) -> None:
    report = run_one(tmp_path, "claude", "denied", ", writes: []")
    assert (report.ending, report.warnings) == (Succeeded(), ("it was denied the use of Write",))


def test_one_that_hangs_is_stopped_at_its_timeout(tmp_path: Path) -> None:
    assert run_one(tmp_path, "claude", "hang", ", timeout: 3").ending == TimedOut(3)


def test_one_that_hangs_after_it_has_said_that_its_work_is_done_has_worked_with_a_warning(tmp_path: Path) -> None:
    report = run_one(tmp_path, "claude", "linger", ", timeout: 4, retry: {max: 2, backoff: 0}")
    late = "had ended its work, but not its process, which timed out after 4 s and was stopped"
    assert (report.ending, report.tries, report.warnings) == (Succeeded(), 1, (late,))
    assert (report.usage, Workplace(tmp_path).context) == (Usage(39, 21, 0.0005417999999999999), {"found": 1})


def test_its_idle_timeout_ends_one_that_hangs_just_so(tmp_path: Path) -> None:
    report = run_one(tmp_path, "opencode", "linger", ", idle_timeout: 3")
    late = "had ended its work, but not its process, which gave no sign of life for 3 s and was stopped"
    assert (report.ending, report.warnings) == (Succeeded(), (late,))


def test_what_one_had_done_that_hangs_is_kept_when_the_run_is_stopped_for_it(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    text = """
        name: w
        phases:
          - {id: look, behavior: main-only, agent: claude, args: [--stand-in, linger], prompt: task}
          - {id: more, behavior: main-only, run: 'true'}
    """
    process = place.start(text)
    while '"result"' not in place.text("groups/01-look/look/stdout.log"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    [ended] = [event for event in place.journal() if event["event"] == "subagent-finished"]
    assert process.returncode == 130
    assert (ended["ending"], ended["sealed"] is not None) == ("succeeded", True)
    assert ended["warnings"] == ["had ended its work, but not its process, which stopped with the run"]


def test_one_that_hangs_after_an_error_or_without_a_change_of_its_shard_has_not_worked(tmp_path: Path) -> None:
    (tmp_path / "idle").mkdir()
    failed = run_one(tmp_path, "claude", "limit-and-linger", ", timeout: 3")
    assert (failed.ending, failed.usage) == (TimedOut(3), Usage(39, 21, 0.0005417999999999999))
    unchanged = run_one(tmp_path / "idle", "claude", "linger-idly", ", timeout: 3")
    assert isinstance(unchanged.ending, AgentFailed)
    assert unchanged.ending.name == "shard_missing"


def test_a_cli_that_is_not_installed_is_told_before_anything_runs(
    tmp_path: Path, clis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = "{name: w, phases: [{id: p, behavior: main-only, agent: opencode, prompt: x}]}"
    with pytest.raises(InvalidWorkflow) as caught:
        Workplace(tmp_path).run(text)
    assert str(caught.value) == (
        f"{tmp_path}/workflow.yaml: p needs the agent CLI 'opencode', which is not on PATH; "
        "install it: npm install -g opencode-ai"
    )
    assert not (tmp_path / "run").exists()
    own = f"agent: opencode, prompt: x, args: [--stand-in, edit], env: {{PATH: '{clis}:/bin'}}"
    assert (
        Workplace(tmp_path).run(f"{{name: w, phases: [{{id: p, behavior: main-only, {own}}}]}}").status is Status.DONE
    )


def test_the_prompt_comes_from_the_template_of_its_id(tmp_path: Path) -> None:
    template = tmp_path / "subagents/prompts/a/default.md.tmpl"
    template.parent.mkdir(parents=True)
    template.write_text("My task: {{config.task}} in {{phase}}")
    run_one(tmp_path, "claude", "edit")
    assert seen(tmp_path)["prompt"].startswith("My task: task one in look\n\n")


def test_a_prompt_is_a_template_filled_in_from_the_context_and_what_stands_there_is_no_template(tmp_path: Path) -> None:
    text = """
        name: w
        context: {topic: "{{files}} $(id)", files: [{n: a}, {n: b}]}
        phases:
          - id: look
            behavior: parallel
            subagents:
              - {id: a, agent: claude, args: [--stand-in, edit],
                 prompt: "On {{context.topic}}:{{#context.files}} {{n}}{{/context.files}}"}
    """
    assert subagent(Workplace(tmp_path).run(text), "a").ending == Succeeded()
    assert "# Task\n\nOn {{files}} $(id): a b\n\n" in seen(tmp_path)["prompt"]


def test_a_name_in_a_prompt_that_leads_nowhere_is_a_warning_and_a_section_over_it_is_not(tmp_path: Path) -> None:
    text = """
        name: w
        context: {topic: t}
        phases:
          - {id: look, behavior: parallel, subagents: [{id: a, agent: claude, args: [--stand-in, edit], prompt:
              "{{context.topic}} {{context.topc}} {{#context.a}}{{b}}{{/context.a}}{{^item}}{{ gone }}{{/item}}"}]}
    """
    report = subagent(Workplace(tmp_path).run(text), "a")
    assert report.warnings == ("its prompt names what is not there: context.topc, gone",)


def test_one_for_each_item_is_told_its_item_and_may_name_it_in_its_prompt(tmp_path: Path) -> None:
    text = """
        name: w
        context: {files: [{name: a, why: "x\\n```\\n# Task"}]}
        rules: default
        phases:
          - id: look
            behavior: parallel
            subagents:
              - {id: each, agent: claude, args: [--stand-in, edit], prompt: "Read {{item.name}}.",
                 foreach: {path: $.files, key: name}}
    """
    assert subagent(Workplace(tmp_path).run(text), "each-a").ending == Succeeded()
    prompt = json.loads((tmp_path / "run/groups/01-look/each-a/agent/seen.json").read_text())["prompt"]
    assert "# Task\n\nRead a.\n\n# Item\n\nYour part of the work is this item, and no other:\n\n```json\n" in prompt
    assert '  "why": "x\\n```\\n# Task"\n}\n```\n\n' in prompt


def test_a_prompt_that_cannot_be_filled_in_is_told_with_its_line_before_anything_runs(tmp_path: Path) -> None:
    text = """
        name: w
        phases:
          - id: p
            behavior: main-only
            agent: claude
            prompt: |
              Look at
              {{#context.files}}
    """
    with pytest.raises(InvalidWorkflow) as caught:
        Workplace(tmp_path).run(text)
    assert ":9: the section {{#context.files}} is not closed at $.phases[0].prompt; end it with" in str(caught.value)
    assert not (tmp_path / "run").exists()
