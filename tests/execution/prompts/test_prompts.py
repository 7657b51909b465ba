"""The prompt of a type: which template it is made from, what it says without one, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardflow.execution.prompts.prompts import PromptRequest, build_prompt, find_template
from shardflow.model.records import replaced
from shardflow.workflow.model import ShardForm

REQUEST = PromptRequest(
    workflow_name="review",
    subagent_type="scanner",
    phase={"id": "look", "name": "Looking", "description": "Find everything."},
    context={"feature": {"name": "cart"}},
    config={"task": "Scan it.", "model": "m", "depth": 3},
    output_dir="/out",
    output="/out/look/scanner.md",
    shard="/run/context-scanner.json",
)
ENDING = (
    "# What to leave\n\n"
    "The context that all subagents share is the JSON file `/run/context-scanner.json`, your own copy of it. Read "
    "there what you need, and record there what later phases shall know, by editing that file.\n\n"
    "Save your output to the file `/out/look/scanner.md`.\n"
)


def put(folder: Path, name: str, text: str) -> str:
    path = folder / "subagents/prompts/scanner" / f"{name}.md.tmpl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_a_template_is_rendered_with_what_prompts_have_and_ends_with_where_to_save(tmp_path: Path) -> None:
    put(
        tmp_path,
        "default",
        "{{workflow_name}} {{subagent_type}} {{phase}} {{phase.name}} {{context.feature.name}} {{config.depth}} "
        "{{output_dir}} {{gone}}\n\n",
    )
    prompt = build_prompt(REQUEST, [str(tmp_path)])
    assert prompt.text == f"review scanner look Looking cart 3 /out\n\n{ENDING}"
    assert prompt.missing == ("gone",)


def test_the_workflows_own_template_goes_over_a_default_one_and_beside_goes_over_above(tmp_path: Path) -> None:
    beside = tmp_path / "workflows"
    folders = [str(beside), str(tmp_path)]

    def found() -> str | None:
        return find_template("scanner", "review", folders)

    assert found() is None
    assert found() != (above := put(tmp_path, "default", ""))
    assert found() == above
    assert put(beside, "default", "") == found()
    assert put(tmp_path, "review", "") == found()
    assert put(beside, "review", "") == found()
    assert find_template("scanner", "other", folders) == str(beside / "subagents/prompts/scanner/default.md.tmpl")


@pytest.mark.parametrize("name", ["../scanner", "scanner/../scanner", "/etc", "..", ".", "", "a\0b", "a\\b"])
def test_a_name_that_is_no_files_leads_to_no_template(tmp_path: Path, name: str) -> None:
    put(tmp_path, "default", "")
    (tmp_path / "subagents/prompts/default.md.tmpl").write_text("")
    assert find_template(name, "review", [str(tmp_path)]) is None
    assert find_template("scanner", name, [str(tmp_path)]) == str(
        tmp_path / "subagents/prompts/scanner/default.md.tmpl"
    )


def test_without_a_template_the_prompt_says_role_workflow_phase_and_task() -> None:
    assert build_prompt(REQUEST, []).text == (
        "# Role\n\nYou are the subagent `scanner` of the workflow `review`.\n\n"
        "# Phase\n\nLooking (`look`): Find everything.\n\n"
        "# Task\n\nScan it.\n\n"
        '# Configuration\n\n```json\n{\n  "depth": 3\n}\n```\n\n' + ENDING
    )


def test_what_is_not_given_is_not_invented() -> None:
    bare = replaced(REQUEST, config={"context": ["a.py"]}, phase={"id": "look"}, output=None, shard=None)
    assert build_prompt(bare, []).text == (
        "# Role\n\nYou are the subagent `scanner` of the workflow `review`.\n\n"
        "# Phase\n\n`look`\n\n"
        "# Task\n\nDo the work of a `scanner` for this phase, as its name and the phase's description say.\n\n"
        '# What to know\n\n```json\n[\n  "a.py"\n]\n```\n\n'
        "# What to leave\n\nNo output file is expected.\n"
    )


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (ShardForm.PATCH, "as a JSON Merge Patch (RFC 7396) of it in the file `/run/groups/01-p/scanner/context-"),
        (ShardForm.JOURNAL, "by appending lines to the file `/run/groups/01-p/scanner/context-scanner.json`, each one"),
    ],
)
def test_an_agent_whose_shard_is_no_copy_is_told_where_to_read_and_what_to_leave(form: ShardForm, told: str) -> None:
    shard = "/run/groups/01-p/scanner/context-scanner.json"
    text = build_prompt(replaced(REQUEST, form=form, shard=shard), ()).text
    assert told in text
    assert "is the JSON file `/run/groups/01-p/base.json`; read there" in text  # few have a shell to look variables up
    assert "your own copy" not in text
