"""Arbiters: programs that decide what rules leave to them; asked once, recorded as resolutions, never asked again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import ENVIRONMENT, shardflow
from tests.execution.running import runs

EDIT = "import json,os; f=os.environ['CONTEXT_FILE']; c=json.load(open(f)); {}; json.dump(c,open(f,'w'))"
GROUP = "run/groups/01-work"
ANSWER = """\
import json, sys
question = json.load(sys.stdin)
open("asked", "a").write(question["path"] + "\\n")
status = {"take": {"shard": "one"}, "reason": "it saw the outage"}
json.dump(status if question["path"] == "$.status" else {"take": {"value": [1.0, None]}}, sys.stdout)
"""


def subagent(name: str, edit: str) -> dict[str, Any]:
    return {"id": name, "run": [sys.executable, "-c", EDIT.format(edit)]}


def workflow(arbiter: object, *later: dict[str, Any]) -> str:
    ones = [subagent("one", "c |= {'status': 'up', 'n': 2}"), subagent("two", "del c['status']; c['n'] = 3")]
    rules = {"rules": [{"path": "$.*", "strategy": {"arbiter": arbiter}}]}
    phases = [{"id": "work", "behavior": "parallel", "subagents": ones}, *later]
    return json.dumps({"name": "asked", "context": {"status": "open", "n": 1}, "rules": rules, "phases": phases})


def run(folder: Path, arbiter: object) -> subprocess.CompletedProcess[str]:
    (folder / "w.yaml").write_text(workflow(arbiter))
    (folder / "answer.py").write_text(ANSWER)
    return shardflow("run", "w.yaml", "--run-dir", "run", cwd=folder)


def read(file: Path) -> Any:
    return json.loads(file.read_text())


@pytest.mark.parametrize(
    "arbiter",
    [
        [sys.executable, "answer.py"],
        f"'{sys.executable}' answer.py",
        {"run": [sys.executable, "answer.py"], "timeout": 60},
    ],
)
def test_what_arbiters_answer_is_merged_with_their_reasons_and_never_asked_again(
    tmp_path: Path, arbiter: object
) -> None:
    ended = run(tmp_path, arbiter)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert read(tmp_path / "run/context.json") == {"status": "up", "n": [1.0, None]}
    assert sorted((tmp_path / "asked").read_text().split()) == ["$.n", "$.status"]
    kept = read(tmp_path / GROUP / "resolutions.json")["resolutions"]
    assert [(one["path"], one["take"], one["reason"]) for one in kept] == [
        ("$.status", {"shard": "one"}, "it saw the outage"),
        ("$.n", {"value": [1.0, None]}, ""),
    ]
    assert "arbiter (w.yaml:1): it saw the outage" in (tmp_path / GROUP / "merge.json").read_text()
    again = shardflow("merge", "run", cwd=tmp_path)
    assert (again.returncode, "same bytes" in again.stdout) == (0, True)
    assert len((tmp_path / "asked").read_text().split()) == 2


def test_an_arbiter_gets_the_conflict_as_json_where_what_is_absent_has_no_member(tmp_path: Path) -> None:
    run(tmp_path, [sys.executable, "answer.py"])
    [question] = [
        read(file)
        for file in (tmp_path / GROUP / "_arbiters").glob("*/question.json")
        if read(file)["path"] == "$.status"
    ]
    assert question == {
        "id": question["id"],
        "path": "$.status",
        "reason": "deleted by two but changed by one, and no arbiter has decided",
        "rule": {"path": "$.*", "strategy": "arbiter", "origin": "w.yaml:1"},
        "base": "open",
        "candidates": [{"shard": "one", "rank": 0, "value": "up"}, {"shard": "two", "rank": 1}],
    }


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit('no idea')", "its arbiter exited with code 1; see"),
        ("print('one')", "its arbiter gave no answer that can be used:"),
        ('print(\'{"take": {"shard": "oen"}}\')', "'oen' has no part in the conflict at $.status; did you mean 'one'?"),
        ('print(\'{"take": 5, "because": 1}\')', "unknown field 'because'"),
        ('print(\'{"take": {"value": NaN}}\')', "NaN"),
        ("pass", "its arbiter gave no answer that can be used:"),
        ("import os; os.kill(os.getpid(), 9)", "its arbiter died by SIGKILL"),
        (
            "import os; os.remove(os.environ['SHARDFLOW_CONFLICT'][:-13] + 'answer.json')",
            "answer.json: it does not exist;",
        ),
    ],
)
def test_an_arbiter_that_fails_or_talks_nonsense_leaves_the_conflict_and_is_told(
    tmp_path: Path, program: str, told: str
) -> None:
    ended = run(tmp_path, [sys.executable, "-c", program])
    assert (ended.returncode, told in ended.stderr) == (3, True), ended.stderr
    assert "only a run asks" not in ended.stderr
    assert read(tmp_path / "run/context.json") == {"status": "open", "n": 1}
    assert len(read(tmp_path / GROUP / "conflicts.json")["conflicts"]) == 2
    assert not (tmp_path / GROUP / "resolutions.json").exists()
    assert shardflow("merge", "run", cwd=tmp_path).returncode == 3


def test_the_last_words_of_an_arbiter_are_told_without_what_could_move_the_cursor(tmp_path: Path) -> None:
    program = "import sys; print('so'); print('no\\x1b[2Jidea', file=sys.stderr); sys.exit(7)"
    ended = run(tmp_path, [sys.executable, "-c", program])
    assert "exited with code 7" in ended.stderr
    assert "    | no" in ended.stderr
    assert "\x1b" not in ended.stderr


def test_an_arbiter_that_takes_too_long_is_stopped_with_its_children(tmp_path: Path) -> None:
    program = "echo $$ > pid; sleep 300 & echo $! > child; wait"
    ended = run(tmp_path, {"run": program, "timeout": 0.5})
    assert (ended.returncode, "its arbiter timed out after 0.5 s and was stopped" in ended.stderr) == (3, True)
    for name in ("pid", "child"):
        assert not runs(int((tmp_path / name).read_text()))


def test_what_an_arbiter_left_in_a_session_of_its_own_is_stopped_and_told(tmp_path: Path) -> None:
    away = "import os, time; os.setsid(); open('pid', 'w').write(str(os.getpid())); time.sleep(300)"
    begun = f"""'{sys.executable}' -c "{away}" 2> /dev/null & while ! [ -s pid ]; do sleep 0.01; done"""
    ended = run(tmp_path, f"""{begun}; echo '{{"take": "base"}}'""")
    assert (ended.returncode, "left running by arbiters, and stopped: " in ended.stderr) == (0, True)
    assert not runs(int((tmp_path / "pid").read_text()))


def test_one_that_cannot_be_started_is_told_and_has_decided_nothing(tmp_path: Path) -> None:
    ended = run(tmp_path, ["./nowhere"])
    assert (ended.returncode, "its arbiter could not be started: no such file or directory" in ended.stderr) == (
        3,
        True,
    )
    told = [json.loads(line) for line in (tmp_path / "run/events.jsonl").read_text().splitlines()]
    finished = [event for event in told if event["event"] == "arbiter-finished"]
    assert [(event["decided"], event["sealed"], event["seconds"]) for event in finished] == [(False, None, 0.0)] * 2


def test_what_one_arbiter_decided_stays_when_another_fails_and_a_person_decides_the_rest(tmp_path: Path) -> None:
    program = "import json,sys; q=json.load(sys.stdin); q['path']=='$.n' and sys.exit(1); print('{\"take\": \"base\"}')"
    assert run(tmp_path, [sys.executable, "-c", program]).returncode == 3
    assert [one["path"] for one in read(tmp_path / GROUP / "conflicts.json")["conflicts"]] == ["$.n"]
    assert shardflow("merge", "run", "--resolve", "$.n=two", cwd=tmp_path).returncode == 0
    assert read(tmp_path / "run/context.json") == {"status": "open", "n": 3}


def test_a_resumed_run_asks_those_again_who_gave_no_answer_and_no_others(tmp_path: Path) -> None:
    failing = ANSWER.replace("status =", "question['path'] == '$.n' and sys.exit(1)\nstatus =")
    (tmp_path / "answer.py").write_text(failing)
    (tmp_path / "w.yaml").write_text(workflow([sys.executable, "answer.py"]))
    assert shardflow("run", "w.yaml", "--run-dir", "run", cwd=tmp_path).returncode == 3
    (tmp_path / "answer.py").write_text(ANSWER)
    (tmp_path / "asked").unlink()
    ended = shardflow("resume", "run", cwd=tmp_path)
    assert (ended.returncode, (tmp_path / "asked").read_text()) == (0, "$.n\n")
    assert read(tmp_path / "run/context.json") == {"status": "up", "n": [1.0, None]}
    assert "one: kept from an earlier start" in ended.stdout


def test_a_resumed_run_asks_nobody_again_once_a_person_has_begun_to_decide(tmp_path: Path) -> None:
    assert run(tmp_path, "echo x >> asked; exit 1").returncode == 3
    assert shardflow("merge", "run", "--resolve", "$.n=two", cwd=tmp_path).returncode == 3
    assert shardflow("resume", "run", cwd=tmp_path).returncode == 3
    assert (tmp_path / "asked").read_text() == "x\nx\n"


def test_an_arbiter_that_alters_a_shard_merges_nothing(tmp_path: Path) -> None:
    program = f"echo '{{}}' > {GROUP}/two/context-two.json; echo '{{\"take\": \"base\"}}'"
    ended = run(tmp_path, program)
    assert (ended.returncode, "context-two.json was altered after it was sealed" in ended.stderr) == (1, True)
    assert read(tmp_path / "run/context.json") == {"status": "open", "n": 1}


def test_an_interrupt_stops_arbiters_and_merges_nothing(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow("touch begun; sleep 300"))
    command = [sys.executable, "-m", "shardflow", "run", "w.yaml", "--run-dir", "run", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.DEVNULL) as running:
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGINT)
        assert running.wait() == 130
    assert read(tmp_path / "run/context.json") == {"status": "open", "n": 1}


def test_outside_of_a_run_it_stays_a_conflict_that_says_so_and_nobody_is_asked(tmp_path: Path) -> None:
    for name, value in (("base", 1), ("one", 2), ("two", 3)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"n": value}))
    (tmp_path / "r.yaml").write_text("rules:\n  - {path: $.n, strategy: {arbiter: touch asked}}\n")
    ended = shardflow("merge", "base.json", "one.json", "two.json", "--rules", "r.yaml", cwd=tmp_path)
    assert ended.returncode == 3
    assert "one and two changed it to different values, and no arbiter has decided\n" in ended.stderr
    assert "next: let a run ask its arbiter (a resumed one asks again), change that rule, or put one " in ended.stderr
    assert not (tmp_path / "asked").exists()


def test_a_rule_that_does_not_say_whom_to_ask_is_refused_with_all_else_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "rules:\n- {path: $.a, strategy: {arbiter: {agent: cluade}}}\ndefault: {sets: 1}\n"
    )
    (tmp_path / "w.yaml").write_text("{name: w, rules: r.yaml, phases: [{id: p, behavior: main-only, run: 'true'}]}")
    for command in (("validate", "w.yaml"), ("rules", "lint", "r.yaml"), ("rules", "show", "./r.yaml")):
        ended = shardflow(*command, cwd=tmp_path)
        assert ended.returncode == 2
        assert "r.yaml:2: unknown agent CLI 'cluade' at $.rules[0].strategy.arbiter.agent" in ended.stderr
        assert "r.yaml:3: unknown field 'sets'" in ended.stderr


STALLING = """\
import json, os, sys, time
question = json.load(sys.stdin)
open("asked", "a").write(question["path"] + "\\n")
while question["path"] == "$.n" and not os.path.exists("go"):
    time.sleep(0.01)
json.dump({"take": {"shard": "one"}, "reason": "it saw the outage"}, sys.stdout)
"""


def stopped_between_two_answers(folder: Path, how: signal.Signals) -> None:
    """Leave a run whose arbiter has decided about $.status and was not done with $.n when the run was stopped."""
    (folder / "answer.py").write_text(STALLING)
    (folder / "w.yaml").write_text(workflow([sys.executable, "answer.py"]))
    command = [sys.executable, "-m", "shardflow", "run", "w.yaml", "--run-dir", "run", "--quiet"]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.DEVNULL) as running:
        while "arbiter-finished" not in journal(folder) or "$.n" not in (folder / "asked").read_text():
            time.sleep(0.01)
        running.send_signal(how)
    assert sorted((folder / "asked").read_text().split()) == ["$.n", "$.status"]
    (folder / "go").touch()
    (folder / "asked").unlink()


def journal(folder: Path) -> str:
    events = folder / "run/events.jsonl"
    return events.read_text() if events.exists() else ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_answer_given_before_a_run_was_stopped_is_used_when_it_is_resumed(
    tmp_path: Path, how: signal.Signals
) -> None:
    stopped_between_two_answers(tmp_path, how)
    resumed = shardflow("resume", "run", cwd=tmp_path)
    assert (resumed.returncode, (tmp_path / "asked").read_text()) == (0, "$.n\n")
    assert "  arbiter of $.status: decided in an earlier start\n  arbiter of $.n: started\n" in resumed.stdout
    assert read(tmp_path / "run/context.json") == {"status": "up", "n": 2}
    kept = read(tmp_path / GROUP / "resolutions.json")["resolutions"]
    assert [(one["path"], one["reason"], one["by"]) for one in kept] == [
        ("$.status", "it saw the outage", "arbiter (w.yaml:1)"),
        ("$.n", "it saw the outage", "arbiter (w.yaml:1)"),
    ]
    assert len(list((tmp_path / GROUP / "_arbiters").glob("*/question.json"))) == 2
    assert "same bytes" in shardflow("merge", "run", cwd=tmp_path).stdout


def test_an_answer_that_is_not_as_it_was_given_any_more_is_asked_for_again(tmp_path: Path) -> None:
    stopped_between_two_answers(tmp_path, signal.SIGINT)
    [answer] = [file for file in (tmp_path / GROUP / "_arbiters").glob("*/answer.json") if file.stat().st_size]
    answer.write_text('{"take": "base"}')
    resumed = shardflow("resume", "run", cwd=tmp_path)
    assert (resumed.returncode, sorted((tmp_path / "asked").read_text().split())) == (0, ["$.n", "$.status"])
    assert "work: what the arbiter of $.status answered is not as it was, so it is asked again\n" in resumed.stderr
    assert read(tmp_path / "run/context.json") == {"status": "up", "n": 2}


@pytest.mark.parametrize(
    ("edit", "asked"),
    [
        (("'status': 'up'", "'status': 'UP'"), ["$.n", "$.status"]),  # another candidate
        (('"answer.py"]', '"answer.py", "x"]'), ["$.n", "$.status"]),  # another arbiter
        (("'n': 2", "'n': 5"), ["$.n"]),  # nothing that the question is about
    ],
)
def test_an_answer_holds_only_for_the_question_it_was_given_to(
    tmp_path: Path, edit: tuple[str, str], asked: list[str]
) -> None:
    stopped_between_two_answers(tmp_path, signal.SIGINT)
    file = tmp_path / "w.yaml"
    file.write_text(file.read_text().replace(*edit))
    assert shardflow("resume", "run", "--workflow", "w.yaml", cwd=tmp_path).returncode == 0
    assert sorted((tmp_path / "asked").read_text().split()) == asked


def test_a_phase_that_is_asked_for_once_more_asks_its_arbiters_once_more(tmp_path: Path) -> None:
    stopped_between_two_answers(tmp_path, signal.SIGINT)
    assert shardflow("resume", "run", "--from", "work", cwd=tmp_path).returncode == 0
    assert sorted((tmp_path / "asked").read_text().split()) == ["$.n", "$.status"]


def test_plain_lines_tell_who_is_asked_and_how_it_ended(tmp_path: Path) -> None:
    program = "import json,sys; q=json.load(sys.stdin); q['path']=='$.n' and sys.exit(1); print('{\"take\": \"base\"}')"
    ended = run(tmp_path, [sys.executable, "-c", program])
    lines = [re.sub(r"[0-9.]+ s", "0.1 s", line) for line in ended.stdout.splitlines() if "  arbiter of" in line]
    assert sorted(lines) == [
        "  arbiter of $.n: no decision (0.1 s)",
        "  arbiter of $.n: started",
        "  arbiter of $.status: decided (0.1 s)",
        "  arbiter of $.status: started",
    ]


def test_an_interrupt_tells_that_arbiters_are_stopped_and_not_that_they_failed(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(workflow("touch begun-$$; sleep 300"))
    command = [sys.executable, "-m", "shardflow", "run", "w.yaml", "--run-dir", "run"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, **pipes) as running:
        while len([*tmp_path.glob("begun-*")]) < 2:
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGINT)
        told, problems = running.communicate()
    assert "  SIGINT: stopping 2 arbiters (the next signal kills)\n" in told
    assert "its arbiter" not in problems
