"""Runs with secrets, for real: who finds them, and that no byte of a run directory ever holds one."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from shardflow.errors import InvalidInput
from shardflow.execution.reporting.endings import InvalidShard, Succeeded, ending_text
from shardflow.execution.reporting.report import last_lines
from shardflow.workflow.content import subagent_content
from shardflow.workflow.model import Subagent
from shardflow.workflow.program import SecretFile, SecretVariable, ShellCommand
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, endings, subagent

SECRET = 'hunter2-"quoted"-ä'
FORMS = [SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), base64.b64encode(SECRET.encode())[:20]]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", SECRET)


def workflow(run: str, more: str = "") -> str:
    return f"""
        name: secrets
        context: {{n: 1}}
        phases:
          - id: work
            behavior: parallel
            subagents:
              - id: a
                env: {{TOKEN: {{env: VAULT_TOKEN}}, PLAIN: yes it is}}
                run: |
                  {run}
              {more}
        """


def holders(place: Workplace) -> list[str]:
    """Give the files of the run directory that hold the secret in any form, the way a program may print it."""
    files = [path for path in place.run_dir.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(form in path.read_bytes() for form in FORMS)]


def test_a_secret_is_found_by_who_names_it_and_masked_in_what_it_prints(place: Workplace) -> None:
    (place.folder / "expected").write_text(SECRET)
    run = """[ "$TOKEN" = "$(cat expected)" ] && echo "it is $TOKEN, really"; echo "err $TOKEN" >&2; printf 'no end'"""
    report = place.run(workflow(run))
    assert endings(report) == {"a": Succeeded()}
    assert last_lines(subagent(report, "a").stdout, 5) == ("it is ***, really", "no end")
    assert last_lines(subagent(report, "a").stderr, 5) == ("err ***",)
    assert holders(place) == []
    assert "VAULT_TOKEN" in place.text("workflow.yaml")


def test_a_resumed_run_gives_a_secret_to_who_names_it_and_masks_it_too(place: Workplace) -> None:
    (place.folder / "expected").write_text(SECRET)
    assert place.run(workflow("exit 1")).exit_code == 1
    text = workflow("""[ "$TOKEN" = "$(cat expected)" ] && echo "it is $TOKEN, really" """)
    report = resumed(place, text)
    assert endings(report) == {"a": Succeeded()}
    assert last_lines(subagent(report, "a").stdout, 5) == ("it is ***, really",)
    assert holders(place) == []


def test_nobody_else_inherits_the_variable(place: Workplace) -> None:
    report = place.run(workflow("env > own", "- {id: b, run: 'env > other'}"))
    assert report.exit_code == 0
    assert f"TOKEN={SECRET}" in (place.folder / "own").read_text().splitlines()
    assert "VAULT_TOKEN" not in (place.folder / "own").read_text()
    assert SECRET not in (place.folder / "other").read_text()


def test_a_secret_may_stand_in_a_file_beside_the_workflow(place: Workplace) -> None:
    (place.folder / "token.txt").write_text("from-a-file\n")
    text = workflow('echo "$TOKEN"; [ "$TOKEN" = from-a-file ]').replace("{env: VAULT_TOKEN}", "{file: token.txt}")
    report = place.run(text)
    assert endings(report) == {"a": Succeeded()}
    assert last_lines(subagent(report, "a").stdout, 5) == ("***",)


def test_every_line_of_a_great_many_is_kept(place: Workplace) -> None:
    (place.folder / "talk.py").write_text(
        "import os\nfor n in range(100_000):\n"
        '    print(n, os.environ["TOKEN"] if n % 3 == 0 else "x", flush=n % 997 == 0)\n'
    )
    report = place.run(workflow(f"{sys.executable} talk.py; {sys.executable} talk.py >&2"))
    assert endings(report) == {"a": Succeeded()}
    expected = "".join(f"{n} {'***' if n % 3 == 0 else 'x'}\n" for n in range(100_000))
    assert Path(subagent(report, "a").stdout).read_text() == expected
    assert Path(subagent(report, "a").stderr).read_text() == expected


@pytest.mark.parametrize(
    "leave",
    [
        'import json, os; json.dump({"n": 1, "t": os.environ["TOKEN"]}, open(os.environ["SHARDFLOW_SHARD"], "w"))',
        'import json, os; t = "".join(f"\\\\u{ord(c):04x}" for c in os.environ["TOKEN"]); '
        'open(os.environ["SHARDFLOW_SHARD"], "w").write("{\\"n\\": 1, \\"t\\": \\"" + t + "\\"}")',
        'import os; open(os.environ["SHARDFLOW_SHARD"], "w").write(os.environ["TOKEN"])',
    ],
)
def test_a_shard_that_holds_a_secret_is_refused_and_what_is_kept_of_it_is_masked(place: Workplace, leave: str) -> None:
    (place.folder / "leave.py").write_text(leave)
    report = place.run(workflow(f"{sys.executable} leave.py", "- {id: b, run: 'true'}"))
    ending = endings(report)["a"]
    assert isinstance(ending, InvalidShard)
    assert "holds the value of the secret TOKEN" in ending_text(ending)
    assert place.context == {"n": 1}
    assert holders(place) == []
    assert b"***" in Path(subagent(report, "a").shard).read_bytes()


ESCAPED = """
import os, sys
text = "".join(f"\\\\u{ord(c):04X}" for c in os.environ["TOKEN"])
open(os.environ["SHARDFLOW_SHARD"], "w").write(sys.argv[1].replace("@", text))
"""


@pytest.mark.parametrize(
    ("form", "left"), [("journal", '{"set": "$.n", "value": "@'), ("copy", '{"n": "@"'), ("patch", "@")]
)
@pytest.mark.parametrize("end", ["true", "exit 3"])
def test_what_is_torn_or_no_json_at_all_keeps_no_secret_however_it_is_escaped(
    place: Workplace, form: str, left: str, end: str
) -> None:
    (place.folder / "leave.py").write_text(ESCAPED)
    text = workflow(f"{sys.executable} leave.py '{left}'; {end}").replace(
        "id: a\n", f"id: a\n                shard: {form}\n"
    )
    report = place.run(text)
    assert report.exit_code == 1
    kept = Path(subagent(report, "a").shard).read_text()
    assert kept == left.replace("@", "***")


@pytest.mark.parametrize("end", ["exit 3", "kill -9 $$", "sleep 600"])
def test_a_shard_of_a_subagent_that_failed_is_masked_too_and_so_is_every_try(place: Workplace, end: str) -> None:
    (place.folder / "leave.py").write_text(
        'import json, os; json.dump(dict(os.environ), open(os.environ["SHARDFLOW_SHARD"], "w"))'
    )
    leave = f"{sys.executable} leave.py"
    text = workflow(f'{leave}; echo "$TOKEN"; {end}').replace("id: a\n", "id: a\n                retry: {max: 1}\n")
    if end == "sleep 600":
        text = text.replace("id: a\n", "id: a\n                idle_timeout: 1\n")
    report = place.run(text)
    assert report.exit_code == 1
    assert holders(place) == []
    shards = list(place.run_dir.rglob("context-a.json"))
    assert len(shards) == 2
    assert all(b"***" in shard.read_bytes() for shard in shards)
    assert all(log.read_text() == "***\n" for log in place.run_dir.rglob("stdout.log"))


def test_a_context_that_holds_a_secret_is_refused_before_anything_starts(place: Workplace) -> None:
    context = place.folder / "shared.json"
    context.write_text(json.dumps({"token": SECRET}))
    with pytest.raises(InvalidInput, match="the context holds the value of the secret TOKEN"):
        place.run(workflow("touch started"), context=str(context))
    assert not place.run_dir.exists()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "work/a: the secret TOKEN cannot be used: this process has no environment variable VAULT_TOKEN"),
        ("", "it has 0 bytes"),
        ("short", "it has 5 bytes"),
    ],
)
def test_a_secret_that_cannot_be_used_is_told_before_anything_starts(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, value: str | None, message: str
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", value) if value is not None else monkeypatch.delenv("VAULT_TOKEN")
    with pytest.raises(InvalidInput, match=message):
        place.run(workflow("touch started"))
    assert not (place.folder / "started").exists()


@pytest.mark.parametrize("file", ["none.txt", "link", "fifo", "/dev/zero", ".", "/proc/self/mem"])
def test_a_secret_is_read_from_a_regular_file_only(place: Workplace, file: str) -> None:
    os.symlink("workflow.yaml", place.folder / "link")
    os.mkfifo(place.folder / "fifo")
    with pytest.raises(InvalidInput, match="the secret TOKEN cannot be used"):
        place.run(workflow("true").replace("{env: VAULT_TOKEN}", f"{{file: {file}}}"))


def test_a_shard_depends_on_where_a_secret_is_kept_and_not_on_its_value() -> None:
    def content(**secrets: Any) -> bytes:
        return subagent_content("p", 1, Subagent("a", ShellCommand("x"), secrets=secrets), "base")

    assert content(T=SecretVariable("A")) == content(T=SecretVariable("A"))
    assert content(T=SecretVariable("A")) != content(T=SecretVariable("B"))
    assert content(T=SecretVariable("A")) != content(T=SecretFile("A"))
    assert content(T=SecretVariable("A")) != content()


def test_what_left_its_process_group_is_masked_until_it_is_stopped(place: Workplace) -> None:
    (place.folder / "stray.py").write_text(
        'import os, time\nos.setsid()\nopen("ready", "w").close()\n'
        'while not os.path.exists("over"):\n    time.sleep(0.01)\nprint("late", os.environ["TOKEN"], flush=True)\n'
        'open("said", "w").close()\ntime.sleep(60)\n'
    )
    wait = "until [ -e {} ]; do sleep 0.01; done"
    run = f"{sys.executable} stray.py & {wait.format('ready')}"
    more = f"- {{id: b, run: '{wait.format('ready')}; sleep 0.2; touch over; {wait.format('said')}'}}"
    report = place.run(workflow(run, more))
    assert report.exit_code == 0
    assert last_lines(subagent(report, "a").stdout, 5) == ("late ***",)
    assert "in a session of its own, and stopped" in subagent(report, "a").warnings[0]
    assert holders(place) == []
