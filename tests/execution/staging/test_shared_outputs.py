"""Two that write one output of a phase overwrite each other: whoever comes later says so."""

from __future__ import annotations

import pytest

from shardflow.execution.reporting.report import RunReport, Status
from tests.execution.staging.features import FeaturePlace

pytestmark = pytest.mark.needs("jq", "node")


@pytest.mark.parametrize(
    "later", ["subagents: {always: ALWAYS, adaptive: {script: 'return RETURNED'}}", "gap_check: {script: 'return GAP'}"]
)
def test_who_is_spawned_by_a_script_and_writes_over_an_output_of_its_phase_says_so(
    feature: FeaturePlace, later: str
) -> None:
    always = "[{type: scan}, {type: deep, config: {output_path: own.md}}]"
    returned = '[{type: "scan"}, {type: "deep"}, {type: "x", config: {output_path: "{{output_dir}}/own.md"}}]'
    gap = f'{{status: "incomplete", action: "spawn_additional", additionalAgents: {returned}}}'
    later = later.replace("ALWAYS", always).replace("RETURNED", returned).replace("GAP", gap)
    listed = "execution_mode: adaptive" if "always" in later else f"subagents: {always}"
    report = feature.run(
        f"""
        name: over
        phases:
        - id: look
          behavior: parallel
          {listed}
          {later}
        """
    )
    assert report.status is Status.DONE
    over = "by which what {} wrote before it in this phase is overwritten; give each an output_path of its own"
    warned = warnings_of(report)
    assert warned == [
        ("scan", f"its output is {feature.output}/scan.md, {over.format('scan')}"),
        ("x", f"its output is {feature.output}/own.md, {over.format('deep')}"),
    ]
    journal = [line["warnings"] for line in feature.journal if line.get("warnings")]
    assert journal == [[text] for _, text in warned]


def warnings_of(report: RunReport) -> list[tuple[str, str]]:
    return [(one.id, text) for group in report.groups for one in group.subagents for text in one.warnings]


TWINS = '{type: "x", config: {output_path: "both.md"}}, {type: "y"}, {type: "z", config: {output_path: "./both.md"}}'


@pytest.mark.parametrize(
    ("behavior", "later"),
    [
        ("parallel", "execution_mode: adaptive, subagents: {adaptive: {script: 'return [TWINS]'}}"),
        ("sequential", "execution_mode: adaptive, subagents: {adaptive: {script: 'return [TWINS]'}}"),
        ("parallel", "subagents: [{type: scan}], gap_check: {script: 'return GAP'}"),
    ],
)
def test_two_that_one_script_returned_with_one_output_say_so(feature: FeaturePlace, behavior: str, later: str) -> None:
    gap = '{status: "incomplete", action: "spawn_additional", additionalAgents: [TWINS]}'
    later = later.replace("GAP", gap).replace("TWINS", TWINS)
    report = feature.run(f"name: twins\nphases: [{{id: look, behavior: {behavior}, {later}}}]")
    assert report.status is Status.DONE
    what = {
        "parallel": "where x, which the same script returned, writes at the same time",
        "sequential": "by which what x wrote before it in this phase is overwritten",
    }
    told = f"its output is {feature.output}/both.md, {what[behavior]}; give each an output_path of its own"
    assert warnings_of(report) == [("z", told)]
    assert [line["warnings"] for line in feature.journal if line.get("warnings")] == [[told]]


def test_two_that_left_no_output_overwrote_nothing(feature: FeaturePlace) -> None:
    report = feature.run(
        """
        name: twins
        agents: {default: {run: 'true'}}
        on_missing_output: warn
        phases:
        - id: look
          behavior: parallel
          execution_mode: adaptive
          subagents: {adaptive: {script: 'return [TWINS]'}}
        """.replace("TWINS", TWINS)
    )
    assert report.status is Status.DONE
    missing = f"its output {feature.output}/both.md is not there"
    assert warnings_of(report) == [("x", missing), ("z", missing)]
