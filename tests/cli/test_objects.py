"""What `--json` prints: one object whatever comes of a command, as its page says, and the page says nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from shardflow.cli.declarations import all_commands
from shardflow.cli.views.rules.laboratory import check_object
from shardflow.cli.views.running.objects import report_object
from shardflow.storage.json.canonical import canonical_bytes
from tests.cli.scenes import FUNCTION, LINES, OF_A_LAW, OF_AN_AGENT, altered, write_all
from tests.cli.shapes import (
    AllOf,
    Either,
    ListOf,
    MapOf,
    Members,
    Name,
    Seen,
    Shape,
    Word,
    all_members,
    hold,
    misfits,
    printed,
    types,
)
from tests.cli.shell import COMMAND, ENVIRONMENT, shardflow


def told_by(line: list[str], folder: Path) -> dict[str, Any]:
    ended = shardflow(*line, "--json", cwd=folder)
    told: dict[str, Any] = json.loads(ended.stdout)
    assert told["exit_code"] == ended.returncode
    return told


def test_the_page_has_every_member_that_is_printed_and_no_other(tmp_path: Path) -> None:
    write_all(tmp_path)
    seen: Seen = set()
    for line in LINES.split("\n"):
        hold(line.split(), told_by(line.split(), tmp_path), seen)
    hold(["merge"], told_by(["merge", "altered"], altered(tmp_path)), seen)
    hold(["runs", "show"], told_by(["runs", "show", "altered"], tmp_path), seen)
    hold(["run"], report_object(OF_AN_AGENT), seen)
    checked = check_object("r.yaml", OF_A_LAW, [(OF_A_LAW.findings[0], "r.case.yaml")])
    hold(["rules", "check"], {"status": "broken", "exit_code": 1, "files": [checked]}, seen)
    assert {(of, member) for of, member, _ in all_members()} - seen == set()


def test_a_name_has_the_same_kind_of_value_in_every_object() -> None:
    kinds: dict[str, set[frozenset[str]]] = defaultdict(set)
    for _, member, shape in all_members():
        if not any("Json" in kind for kind in kinds_of(shape)):
            kinds[member].add(kinds_of(shape))
    # counts are by outcome, and the shards of a ledger have counts where others are only named
    assert {name for name, found in kinds.items() if len(found) > 1} == {"superseded", "conflict", "shards"}


def kinds_of(shape: Shape) -> frozenset[str]:
    match shape:
        case Name(name) if name in types():
            return kinds_of(types()[name])
        case Name(name):
            return frozenset([name])
        case Word():
            return frozenset(["string"])
        case ListOf(items):
            return frozenset(f"list of {kind}" for kind in kinds_of(items))
        case MapOf():
            return frozenset(["map"])
        case Members() | AllOf():
            return frozenset(["object"])
        case Either(shapes):
            return frozenset().union(*map(kinds_of, shapes))


def test_the_page_names_every_command_that_prints_an_object() -> None:
    able = {one.name for one in all_commands() if "--json" in one.options}
    assert able == set(printed())


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"status": "same", "exit_code": 0, "differences": []}, []),
        ({"status": "equal", "exit_code": 0, "differences": []}, ["$.status: 'equal' is not 'same'"]),
        ({"status": "same", "exit_code": True, "differences": []}, ["$.exit_code: True is no number"]),
        ({"status": "same", "exit_code": 0}, ["$: differences is missing"]),
        ({"status": "same", "exit_code": 0, "differences": [], "new": 1}, ["$: new is on no page"]),
        ({"status": "same", "exit_code": 0, "differences": [{"path": 1}]}, ["$.differences[0].path: 1 is no string"]),
        ({"status": "same", "exit_code": 0, "differences": {}}, ["$.differences: {} is no ListOf"]),
    ],
)
def test_an_object_that_is_not_as_its_page_says_is_noticed(value: Any, told: list[str]) -> None:
    assert misfits(value, Name("Compared")) == told


def test_problems_have_their_place_in_members_and_not_in_words_only(tmp_path: Path) -> None:
    write_all(tmp_path)
    [problem] = told_by(["diff", "bad.json", "a.json"], tmp_path)["problems"]
    assert problem == {
        "file": "bad.json",
        "line": 2,
        "column": 2,
        "path": "$.a",
        "message": "duplicate key 'a' (first on line 1)",
        "hint": "keep one of them",
    }
    (tmp_path / "bad.yaml").write_text("name: w\nphases: [\n")
    [problem] = told_by(["run", "bad.yaml"], tmp_path)["problems"]
    assert (problem["line"], problem["column"], "column" in problem["message"]) == (3, 1, False)


def test_everything_that_cannot_be_read_is_a_problem_of_its_own_with_its_place(tmp_path: Path) -> None:
    write_all(tmp_path)
    told = told_by(["diff", "bad.json", "gone.json"], tmp_path)
    assert (told["status"], told["exit_code"]) == ("error", 2)
    assert [(one["file"], one.get("line")) for one in told["problems"]] == [("bad.json", 2), ("gone.json", None)]
    told = told_by(["rules", "coverage", "default", "--by", "gone", "--by", "lost", "--by", "gone"], tmp_path)
    why = "no case file, no folder of cases and no run directory"
    assert told["problems"] == [{"file": file, "message": why} for file in ("gone", "lost")]


def test_a_run_that_merged_nothing_is_named_where_its_merges_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("{name: w, phases: [{id: p, behavior: main-only, run: 'false'}]}")
    shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path)
    for line in (["case", "save", "run", "x"], ["rules", "coverage", "default", "--by", "run"]):
        [problem] = told_by(line, tmp_path)["problems"]
        assert os.path.basename(problem["file"]) == "run"
        assert problem["message"] == "a run that merged nothing"


@pytest.mark.parametrize(
    ("line", "file", "message"),
    [
        (["run", "gone.yaml"], "gone.yaml", "it does not exist"),
        (["run", "w.yaml", "--context", "."], ".", "a folder, not a regular file"),
        (["run", "w.yaml", "--context", "gone/c.json"], "gone/c.json", "cannot make gone/c.json: its folder does not"),
        (["run", "w.yaml", "--run-dir", "w.yaml"], "{here}/w.yaml", "not a new or empty folder; give the run another"),
        (["run", "w.yaml", "--feature", "f", "--answers", "gone.yaml"], "gone.yaml", "it does not exist"),
        (["resume", "gone"], "{here}/gone", "no run directory: it does not exist; 'shardflow runs' lists runs"),
        (["merge", "gone"], "gone", "merge takes a run directory, a case file, or a base and at least one shard; no"),
        (["merge", "gone.json", "a.json"], "gone.json", "it does not exist"),
        (["merge", "a.json", "gone.json"], "gone.json", "it does not exist"),
        (["blame", "."], ".", "no run directory: it has no run.json"),
        (["diff", "a.json", "gone.json"], "gone.json", "it does not exist"),
        (["runs", "show", "gone"], "{here}/gone", "no run directory: it does not exist; 'shardflow runs' lists runs"),
        (["rules", "check", "default", "--like", "gone.json"], "gone.json", "it does not exist"),
        (["rules", "coverage", "default", "--by", "gone"], "gone", "no case file, no folder of cases and no run"),
        (["case", "save", "gone", "x"], "{here}/gone", "no run directory: it does not exist; 'shardflow runs' lists"),
        (["case", "save", "gone", "a.json"], "a.json", "there already; choose another name"),
        (["rules", "check", "default", "--cases", "a.json"], "a.json", "cannot write cases to a.json: a.json is no fo"),
        (["run", "w.yaml", "--context", "/dev/stdin"], "/dev/stdin", "no file, and a context is written back to its"),
    ],
    ids=str,
)
def test_what_is_refused_is_named_in_a_member_of_its_own(
    tmp_path: Path, line: list[str], file: str, message: str
) -> None:
    write_all(tmp_path)
    (tmp_path / "w.yaml").write_text("{name: w, phases: [{id: p, behavior: main-only, run: 'true'}]}")
    [problem] = told_by(line, tmp_path)["problems"]
    assert problem["file"] == file.format(here=tmp_path)
    assert problem["message"].startswith(message)


@pytest.mark.parametrize(
    "line",
    [
        ["diff", "--json"],
        ["diff", "nowhere.json", "x.json", "--json"],
        ["diff", "--format", "json"],
        ["diff", "nowhere.json", "x.json", "--format=json"],
        ["merge", "--format=json", "--nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_object_too_however_it_is_asked_for(line: list[str], tmp_path: Path) -> None:
    ended = shardflow(*line, cwd=tmp_path)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["status"], told["exit_code"]) == (2, "error", 2)
    assert told["problems"][0]["message"] in ended.stderr


@pytest.mark.parametrize("asked", [["--json"], ["--format", "json"]])
def test_an_internal_error_is_one_object_too(asked: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    broken = "import shardflow.cli.commands.diff as d; d.differences = None; from shardflow.cli import main; main()"
    ended = subprocess.run(
        [COMMAND[0], "-c", broken, "diff", "a.json", "a.json", *asked],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    told = json.loads(ended.stdout)
    hold(["diff"], told)
    assert (ended.returncode, told["status"], told["exit_code"]) == (1, "error", 1)


def test_a_command_that_is_interrupted_says_so_in_its_object(tmp_path: Path) -> None:
    write_all(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    line = [*COMMAND, "rules", "check", "custom.yaml", "--examples", "9999999", "--json"]
    (tmp_path / "merging.py").write_text(
        FUNCTION.replace("if base", "with open('pipe', 'w') as pipe: pipe.write('x')\n    if base")
    )
    with subprocess.Popen(line, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE) as running:
        with (tmp_path / "pipe").open("rb", buffering=0) as pipe:
            pipe.read(1)  # not to its end, which the next example may put off again and again
        running.send_signal(signal.SIGINT)
        told = json.loads(running.communicate(timeout=60)[0])
    hold(["rules", "check"], told)
    assert (running.returncode, told["status"], told["exit_code"]) == (130, "interrupted", 130)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_is_told_whole(number: signal.Signals, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    slow = {"id": "slow", "run": "echo > pipe; sleep 60"}
    phase = {"id": "p", "behavior": "parallel", "subagents": [slow]}
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": [phase]}))
    line = [*COMMAND, "run", "w.yaml", "--json"]
    with subprocess.Popen(line, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE) as running:
        (tmp_path / "pipe").read_bytes()
        running.send_signal(number)
        told = json.loads(running.communicate(timeout=60)[0])
    hold(["run"], told)
    code = 128 + number
    assert (running.returncode, told["status"], told["exit_code"]) == (code, "interrupted", code)


def test_numbers_of_documents_come_out_as_they_went_in_and_nothing_is_coloured(tmp_path: Path) -> None:
    write_all(tmp_path)
    ended = shardflow("merge", "base.json", "b.json", "--json", cwd=tmp_path, environment={"FORCE_COLOR": "1"})
    assert '"big": 12345678901234567890123,\n    "one": 1.0' in ended.stdout
    assert "\x1b" not in ended.stdout
    assert canonical_bytes(json.loads(ended.stdout)) == ended.stdout.encode()
