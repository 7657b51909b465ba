"""`shardflow run` as a person or a program calls it: real processes, real files, what is printed where."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shardflow import __version__
from tests.cli.shell import COMMAND, ENVIRONMENT, reader_that_left, shardflow
from tests.cli.workflows import adding, write_workflow

EVIL = "\x1b]0;owned\x07\x9b31m\u202e"


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    lines = "; ".join(f"echo line {number} >&2" for number in range(1, 13))
    return write_workflow(tmp_path / "failing.yaml", fine=adding(a=1), broken=f"{lines}; exit 7")


@pytest.fixture
def torn_between(tmp_path: Path) -> Path:
    return write_workflow(tmp_path / "torn.yaml", left=adding(status="open"), right=adding(status="closed"))


def test_a_run_tells_each_step_in_a_line_and_sums_up(good: Path) -> None:
    ended = shardflow("run", good.name, "--run-dir", "out", cwd=good.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = [re.sub(r"[0-9.]+ s\b", "N s", line) for line in ended.stdout.splitlines()]
    assert lines[:2] == ["good: 1 phase, run directory out", "work: 2 subagents in parallel, at most 16 at a time"]
    steps = ["  one: started", "  one: succeeded (N s)", "  two: started", "  two: succeeded (N s)"]
    assert sorted(lines[2:6]) == steps
    assert lines[6] == "  01-work: merged, 2 changes (2 applied)"
    assert lines[7] == "done: 2 subagents in 1 phase, N s"
    assert re.fullmatch(r"subagent time: N s(, [0-9.]+ at once on average)?", lines[8])
    assert lines[9:] == [
        "changes:       2 changes (2 applied)",
        "context:       out/context.json",
        "run directory: out",
        "merge again:   shardflow merge out",
    ]
    assert json.loads((good.parent / "out/context.json").read_text()) == {"a": 1, "b": [2]}


def test_where_nothing_was_merged_no_merge_is_offered_again(failing: Path, torn_between: Path) -> None:
    offered = ["merge again:" in shardflow("run", one.name, cwd=one.parent).stdout for one in (failing, torn_between)]
    assert offered == [False, True]


def test_the_merge_of_a_run_can_be_repeated_as_the_summary_says(good: Path) -> None:
    told = shardflow("run", good.name, cwd=good.parent).stdout
    [again] = re.findall(r"merge again:   shardflow (merge .*)", told)
    ended = shardflow(*again.split(), cwd=good.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "01-work: same bytes (sha256 " in ended.stdout
    assert "$.b" in ended.stdout


def test_a_repeated_merge_names_the_file_that_was_altered(good: Path) -> None:
    shardflow("run", good.name, "--run-dir", "out", cwd=good.parent)
    shard = good.parent / "out/groups/01-work/two/context-two.json"
    shard.write_text('{"b": [3]}')
    ended = shardflow("merge", "out", cwd=good.parent)
    assert ended.returncode == 1
    assert "01-work: altered since the run:\n  out/groups/01-work/two/context-two.json: altered since\n" in ended.stdout
    told = json.loads(shardflow("merge", "out", "--json", cwd=good.parent).stdout)
    assert (told["status"], told["exit_code"], told["groups"][0]["status"]) == ("altered", 1, "altered")


def test_quiet_prints_nothing_when_all_is_well(good: Path) -> None:
    ended = shardflow("run", good.name, "--quiet", cwd=good.parent)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_json_is_one_object_with_the_documented_keys(good: Path) -> None:
    ended = shardflow("run", good.name, "--json", "--run-dir", "out", cwd=good.parent)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    assert list(told) == [
        *("status", "exit_code", "workflow", "run_dir", "context_file", "seconds", "subagent_seconds", "counts"),
        *("phases", "problems", "notes"),
    ]
    assert (told["status"], told["exit_code"], told["workflow"]) == ("done", 0, "good")
    assert told["counts"] == {"applied": 2, "agreed": 0, "combined": 0, "superseded": 0, "conflict": 0}
    [phase] = told["phases"]
    assert list(phase) == ["id", "behavior", "status", "seconds", "groups", "skipped", "problems"]
    [group] = phase["groups"]
    assert list(group) == [
        "name",
        "status",
        "seconds",
        "folder",
        "counts",
        "conflicts",
        "problems",
        "kept",
        "stale_reads",
        "subagents",
        "arbiters",
    ]
    assert [subagent["id"] for subagent in group["subagents"]] == ["one", "two"]
    assert list(group["subagents"][0]) == (
        [
            "id",
            "rank",
            "ending",
            "detail",
            "seconds",
            "tries",
            "shard_file",
            "stdout_file",
            "stderr_file",
            "warnings",
            "kept",
            "engine_made",
        ]
    )
    assert json.loads(Path(told["context_file"]).read_text()) == {"a": 1, "b": [2]}


def test_a_failed_subagent_is_told_with_its_last_words_and_where_they_are(failing: Path) -> None:
    ended = shardflow("run", failing.name, "--quiet", "--run-dir", "out", cwd=failing.parent)
    assert (ended.returncode, ended.stdout) == (1, "")
    told = re.sub(r"after [0-9.]+ s", "after N s", ended.stderr)
    shown = "".join(f"    | line {number}\n" for number in range(3, 13))
    folder = "out/groups/01-work/broken"
    assert told == (
        "failed: broken (phase work): exited with code 7, after N s\n"
        f"  last lines of stderr.log:\n{shown}"
        f"  shard:  {folder}/context-broken.json\n"
        f"  stdout: {folder}/stdout.log\n"
        f"  stderr: {folder}/stderr.log\n"
    )


def test_a_failed_subagent_that_only_wrote_to_standard_output_is_quoted_from_there(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", broken="echo last words; exit 1")
    assert "  last lines of stdout.log:\n    | last words\n" in shardflow("run", "w.yaml", cwd=tmp_path).stderr


def test_of_many_failures_the_first_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", **{f"s{number}": "exit 1" for number in range(13)})
    told = shardflow("run", "w.yaml", "--quiet", cwd=tmp_path).stderr
    assert told.count("failed: s") == 10
    assert "… and 3 more failed subagents, in " in told


def test_a_run_that_failed_though_no_subagent_did_counts_what_did(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", meddler="echo '{}' > c.json", other="true")
    (tmp_path / "c.json").write_text('{"n": 1}\n')
    ended = shardflow("run", "w.yaml", "--context", "c.json", cwd=tmp_path)
    assert ended.returncode == 1
    assert "problem: work: " in ended.stderr
    assert "\nfailed: 1 problem; 2 subagents in 1 phase, " in ended.stdout


def test_the_summary_counts_the_failures_that_are_allowed(tmp_path: Path) -> None:
    allowed = {"allow_failure": True}
    one, two = {"id": "one", "run": "exit 3", **allowed}, {"id": "two", "run": "exit 4", **allowed}
    phase = {"id": "work", "behavior": "parallel", "subagents": [one, two, {"id": "fine", "run": "true"}]}
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": [phase]}))
    ended = shardflow("run", "w.yaml", cwd=tmp_path)
    assert ended.returncode == 0
    assert re.search(r"^done: 3 subagents in 1 phase, [0-9.]+ s; 2 failures allowed$", ended.stdout, re.MULTILINE)


def test_a_conflict_is_told_with_all_candidates_and_exits_with_3(torn_between: Path) -> None:
    here = torn_between.parent
    (here / "c.json").write_text('{"status": "new"}')
    arguments = ["run", torn_between.name, "--context", "c.json", "--run-dir", "out"]
    ended = shardflow(*arguments, cwd=here)
    assert ended.returncode == 3
    assert ended.stderr.startswith("conflict: work: $.status\n  ")
    assert (
        '\n  base:           "new"\n  left (rank 0):  "open"\n  right (rank 1): "closed"\n  rule: default\n'
    ) in ended.stderr
    assert '\n    - {path: \'$.status\', strategy: {prefer: ["left", "right"]}}\n' in ended.stderr
    assert "the shards are kept in out/groups/01-work; decide about the conflicts at a terminal with\n" in ended.stderr
    assert "\n  shardflow merge out --interactive\n" in ended.stderr
    assert (
        "  01-work: 1 unresolved conflict, nothing merged\nconflict: 1 conflict to decide; 2 subagents in 1 phase, "
        in ended.stdout
    )
    assert (here / "c.json").read_text() == '{"status": "new"}'
    again = shardflow("merge", "out", cwd=here)
    assert again.returncode == 3
    assert "01-work: same bytes: the same conflicts, nothing merged" in again.stdout


def test_the_rule_that_a_conflict_offers_settles_it_in_the_next_run(torn_between: Path) -> None:
    told = shardflow("run", torn_between.name, cwd=torn_between.parent).stderr
    [line] = [line for line in told.splitlines() if line.startswith("    - {")]
    (torn_between.parent / "rules.yaml").write_text(f"rules:\n{line}\n")
    ended = shardflow("run", torn_between.name, "--rules", "rules.yaml", "--run-dir", "out", cwd=torn_between.parent)
    assert ended.returncode == 0
    assert json.loads((torn_between.parent / "out/context.json").read_text()) == {"status": "open"}


def test_json_of_a_conflict_has_every_candidate(torn_between: Path) -> None:
    ended = shardflow("run", torn_between.name, "--json", cwd=torn_between.parent)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (3, "conflict", 3)
    [conflict] = told["phases"][0]["groups"][0]["conflicts"]
    assert conflict["path"] == "$.status"
    assert [(change["shard"], change["after"]) for change in conflict["changes"]] == [
        ("left", "open"),
        ("right", "closed"),
    ]


def test_a_context_that_another_run_holds_is_an_error_with_its_process(good: Path) -> None:
    slow = write_workflow(good.parent / "slow.yaml", waiter="touch started; sleep 60")
    arguments = [*COMMAND, "run", slow.name, "--context", "c.json", "--quiet"]
    with subprocess.Popen(arguments, cwd=good.parent, env=ENVIRONMENT) as running:
        wait_for(good.parent / "started")
        ended = shardflow("run", good.name, "--context", "c.json", "--json", cwd=good.parent)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    assert (ended.returncode, json.loads(ended.stdout)["status"]) == (1, "error")
    assert f"process {running.pid}" in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_stops_its_children_and_says_so(tmp_path: Path, number: int, code: int) -> None:
    write_workflow(tmp_path / "w.yaml", waiter="touch started; sleep 60")
    arguments = [*COMMAND, "run", "w.yaml", "--run-dir", "out"]
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        wait_for(tmp_path / "started")
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == code
    assert f"{signal.Signals(number).name}: stopping 1 subagent (the next signal kills)\n" in stdout
    assert "\ninterrupted: 1 subagent in 1 phase, " in stdout
    assert "work: 1 subagent stopped with the run\n" in stderr
    assert "Traceback" not in stderr


def test_a_second_signal_kills_what_the_first_could_not_stop(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", deaf="trap '' TERM; touch started; while :; do sleep 0.1; done")
    arguments = [*COMMAND, "run", "w.yaml"]
    with subprocess.Popen(arguments, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        wait_for(tmp_path / "started")
        running.send_signal(signal.SIGINT)
        told = next(line for line in running.stdout if "SIGINT" in line)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert told == "  SIGINT: stopping 1 subagent (the next signal kills)\n"
    assert rest.startswith("  SIGINT: killing 1 subagent\n")
    assert running.returncode == 130


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


def test_a_reader_that_leaves_stops_neither_the_run_nor_says_anything(good: Path) -> None:
    with reader_that_left() as stdout:
        ended = shardflow("run", good.name, "--run-dir", "out", cwd=good.parent, stdout=stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((good.parent / "out/context.json").read_text()) == {"a": 1, "b": [2]}


def test_a_full_disk_behind_the_log_does_not_stop_the_run_but_is_told(good: Path) -> None:
    with open("/dev/full", "w") as stdout:
        ended = shardflow("run", good.name, "--run-dir", "out", cwd=good.parent, stdout=stdout)
    assert ended.returncode == 1
    assert ended.stderr == ("shardflow: standard output cannot be written: no space left on device\n")
    assert (good.parent / "out/context.json").exists()


def test_hostile_logs_and_values_reach_no_terminal_as_they_are(tmp_path: Path) -> None:
    evil = json.dumps(EVIL, ensure_ascii=False)
    written = "printf '%s' '{\"k\": " + json.dumps(EVIL) + "}' > $SHARDFLOW_SHARD"
    write_workflow(tmp_path / "w.yaml", left=written, right=adding(k="other"))
    write_workflow(tmp_path / "f.yaml", loud=f"printf '%s\\n' {evil} >&2; exit 1")
    for name, code in (("w.yaml", 3), ("f.yaml", 1)):
        ended = shardflow("run", name, cwd=tmp_path)
        assert ended.returncode == code
        assert "owned" in ended.stderr
        assert (ended.stdout + ended.stderr).replace("\n", "").isprintable()


def test_an_internal_error_is_one_line_and_its_details_are_kept(good: Path) -> None:
    hook = good.parent / "sitecustomize.py"
    hook.write_text("import shardflow.execution.run as run\nrun.Interrupts = None\n")
    odd = {"PYTHONPATH": f"{good.parent}:{ENVIRONMENT['PYTHONPATH']}", "TMPDIR": str(good.parent)}
    ended = shardflow("run", good.name, cwd=good.parent, environment=odd)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith("shardflow: internal error, please report it: TypeError: ")
    [kept] = re.findall(r"\(details in (.*)\)$", line)
    assert "Traceback" in Path(kept).read_text()
    ended = shardflow("run", good.name, "--json", cwd=good.parent, environment=odd)
    assert (json.loads(ended.stdout)["status"], ended.returncode) == ("error", 1)
    debugged = shardflow("run", good.name, cwd=good.parent, environment={**odd, "SHARDFLOW_DEBUG": "1"})
    assert debugged.returncode == 1
    assert debugged.stderr.startswith("Traceback")


@pytest.mark.parametrize(
    ("taken", "gone", "merged_again"),
    [('"$SHARDFLOW_RUN_DIR"', "out", False), ('"$SHARDFLOW_RUN_DIR/events.jsonl"', "out/events.jsonl", True)],
)
def test_a_run_that_cannot_go_on_since_its_files_are_gone_says_so(
    tmp_path: Path, taken: str, gone: str, merged_again: bool
) -> None:
    phases = [
        {"id": "one", "behavior": "main-only", "run": "true"},
        {"id": "two", "behavior": "main-only", "run": f"rm -r {taken}"},
    ]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": phases}))
    ended = shardflow("run", "w.yaml", "--run-dir", "out", cwd=tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1] == f"no way on:     {gone} is gone; start a new run"
    assert ("merge again: " in ended.stdout) is merged_again
    assert shardflow("resume", "out", cwd=tmp_path).returncode == 2
    assert (shardflow("merge", "out", cwd=tmp_path).returncode == 0) is merged_again


def test_a_locale_that_knows_ascii_only_changes_nothing(tmp_path: Path) -> None:
    """Python itself turns to UTF-8 there, unless PYTHONUTF8=0 forbids it."""
    (tmp_path / "wä.yaml").write_text(
        "name: wä\nphases:\n"
        "- {id: p, behavior: main-only, run: 'cp ü.json \"$SHARDFLOW_SHARD\"; echo ß >&2; exit $N'}\n",
        "utf-8",
    )
    (tmp_path / "ü.json").write_text('{"ü": 1}', "utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    failed = shardflow("run", "wä.yaml", "--run-dir", "é", cwd=tmp_path, environment={**ascii_only, "N": "3"})
    assert (failed.returncode, "    | ß" in failed.stderr) == (1, True), failed.stderr
    assert failed.stdout.endswith("go on:         shardflow resume 'é'\n")
    assert shardflow("resume", "é", cwd=tmp_path, environment={**ascii_only, "N": "0"}).returncode == 0
    told = shardflow("blame", "é", "$.ü", cwd=tmp_path, environment=ascii_only)
    assert (told.returncode, "$['ü']" in told.stdout or "$.ü" in told.stdout) == (0, True)


def test_a_python_function_knows_other_letters_there_too(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("{name: w, phases: [{id: p, behavior: main-only, python: 'tü:größe'}]}", "utf-8")
    (tmp_path / "tü.py").write_text("def größe(context):\n    print('ß')\n    return {'ü': 1}\n", "utf-8")
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    ended = shardflow("run", "w.yaml", "--run-dir", "out", cwd=tmp_path, environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out/context.json").read_text("utf-8") == '{\n  "ü": 1\n}\n'
    assert (tmp_path / "out/groups/01-p/p/stdout.log").read_text("utf-8") == "ß\n"


def test_where_python_cannot_begin_anew_it_goes_on_as_it_is(tmp_path: Path) -> None:
    program = "import sys; sys.executable = '/nowhere/python'; from shardflow.cli import main; main()"
    environment = {**ENVIRONMENT, "LC_ALL": "C", "PYTHONUTF8": "0"}
    line = [sys.executable, "-c", program, "--version"]
    ended = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"shardflow {__version__}\n", "")
