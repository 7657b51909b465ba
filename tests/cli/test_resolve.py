"""Conflicts of a run as things to work with: an artifact, decisions by option, file and terminal, kept and replayed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from shardflow.errors import UsageError
from shardflow.execution.inspection.resolving import open_merge, resolve
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeBase
from shardflow.storage.runs.journal import continued_journal
from tests.cli.shell import ENVIRONMENT, shardflow

EDIT = "import json,os,sys; f=os.environ['CONTEXT_FILE']; c=json.load(open(f)); {}; json.dump(c,open(f,'w'))"
WORKFLOW: dict[str, Any] = {
    "name": "contested",
    "context": {"status": "open", "a=b": 0, "n": 1},
    "phases": [
        {
            "id": "work",
            "behavior": "parallel",
            "subagents": [
                {
                    "id": "one",
                    "run": [sys.executable, "-c", EDIT.format("c |= {'status': 'up', 'a=b': 1, 'x': 1}")],
                },
                {"id": "two", "run": [sys.executable, "-c", EDIT.format("del c['status']; c['a=b'] = 2")]},
            ],
        },
        {"id": "last", "behavior": "main-only", "run": ["true"]},
    ],
}
GROUP = "run/groups/01-work"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a run that ended in two conflicts."""
    (tmp_path / "w.yaml").write_text(json.dumps(WORKFLOW))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=tmp_path).returncode == 3
    return tmp_path


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def test_conflicts_stand_in_a_file_with_stable_ids_base_candidates_rule_and_reason(folder: Path) -> None:
    conflicts = read(folder / GROUP / "conflicts.json")["conflicts"]
    assert [conflict["path"] for conflict in conflicts] == ["$.status", "$['a=b']"]
    assert conflicts[0] == {
        "id": conflicts[0]["id"],
        "path": "$.status",
        "reason": "deleted by two but changed by one",
        "rule": {"path": "", "strategy": "default", "origin": ""},
        "base": "open",
        "candidates": [{"shard": "one", "rank": 0, "value": "up"}, {"shard": "two", "rank": 1}],
    }
    ended = shardflow("run", "w.yaml", "--run-dir", "again", "--quiet", cwd=folder)
    assert ended.returncode == 3
    assert (folder / "again/groups/01-work/conflicts.json").read_bytes() == (
        folder / GROUP / "conflicts.json"
    ).read_bytes()


def test_a_run_without_conflicts_has_no_file_of_them(tmp_path: Path) -> None:
    phase = {**WORKFLOW["phases"][0], "subagents": WORKFLOW["phases"][0]["subagents"][:1]}
    (tmp_path / "w.yaml").write_text(json.dumps({**WORKFLOW, "phases": [phase]}))
    assert shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=tmp_path).returncode == 0
    assert not (tmp_path / GROUP / "conflicts.json").exists()
    ended = shardflow("merge", "run", "--resolve", "$.status=one", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, "shardflow merge: run has no unresolved conflict\n")


def test_deciding_about_all_conflicts_merges_the_context_and_a_replay_gives_the_same(folder: Path) -> None:
    ended = shardflow("merge", "run", "--resolve", "$.status=two", "--resolve", "$['a=b']=base", cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == (
        "$.status: what two left\n"
        "$['a=b']: the base value stays\n"
        "01-work: merged into run/context.json\n"
        "go on with the run: shardflow resume run\n"
    )
    merged = {"a=b": 0, "n": 1, "x": 1}
    assert read(folder / "run/context.json") == merged == read(folder / GROUP / "context.json")
    again = shardflow("merge", "run", cwd=folder)
    assert (again.returncode, "same bytes" in again.stdout) == (0, True)
    assert "resolution" in again.stdout
    assert "--resolve" in json.dumps(read(folder / GROUP / "merge.json"))


def test_a_value_may_be_any_json_and_a_conflict_may_be_named_by_its_id(folder: Path) -> None:
    first = read(folder / GROUP / "conflicts.json")["conflicts"][0]["id"]
    decisions = ["--resolve", f'{first}={{"k": [1.0, null]}}', "--resolve", "$['a=b']=12345678901234567890123"]
    ended = shardflow("merge", "run", *decisions, "--json", cwd=folder)
    assert json.loads(ended.stdout)["status"] == "done"
    assert '"k": [\n      1.0,\n      null\n    ]' in (folder / "run/context.json").read_text()
    assert '"a=b": 12345678901234567890123' in (folder / "run/context.json").read_text()


def test_deciding_about_some_keeps_that_and_leaves_the_rest_open(folder: Path) -> None:
    before = (folder / "run/context.json").read_bytes()
    ended = shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder)
    assert (ended.returncode, (folder / "run/context.json").read_bytes()) == (3, before)
    assert "01-work: 1 conflict left, nothing merged yet\nconflict: $['a=b']\n" in ended.stdout
    assert [c["path"] for c in read(folder / GROUP / "conflicts.json")["conflicts"]] == ["$['a=b']"]
    assert shardflow("merge", "run", cwd=folder).returncode == 3
    assert shardflow("merge", "run", "--resolve", "$['a=b']=one", cwd=folder).returncode == 0
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 1, "n": 1, "x": 1}


def test_a_file_decides_with_reasons_which_stand_in_the_ledger(folder: Path) -> None:
    (folder / "d.yaml").write_text(
        "resolutions:\n"
        "  - {path: $.status, take: {shard: one}, reason: it saw the outage}\n"
        "  - {path: \"$['a=b']\", take: {value: 7}}\n"
    )
    assert shardflow("merge", "run", "--resolutions", "d.yaml", cwd=folder).returncode == 0
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 7, "n": 1, "x": 1}
    assert '"d.yaml:2: it saw the outage"' in (folder / GROUP / "merge.json").read_text()
    kept = read(folder / GROUP / "resolutions.json")["resolutions"]
    assert kept[0] == {"path": "$.status", "take": {"shard": "one"}, "reason": "it saw the outage", "by": "d.yaml:2"}


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("$.statos=one", "no conflict at $.statos; did you mean '$.status'?"),
        ("$.status=oen", "$.status: 'oen' is no shard of this conflict, not 'base' and no JSON; did you mean 'one'?"),
        ("status", "--resolve takes PATH=SHARD, PATH=base or PATH=JSON, not 'status'"),
        ("$.status=[1", "did you mean|known are"),
        ("$.status=up", "no JSON; known are one, two; a text is given in double quotes"),
        ("$.status=12:30", "no JSON; known are one, two; a text is given in double quotes"),
        ("$.status=1e309", "no JSON (column 1: a number too large for a decimal (beyond 1.8e308)); known are"),
        (f"$.status={'9' * 100_001}", "no JSON (column 1: a number that takes more than 100,000 digits to write in"),
        ("$.status=[1,]", "no JSON (column 3: a comma before"),
        ('$.status={"a": 1, "a": 2}', "no JSON (column 10: duplicate key 'a'"),
    ],
)
def test_a_decision_that_fits_nothing_is_told_and_nothing_is_written(folder: Path, decision: str, said: str) -> None:
    ended = shardflow("merge", "run", "--resolve", decision, cwd=folder)
    assert ended.returncode == 2
    assert any(part in ended.stderr for part in said.split("|"))
    assert not (folder / GROUP / "resolutions.json").exists()


def test_what_was_decided_before_is_decided_anew_while_others_are_open(folder: Path) -> None:
    shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder)
    again = shardflow("merge", "run", "--resolve", "$.status=base", cwd=folder)
    assert again.returncode == 3
    said = "$.status: the base value stays, instead of what one left (decided by --resolve)"
    assert again.stdout.splitlines()[0] == said
    wrong = shardflow("merge", "run", "--resolve", "$.status=three", cwd=folder)
    assert (wrong.returncode, "$.status: 'three' is no shard of this conflict" in wrong.stderr) == (2, True)
    options = ("--resolve", "$.status=two", "--resolve", "$['a=b']=one")
    ended = shardflow("merge", "run", *options, "--json", cwd=folder)
    assert json.loads(ended.stdout)["instead_of"] == [
        {"path": "$.status", "take": "base", "reason": "", "by": "--resolve"}
    ]
    assert read(folder / "run/context.json") == {"a=b": 1, "n": 1, "x": 1}
    assert shardflow("merge", "run", cwd=folder).returncode == 0
    assert shardflow("case", "save", "run", "decided", cwd=folder).returncode == 0
    assert shardflow("case", "run", "decided.case.yaml", cwd=folder).returncode == 0


def test_what_another_command_decided_since_the_conflicts_were_read_is_kept(folder: Path) -> None:
    opened = open_merge(str(folder / "run"))
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    came = resolve(opened, [Written("$['a=b']", TakeBase(), "", "by hand")])
    assert came.folded.open_conflicts == ()
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 0, "n": 1, "x": 1}


def test_nothing_is_decided_about_a_merge_that_another_command_finished(folder: Path) -> None:
    opened = open_merge(str(folder / "run"))
    decisions = ("--resolve", "$.status=one", "--resolve", "$['a=b']=one")
    assert shardflow("merge", "run", *decisions, cwd=folder).returncode == 0
    with pytest.raises(UsageError, match="run has no unresolved conflict"):
        resolve(opened, [Written("$['a=b']", TakeBase(), "", "by hand")])
    assert read(folder / "run/context.json")["a=b"] == 1


@pytest.mark.parametrize("died_before", ["merge.json", "conflicts.json", "group.json"])
def test_deciding_anew_that_died_half_way_is_done_again_as_if_it_had_not_begun(folder: Path, died_before: str) -> None:
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    order = ["resolutions.json", "merge.json", "conflicts.json", "group.json"]
    before = {name: (folder / GROUP / name).read_bytes() for name in order}
    assert shardflow("merge", "run", "--resolve", "$.status=base", cwd=folder).returncode == 3
    for name in order[order.index(died_before) :]:
        (folder / GROUP / name).write_bytes(before[name])
    ended = shardflow("merge", "run", "--resolve", "$.status=two", cwd=folder)
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (
        3,
        "$.status: what two left, instead of what one left (decided by --resolve)",
    )
    assert shardflow("merge", "run", "--resolve", "$['a=b']=one", cwd=folder).returncode == 0
    assert read(folder / "run/context.json") == {"a=b": 1, "n": 1, "x": 1}


def test_the_whole_document_cannot_be_decided_to_be_anything_but_an_object(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        json.dumps({**WORKFLOW, "rules": {"rules": [{"path": "$", "strategy": "atomic"}]}})
    )
    assert shardflow("run", "w.yaml", "--run-dir", "run", "--quiet", cwd=tmp_path).returncode == 3
    ended = shardflow("merge", "run", "--resolve", "$=5", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert (
        ended.stderr
        == "shardflow merge: --resolve: $: the whole document must be an object, and the integer 5 is none\n"
    )
    assert shardflow("merge", "run", "--resolve", '$={"n": 5}', cwd=tmp_path).returncode == 0


def test_a_file_with_mistakes_is_told_with_all_of_them_and_their_lines(folder: Path) -> None:
    (folder / "d.yaml").write_text("resolutions:\n  - {path: $.status, take: one}\n  - {path: $.n, tak: base}\n")
    ended = shardflow("merge", "run", "--resolutions", "d.yaml", cwd=folder)
    assert ended.returncode == 2
    assert "d.yaml:2: expected base, {shard: ID} or {value: JSON}" in ended.stderr
    assert "d.yaml:3: unknown field 'tak'" in ended.stderr


def test_every_decision_of_a_file_that_fits_nothing_is_told_with_its_line_and_nothing_is_written(folder: Path) -> None:
    (folder / "d.yaml").write_text(
        "resolutions:\n"
        "  - {path: $.statos, take: base}\n"
        "  - {path: $.status, take: {shard: oen}}\n"
        "  - {conflict: c-00000000, take: base}\n"
        "  - {path: \"$['a=b']\", take: base}\n"
        "  - {path: \"$['a=b']\", take: {shard: one}}\n"
    )
    ended = shardflow("merge", "run", "--resolutions", "d.yaml", cwd=folder)
    assert ended.returncode == 2
    assert "d.yaml:2: no conflict at $.statos; did you mean '$.status'?" in ended.stderr
    assert "d.yaml:3: 'oen' has no part in the conflict at $.status; did you mean 'one'?" in ended.stderr
    assert "d.yaml:4: no conflict at c-00000000; " in ended.stderr
    assert "d.yaml:6: $['a=b'] was decided about by d.yaml:5 already; keep one of the two" in ended.stderr
    told = json.loads(shardflow("merge", "run", "--resolutions", "d.yaml", "--json", cwd=folder).stdout)
    assert [(one["file"], one["line"]) for one in told["problems"]] == [("d.yaml", line) for line in (2, 3, 4, 6)]
    assert not (folder / GROUP / "resolutions.json").exists()


def test_every_option_that_fits_nothing_is_told(folder: Path) -> None:
    ended = shardflow("merge", "run", "--resolve", "$.x=one", "--resolve", "$.status=nobody", cwd=folder)
    assert (ended.returncode, ended.stderr.count("--resolve: ")) == (2, 2)


@pytest.mark.parametrize("died_before", ["merge.json", "conflicts.json", "group.json"])
def test_deciding_that_died_half_way_is_done_again_as_if_it_had_not_begun(folder: Path, died_before: str) -> None:
    """The files are replaced in this order, the record last."""
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    order = ["resolutions.json", "merge.json", "conflicts.json", "group.json"]
    before = {name: (folder / GROUP / name).read_bytes() for name in order}
    assert shardflow("merge", "run", "--resolve", "$['a=b']=one", cwd=folder).returncode == 0
    for name in order[order.index(died_before) :]:
        (folder / GROUP / name).write_bytes(before[name])
    (folder / GROUP / "context.json").unlink()
    (folder / "run/context.json").write_bytes((folder / GROUP / "base.json").read_bytes())
    assert shardflow("merge", "run", "--resolve", "$['a=b']=two", cwd=folder).returncode == 0
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 2, "n": 1, "x": 1}
    assert shardflow("merge", "run", cwd=folder).returncode == 0


def test_recorded_decisions_that_someone_altered_are_not_built_upon(folder: Path) -> None:
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    kept = folder / GROUP / "resolutions.json"
    kept.write_text(kept.read_text().replace('"one"', '"two"'))
    ended = shardflow("merge", "run", "--resolve", "$['a=b']=one", cwd=folder)
    assert (ended.returncode, "resolutions.json: altered since" in ended.stderr) == (1, True)


def test_an_altered_shard_is_not_decided_about(folder: Path) -> None:
    (folder / GROUP / "one/context-one.json").write_text("{}")
    ended = shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder)
    assert (ended.returncode, "context-one.json: altered since" in ended.stderr) == (1, True)


def test_a_context_that_went_on_is_not_overwritten(folder: Path) -> None:
    (folder / "run/context.json").write_text("{}")
    ended = shardflow("merge", "run", "--resolve", "$.status=one", "--resolve", "$['a=b']=one", cwd=folder)
    assert (ended.returncode, "is not what 01-work started from any more" in ended.stderr) == (2, True)
    assert not (folder / GROUP / "resolutions.json").exists()


def test_at_a_terminal_each_conflict_is_asked_about_until_the_answer_fits(folder: Path) -> None:
    command = ["-m", "shardflow", "merge", "run", "-i"]
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    asking = pexpect.spawn(sys.executable, command, cwd=str(folder), env=environment, encoding="utf-8", timeout=30)
    asking.expect(r"1 of 2: .*two \(rank 1\)")
    asking.expect("take .*: ")
    asking.sendline("nobody")
    asking.expect("'nobody' is no shard of this conflict")
    asking.sendline("one")
    asking.expect("2 of 2: .*take .*: ")
    asking.sendline("base")
    asking.expect("merged into")
    asking.expect(pexpect.EOF)
    asking.close()
    assert asking.exitstatus == 0
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 0, "n": 1, "x": 1}


@pytest.mark.parametrize(
    ("keys", "said", "code", "kept"),
    [
        ("\x04", "1 conflict left, nothing merged yet", 3, ["$.status"]),
        ("\x03", "nothing was decided; Ctrl-D ends asking and keeps what was answered", 130, None),
    ],
)
def test_the_end_of_input_keeps_what_was_answered_and_an_interrupt_nothing(
    folder: Path, keys: str, said: str, code: int, kept: list[str] | None
) -> None:
    command = ["-m", "shardflow", "merge", "run", "-i"]
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    asking = pexpect.spawn(sys.executable, command, cwd=str(folder), env=environment, encoding="utf-8", timeout=30)
    asking.expect("take .*: ")
    asking.sendline("one")
    asking.expect("take .*: ")
    asking.send(keys)
    asking.expect_exact(said)
    asking.expect(pexpect.EOF)
    asking.close()
    assert asking.exitstatus == code
    file = folder / GROUP / "resolutions.json"
    assert ([one["path"] for one in read(file)["resolutions"]] if file.exists() else None) == kept


def test_a_context_of_its_own_is_merged_in_its_place(folder: Path) -> None:
    (folder / "c.json").write_text('{"status": "open", "a=b": 0, "n": 1}')
    shardflow("run", "w.yaml", "--run-dir", "other", "--context", "c.json", "--quiet", cwd=folder)
    decisions = ["--resolve", "$.status=one", "--resolve", "$['a=b']=one"]
    assert "merged into c.json" in shardflow("merge", "other", *decisions, cwd=folder).stdout
    assert read(folder / "c.json") == {"status": "up", "a=b": 1, "n": 1, "x": 1} == read(folder / "other/context.json")


def test_asking_needs_a_terminal(folder: Path) -> None:
    ended = shardflow("merge", "run", "-i", cwd=folder)
    assert (ended.returncode, "asks at a terminal, and this is none" in ended.stderr) == (2, True)


def test_a_run_goes_on_once_all_is_decided_and_keeps_what_was_decided_in_between(folder: Path) -> None:
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    still = shardflow("resume", "run", "--json", cwd=folder)
    assert still.returncode == 3
    [conflict] = json.loads(still.stdout)["phases"][0]["groups"][0]["conflicts"]
    assert conflict["path"] == "$['a=b']"
    assert shardflow("merge", "run", "--resolve", "$['a=b']=one", cwd=folder).returncode == 0
    told = shardflow("runs", "show", "run", cwd=folder).stdout
    assert (told.splitlines()[0], told.splitlines()[-1]) == (
        "run: decided, waits to be resumed",
        "go on:         shardflow resume run",
    )
    assert json.loads(shardflow("runs", "show", "run", "--json", cwd=folder).stdout)["run"]["status"] == "decided"
    [listed] = json.loads(shardflow("runs", "list", "--in", ".", "--status", "decided", "--json", cwd=folder).stdout)[
        "runs"
    ]
    assert (listed["name"], listed["status"]) == ("run", "decided")
    ended = shardflow("resume", "run", cwd=folder)
    assert ended.returncode == 0
    assert "  01-work: kept from an earlier start" in ended.stdout
    assert "  last: succeeded" in ended.stdout
    assert read(folder / "run/context.json") == {"status": "up", "a=b": 1, "n": 1, "x": 1}
    assert shardflow("merge", "run", cwd=folder).returncode == 0


def test_whoever_is_asked_to_run_again_is_told_that_what_was_decided_does_not_hold_then(folder: Path) -> None:
    assert shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder).returncode == 3
    resumed = shardflow("resume", "run", "--rerun", "two", cwd=folder)
    assert resumed.returncode == 3
    assert "work is merged again; what was decided about $.status does not hold" in resumed.stderr
    again = shardflow("resume", "run", "--rerun", "two", cwd=folder)
    assert "what was decided" not in again.stderr


def test_nothing_is_decided_while_the_run_goes_on(folder: Path) -> None:
    with continued_journal(str(folder / "run/events.jsonl")):
        ended = shardflow("merge", "run", "--resolve", "$.status=one", cwd=folder)
    assert ended.returncode == 2
    assert "still going on" in ended.stderr
