"""The folder of a feature: nothing leads out of it, and what stood there is kept."""

from __future__ import annotations

import json
import os

import pytest

from shardflow.errors import StorageError
from shardflow.execution.reporting.report import Status
from tests.execution.staging.features import FeaturePlace, problems

pytestmark = pytest.mark.needs("jq", "node")


@pytest.mark.parametrize("path", ["../x.md", "/etc/x.md", "a/../../x.md", 5])
def test_what_a_script_returns_never_leads_out_of_the_folder(feature: FeaturePlace, path: object) -> None:
    report = feature.run(
        f"""
        name: hostile
        phases:
        - id: p
          execution_mode: adaptive
          behavior: parallel
          subagents: {{adaptive: {{script: 'return [{{type: "a", config: {{output_path: {json.dumps(path)}}}}}]'}}}}
        """
    )
    assert (report.exit_code, feature.ran) == (1, [])
    assert "what subagents.adaptive.script of phase 'p' returned" in problems(report)[0]


def test_a_link_in_the_folder_is_not_followed_out_of_it(feature: FeaturePlace) -> None:
    outside = feature.folder / "outside"
    outside.mkdir()
    feature.output.mkdir(parents=True)
    os.symlink(outside, feature.output / "a")
    report = feature.run(
        "name: l\nphases: [{id: p, behavior: parallel, subagents: [{type: t, config: {output_path: a/x.md}}]}]"
    )
    assert (report.exit_code, list(outside.iterdir())) == (1, [])


def test_a_feature_whose_folder_leads_elsewhere_is_refused(feature: FeaturePlace) -> None:
    (feature.folder / ".temp").mkdir()
    os.symlink("/tmp", feature.output)
    with pytest.raises(StorageError, match="symbolic link"):
        feature.run("name: l\nphases: [{id: p, behavior: main-only, main_agent: {script: return}}]")


def test_a_second_run_of_a_feature_starts_anew_and_keeps_what_stood_there(feature: FeaturePlace) -> None:
    text = "name: twice\nphases: [{id: p, behavior: parallel, subagents: [{type: a}]}]"
    feature.run(text)
    first = feature.context
    assert feature.run(text).status is Status.DONE
    assert feature.context["subagents_spawned"] == 1
    assert json.loads((feature.run_dir / "former-context.json").read_bytes()) == first


@pytest.mark.parametrize("template", ["final.md", "sub/final.md"])
def test_a_final_template_is_found_beside_the_workflow_and_one_that_is_missing_is_a_note(
    feature: FeaturePlace, template: str
) -> None:
    text = f"""
        name: final
        phases: [{{id: p, behavior: main-only, run: 'true'}}]
        finalization: {{template: {template}, output: out/final.md}}
        """
    report = feature.run(text)
    assert (report.status, report.notes) == (
        Status.DONE,
        (f"finalization: there is no template {template}, so out/final.md is not written",),
    )
    place = feature.folder / template
    place.parent.mkdir(exist_ok=True)
    place.write_text("{{feature_name}} {{nothing}}")
    report = feature.run(text)
    assert (feature.output / "out/final.md").read_text() == "shop "
    assert report.notes[0].endswith("names what is not there: nothing")


def test_what_stood_there_may_be_no_context_and_a_run_that_died_before_writing_its_own_goes_on_over_it(
    feature: FeaturePlace,
) -> None:
    feature.output.mkdir(parents=True)
    context = feature.output / "context.json"
    context.write_text("torn {")
    text = "name: over\nphases: [{id: p, behavior: parallel, subagents: [{type: a}]}]"
    assert feature.run(text).status is Status.DONE
    context.write_text("torn {")
    assert feature.resume().status is Status.DONE
    assert feature.context["subagents_spawned"] == 1
