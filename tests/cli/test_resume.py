"""`shardflow resume` as a person calls it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.cli.shell import shardflow
from tests.cli.workflows import adding, write_workflow


def failed_run(folder: Path) -> str:
    """Make a run that fails until `fixed` exists; give its name."""
    write_workflow(folder / "w.yaml", fine=adding(a=1), bad="[ -e fixed ]")
    assert shardflow("run", "w.yaml", cwd=folder).returncode == 1
    (folder / "fixed").touch()
    return os.listdir(folder / ".shardflow/runs")[0]


def test_resume_goes_on_with_the_last_run_that_is_not_done(tmp_path: Path) -> None:
    name = failed_run(tmp_path)
    ended = shardflow("resume", cwd=tmp_path)
    assert ended.returncode == 0
    assert f"run directory .shardflow/runs/{name}, start 2" in ended.stdout
    assert "  fine: kept from an earlier start" in ended.stdout
    assert "done: 1 subagent and 1 kept from an earlier start in 1 phase" in ended.stdout
    again = shardflow("resume", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert "no run in .shardflow/runs is left to resume" in again.stderr


def test_a_run_that_did_not_end_well_says_how_to_go_on(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", bad="false")
    ended = shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.stdout.endswith("go on:         shardflow resume run\n")


def test_a_run_in_conflict_says_that_somebody_has_to_decide_before_it_can_go_on(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", a=adding(n=1), b=adding(n=2))
    ended = shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path)
    decide = "decide:        shardflow merge run --interactive\n"
    assert (ended.returncode, ended.stdout.endswith(decide)) == (3, True)
    assert shardflow("runs", "show", "run", cwd=tmp_path).stdout.endswith(decide)
    workflow = json.loads((tmp_path / "w.yaml").read_text())
    workflow["phases"].append({"id": "later", "behavior": "main-only", "run": "true"})
    (tmp_path / "w.yaml").write_text(json.dumps(workflow))
    assert shardflow("run", "w.yaml", "--run-dir", "longer", cwd=tmp_path).stdout.endswith(
        decide.replace("run", "longer")
    )
    assert shardflow("merge", "longer", "--resolve", "$.n=a", cwd=tmp_path).returncode == 0
    told = shardflow("runs", "show", "longer", cwd=tmp_path).stdout
    assert told.endswith("go on:         shardflow resume longer\n")


def test_resume_takes_a_name_or_a_path_and_gives_programs_one_object(tmp_path: Path) -> None:
    name = failed_run(tmp_path)
    for run in (name, f".shardflow/runs/{name}"):
        told = json.loads(shardflow("resume", run, "--json", "--rerun", "fine", cwd=tmp_path).stdout)
        assert (told["status"], told["exit_code"], told["notes"]) == ("done", 0, [])
    [group] = told["phases"][0]["groups"]
    assert {subagent["id"]: subagent["kept"] for subagent in group["subagents"]} == {"fine": False, "bad": True}


def test_a_workflow_that_was_moved_is_named(tmp_path: Path) -> None:
    failed_run(tmp_path)
    (tmp_path / "w.yaml").rename(tmp_path / "moved.yaml")
    ended = shardflow("resume", cwd=tmp_path)
    assert ended.returncode == 2
    assert "say where the workflow stands now: --workflow FILE" in ended.stderr
    assert shardflow("resume", "--workflow", "moved.yaml", cwd=tmp_path).returncode == 0
    assert (
        shardflow("resume", "--rerun", "fine", os.listdir(tmp_path / ".shardflow/runs")[0], cwd=tmp_path).returncode
        == 0
    )


def test_a_run_goes_on_at_another_place_with_everything_it_was_given(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "c.json").write_text('{"a": 1}')
    (here / "r.yaml").write_text("rules: [{path: $.a, strategy: sum}]")
    write_workflow(here / "w.yaml", fine=adding(a=2), bad="[ -e fixed ]")
    given = ["--context", "c.json", "--rules", "r.yaml", "--run-dir", "run"]
    assert shardflow("run", "w.yaml", *given, cwd=here).returncode == 1
    here.rename(there)
    (there / "fixed").touch()
    ended = shardflow("resume", "there/run", "--workflow", "there/w.yaml", cwd=tmp_path)
    assert (ended.returncode, "say where the context stands now: --context FILE" in ended.stderr) == (2, True)
    now = ["--workflow", "there/w.yaml", "--context", "there/c.json", "--rules", "there/r.yaml"]
    ended = shardflow("resume", "there/run", *now, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "fine: kept from an earlier start" in ended.stdout
    assert json.loads((there / "c.json").read_text())["a"] == 2
    assert not here.exists()


def test_what_a_run_was_never_given_cannot_stand_elsewhere(tmp_path: Path) -> None:
    name = failed_run(tmp_path)
    for option in ("--context", "--rules"):
        ended = shardflow("resume", name, option, "default", cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert f"the run was started without {option}" in ended.stderr


def test_what_decides_at_checkpoints_is_refused_by_a_run_that_has_none_as_when_it_was_started(tmp_path: Path) -> None:
    failed_run(tmp_path)
    for option, words in (("--yes", ["--yes"]), ("--answers", ["--answers", "nowhere.yaml"])):
        told = f"{option} is for workflows of the dialect, and this one uses nothing of it\n"
        for command in (["run", "w.yaml"], ["resume"]):
            ended = shardflow(*command, *words, cwd=tmp_path)
            assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow {command[0]}: {told}")


def test_an_id_that_two_phases_have_is_offered_once(tmp_path: Path) -> None:
    phase = "{id: %s, behavior: parallel, subagents: [{id: same, run: 'true'}]}"
    (tmp_path / "w.yaml").write_text(f"{{name: w, phases: [{phase % 'p'}, {phase % 'q'}]}}")
    assert shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path).returncode == 0
    ended = shardflow("resume", "run", "--rerun", "other", cwd=tmp_path)
    assert ended.stderr == "shardflow resume: no subagent 'other'; known are same\n"


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    for run in ("nowhere", "."):
        ended = shardflow("resume", run, cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (2, "")
        why = "it does not exist; 'shardflow runs' lists runs" if run == "nowhere" else "it has no run.json"
        assert f"is no run directory: {why}\n" in ended.stderr


def test_a_run_whose_journal_is_gone_cannot_go_on_and_says_what_next(tmp_path: Path) -> None:
    run = tmp_path / ".shardflow/runs" / failed_run(tmp_path)
    (run / "events.jsonl").unlink()
    before = sorted(run.rglob("*"))
    ended = shardflow("resume", run.name, cwd=tmp_path)
    told = f"{run}/events.jsonl does not exist, and only it knows what the run has finished; start a new run"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"shardflow resume: {told}\n")
    assert sorted(run.rglob("*")) == before


def test_shards_reused_from_other_runs_are_told_one_by_one_while_they_are_few_and_summed_up_otherwise(
    tmp_path: Path,
) -> None:
    for number in (2, 4):
        write_workflow(tmp_path / "w.yaml", **{f"s{n}": adding(**{f"s{n}": n}) for n in range(number)})
        assert shardflow("run", "w.yaml", "-q", "--run-dir", f"runs/of-{number}", cwd=tmp_path).returncode == 0
    write_workflow(tmp_path / "w.yaml", **{f"s{n}": adding(**{f"s{n}": n}) for n in range(3)})
    few = shardflow("run", "w.yaml", "-q", "--reuse", "--run-dir", "runs/few", cwd=tmp_path)
    assert few.stderr.splitlines() == [
        f"note: work/s{n}: reused the shard that run of-4 sealed for the same content" for n in range(3)
    ]
    shutil.rmtree(tmp_path / "runs/few")
    shutil.rmtree(tmp_path / "runs/of-4/groups/01-work/s0")
    write_workflow(tmp_path / "w.yaml", **{f"s{n}": adding(**{f"s{n}": n}) for n in range(4)})
    many = shardflow("run", "w.yaml", "--json", "--reuse", "--run-dir", "runs/many", cwd=tmp_path)
    assert (
        many.stderr == "note: 4 shards are reused that other runs sealed for the same content: 3 of of-4, 1 of of-2\n"
    )
    [phase] = json.loads(many.stdout)["phases"]
    told = [one["reused_from"] for group in phase["groups"] for one in group["subagents"]]
    assert told == ["of-2", "of-4", "of-4", "of-4"]
    journal = [json.loads(line) for line in (tmp_path / "runs/many/events.jsonl").read_text().splitlines()]
    assert [line["reused_from"] for line in journal if "reused_from" in line] == told
