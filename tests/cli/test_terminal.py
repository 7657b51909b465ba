"""The live view, through a pseudo-terminal: it shows what runs, never more than fits, and leaves the summary behind."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.shell import ENVIRONMENT, shardflow
from tests.cli.workflows import adding, write_workflow

ROWS = 10


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    wait = "while ! test -e go; do sleep 0.02; done"
    return write_workflow(tmp_path / "slow.yaml", waiter=wait, quick="true", loser="exit 3")


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "shardflow", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "", **environment},
        dimensions=(ROWS, 60),
        encoding="utf-8",
        timeout=60,
    )


def ending(terminal: pexpect.spawn[str]) -> tuple[str, int | None]:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return str(terminal.before), terminal.exitstatus


def test_a_terminal_shows_phases_and_subagents_with_state_and_time_then_the_summary(slow: Path) -> None:
    terminal = on_a_terminal(slow.parent, "run", slow.name)
    terminal.expect(r"slow · running · phase 1 of 1 · [0-9.]+ s")
    terminal.expect(r"work \(parallel\): 1 running, 1 failed, 1 done")
    terminal.expect(r"waiter  [0-9.]+ s")
    terminal.expect(r"✓ quick   [0-9.]+ s")
    terminal.expect(r"✗ loser   [0-9.]+ s  exited with code 3")
    (slow.parent / "go").touch()
    told, code = ending(terminal)
    assert code == 1
    assert re.search(r"✗\x1b\[0m work: 3 subagents, [0-9.]+ s, failed\r\n", told)
    assert told.index(" work: ") < told.index("\x1b[1;31mfailed\x1b[0m: loser") < told.index("run directory: ")
    assert "\x1b[1;31mfailed\x1b[0m: 1 of 3 subagents in 1 phase, " in told
    assert told.index("\x1b[?25h") < told.index("run directory: ")


def test_a_phase_that_stays_on_the_terminal_tells_of_failures_that_are_allowed(tmp_path: Path) -> None:
    subagents = [{"id": "slow", "run": "sleep 1"}, {"id": "loser", "run": "exit 3", "allow_failure": True}]
    phase = {"id": "work", "behavior": "parallel", "subagents": subagents}
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "phases": [phase]}))
    told, code = ending(on_a_terminal(tmp_path, "run", "w.yaml"))
    assert code == 0
    assert re.search(r"✓\x1b\[0m work: 2 subagents, [0-9.]+ s, 1 change \(1 applied\); 1 failure allowed\r\n", told)


def test_a_terminal_tells_who_pressed_ctrl_c_that_once_more_kills(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", deaf="trap '' TERM INT; touch started; while :; do sleep 0.1; done")
    terminal = on_a_terminal(tmp_path, "run", "w.yaml")
    terminal.expect(r"deaf  [0-9.]+ s")
    terminal.sendintr()
    terminal.expect(r"w · stopping \(Ctrl-C kills\) · phase 1 of 1")
    terminal.sendintr()
    assert ending(terminal)[1] == 130


def test_a_terminal_shows_arbiters_that_are_asked(tmp_path: Path) -> None:
    write_workflow(tmp_path / "asked.yaml", one=adding(n=1), two=adding(n=2))
    arbiter = """while ! test -e go; do sleep 0.02; done; echo '{"take": "base"}'"""
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": [{"path": "$.n", "strategy": {"arbiter": arbiter}}]}))
    terminal = on_a_terminal(tmp_path, "run", "asked.yaml", "--rules", "./rules.yaml")
    terminal.expect(r"✓ two            +[0-9.]+ s")
    terminal.expect("merging")
    terminal.expect(r"arbiter of \$\.n  [0-9.]+ s")
    (tmp_path / "go").touch()
    assert ending(terminal)[1] == 0


def test_a_terminal_that_cannot_show_its_signs_gets_plain_ones(slow: Path) -> None:
    terminal = on_a_terminal(slow.parent, "run", slow.name, "--max-parallel", "2", PYTHONIOENCODING="ascii")
    terminal.expect(r"slow \. running \. phase 1 of 1 \. [0-9.]+ s")
    terminal.expect(r"[-|/\\] waiter  [0-9.]+ s")
    terminal.expect(r"\+ quick   [0-9.]+ s")
    terminal.expect(r"x loser   [0-9.]+ s  exited with code 3")
    shown = str(terminal.before)
    (slow.parent / "go").touch()
    told, code = ending(terminal)
    assert code == 1
    assert "\\u" not in shown + told


def test_a_line_for_each_phase_stays_when_the_view_goes(tmp_path: Path) -> None:
    wait = "while ! test -e go; do sleep 0.02; done"
    names = ("one", "a-long-name" * 5)
    phases = [
        {"id": "work", "behavior": "parallel", "subagents": [{"id": name, "run": wait} for name in names]},
        {"id": "more", "behavior": "main-only", "run": "true", "when": {"path": "$.n", "equals": 5}},
    ]
    (tmp_path / "w.yaml").write_text(json.dumps({"name": "w", "context": {"n": 0}, "phases": phases}))
    terminal = on_a_terminal(tmp_path, "run", "w.yaml", NO_COLOR="1")
    terminal.expect(r"one {41}[0-9.]+ s.*a-long-namea-long-nam…[a-z-]{20}  [0-9.]+ s")
    (tmp_path / "go").touch()
    told, code = ending(terminal)
    assert code == 0
    lines = [re.sub(r".*\x1b\[2K|\x1b\[[?0-9;]*[a-zA-Z]", "", line) for line in told.splitlines()]
    left = [re.sub(r"[0-9.]+ s\b", "N s", line) for line in lines if line.startswith(("✓", "· more"))]
    assert left == ["✓ work: 2 subagents, N s, 0 changes", "· more: skipped, condition not met: $.n equals 5"]


def test_hundreds_of_subagents_never_take_more_rows_than_the_terminal_has(tmp_path: Path) -> None:
    wait = "while ! test -e go; do sleep 0.05; done"
    write_workflow(tmp_path / "many.yaml", first=wait, **{f"s{number}": "true" for number in range(300)})
    terminal = on_a_terminal(tmp_path, "run", "many.yaml", "--max-parallel", "4")
    terminal.expect("1 running, 300 done")
    terminal.expect("… and 295 more")
    (tmp_path / "go").touch()
    told, code = ending(terminal)
    assert code == 0
    erased = re.findall(r"(?:\x1b\[1A\x1b\[2K)+", told)
    assert erased
    assert max(frame.count("\x1b[1A") for frame in erased) < ROWS


def test_no_color_is_honoured(slow: Path) -> None:
    terminal = on_a_terminal(slow.parent, "run", slow.name, NO_COLOR="1")
    terminal.expect("running, 1 failed")
    (slow.parent / "go").touch()
    told, _ = ending(terminal)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", told)
    assert "failed: loser" in told


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", one="true")
    told, code = ending(on_a_terminal(tmp_path, "run", "w.yaml", TERM="dumb"))
    assert code == 0
    assert "  one: started\r\n" in told
    assert "\x1b" not in told


def test_a_run_that_is_over_at_once_shows_no_live_view(tmp_path: Path) -> None:
    write_workflow(tmp_path / "w.yaml", one="true")
    tries = (ending(on_a_terminal(tmp_path, "run", "w.yaml", NO_COLOR="1")) for _ in range(20))  # it may be busy
    assert any(told.startswith("done: 1 subagent in 1 phase, ") and code == 0 for told, code in tries)


def test_json_keeps_standard_output_clean_while_the_terminal_shows_progress(slow: Path) -> None:
    line = f"exec {sys.executable} -m shardflow run {slow.name} --json > out.json"
    terminal = pexpect.spawn(
        "/bin/sh",
        ["-c", line],
        cwd=slow.parent,
        env={**ENVIRONMENT, "TERM": "xterm"},
        dimensions=(ROWS, 60),
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect("slow · running")
    (slow.parent / "go").touch()
    _, code = ending(terminal)
    assert (code, json.loads((slow.parent / "out.json").read_text())["status"]) == (1, "failed")


def test_a_merge_that_takes_a_while_says_so_until_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    line = f"(while ! test -e go; do sleep 0.02; done; echo '{{}}') | {sys.executable} -m shardflow merge"
    terminal = pexpect.spawn(
        "/bin/sh",
        ["-c", f"{line} /dev/stdin a.json"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect(r"merging: [1-9][0-9.]* s\r\x1b\[Kmerging: ")
    (tmp_path / "go").touch()
    told, code = ending(terminal)
    assert code == 0
    assert re.search(r"s\r\x1b\[K0 changes\r\n", told)


@pytest.mark.parametrize(("key", "exit_code"), [("\x03", 130), ("\x1c", 143)], ids=["Ctrl-C", "Ctrl-backslash"])
def test_the_keys_that_end_a_command_stop_the_children_and_restore_the_cursor(
    slow: Path, key: str, exit_code: int
) -> None:
    terminal = on_a_terminal(slow.parent, "run", slow.name)
    terminal.expect("slow · running")
    terminal.send(key)
    told, code = ending(terminal)
    assert code == exit_code
    assert "\x1b[?25h" in told
    assert "interrupted" in told
    assert "Traceback" not in told


def test_json_on_a_terminal_means_the_same_and_cannot_steer_it(tmp_path: Path) -> None:
    evil = "\x9b31m\u202e\U000e0001"
    (tmp_path / "base.json").write_text("{}")
    (tmp_path / "context-a.json").write_text(json.dumps({"k": evil}, ensure_ascii=False))
    told, code = ending(on_a_terminal(tmp_path, "merge", "base.json", "context-a.json", "--json"))
    assert code == 0
    assert told.replace("\r\n", "").isprintable()
    assert json.loads(told)["context"] == {"k": evil}
    piped = shardflow("merge", "base.json", "context-a.json", cwd=tmp_path)
    assert evil in piped.stdout
