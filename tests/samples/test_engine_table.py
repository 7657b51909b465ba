"""The sample engine-table: what subagents deliver; how long it takes is measured in tests/benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples.runs import SAMPLES, run_sample

EXPECTED = (SAMPLES / "engine-table/expected/context.json").read_bytes()

TABLE = {
    "five-by-ten": ["researcher", "architect", "developer", "tester", "writer"],
    "three-by-five": ["developer", "tester", "writer"],
    "one-by-five": ["developer"],
}


@pytest.mark.parametrize("at_a_time", ["1", "16"])
@pytest.mark.parametrize("workflow", TABLE)
def test_every_subagent_delivers_and_none_is_lost(workflow: str, at_a_time: str, tmp_path: Path) -> None:
    options = ("--max-parallel", at_a_time)
    run = run_sample(f"engine-table/{workflow}.yaml", tmp_path / "run", *options, ENGINE_TABLE_SECONDS="0.1")

    assert run.exit_code == 0, run.errors
    assert run.context["subagents_done"] == len(TABLE[workflow])
    assert [it["subagent"] for it in run.context["deliverables"]] == TABLE[workflow]
    assert workflow != "five-by-ten" or run.context_bytes == EXPECTED
    for delivered in run.context["deliverables"]:
        assert delivered["subagent"] in (run.folder / delivered["file"]).read_text(encoding="utf-8")
