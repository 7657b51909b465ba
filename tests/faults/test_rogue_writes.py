"""Subagents that write where they must not: found by what they altered, told by name, nothing of it merged."""

from __future__ import annotations

import os
import sys

import pytest

from shardflow.errors import ContextLocked
from shardflow.execution.reporting.endings import NotStarted, Succeeded
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, endings, group, wait_for

TEXT = """
    name: rogue
    context: {{n: 1}}
    phases:
      - id: work
        behavior: parallel
        max_parallel: {slots}
        subagents:
          - id: good
            run: |
              echo '{{"n": 2}}' > "$SHARDFLOW_SHARD"
          - id: rogue
            run: |
              {run}
          - id: long
            run: |
              {long}
    """

FOLDER = '"$SHARDFLOW_RUN_DIR/groups/01-work"'
SEALED = f'until grep -q subagent-finished "$SHARDFLOW_RUN_DIR/events.jsonl"; do sleep 0.01; done; cd {FOLDER}'


@pytest.mark.parametrize(
    ("file", "write"),
    [
        ("good/context-good.json", "echo '{\"n\": 3}' > good/context-good.json"),
        ("good/context-good.json", "rm good/context-good.json"),
        ("good/context-good.json", "ln -sf /etc/passwd good/context-good.json"),
        ("base.json", "chmod u+w base.json; echo '{\"n\": 0}' > base.json"),
        ("base.json", "echo '{\"n\": 0}' > new; mv -f new base.json"),
        ("rules.json", 'echo \'{"rules": [{"path": "$.n", "strategy": "last"}]}\' > rules.json'),
        ("../../context.json", "echo '{\"n\": 5}' > ../../context.json"),
        ("../../base.json", "chmod u+w ../../base.json; echo '{\"n\": 5}' > ../../base.json"),
        ("../../workflow.yaml", "echo 'name: mine' > ../../workflow.yaml"),
        ("../../run.json", "sed -i s/rogue/mine/ ../../run.json"),
        ("../../run.json", "rm ../../run.json"),
        ("../../events.jsonl", 'echo \'{"event": "run-started"}\' >> ../../events.jsonl'),
        ("../../events.jsonl", "printf X | dd of=../../events.jsonl bs=1 seek=20 conv=notrunc 2> /dev/null"),
        ("../../events.jsonl", "cp ../../events.jsonl e; mv e ../../events.jsonl"),
        ("../../events.jsonl", "rm ../../events.jsonl"),
    ],
)
def test_a_file_altered_after_it_was_sealed_fails_the_group_by_name(place: Workplace, file: str, write: str) -> None:
    report = place.run(
        TEXT.format(slots=3, run=f"{SEALED}; {write}; touch ../../altered", long=wait_for("run/altered"))
    )
    path = os.path.normpath(place.run_dir / "groups/01-work" / file)
    assert report.exit_code == 1
    (problem,) = group(report).problems
    what = "removed" if write.startswith("rm ") else "altered"
    since = "while the group ran" if file == "../../context.json" else "after it was sealed"
    assert problem.startswith(f"{path} was {what} {since}; by whom cannot be known, running then: ")
    assert "rogue" in problem.rpartition(": ")[2]
    assert set(endings(report).values()) == {Succeeded()}
    assert not (place.run_dir / "groups/01-work/merge.json").exists()
    assert place.read("run.json")["status"] == "failed"


@pytest.mark.parametrize("name", ["merge.json", "conflicts.json", "resolutions.json", "context.json", "group.json"])
@pytest.mark.parametrize("make", ["touch {}", "ln -s /etc/passwd {}", "mkdir {}"], ids=["file", "link", "folder"])
def test_what_is_made_where_only_the_engine_writes_fails_the_group_by_name_until_it_is_resumed(
    place: Workplace, name: str, make: str
) -> None:
    report = place.run(TEXT.format(slots=3, run=f"cd {FOLDER}; {make.format(name)}", long="true"))
    path = place.run_dir / "groups/01-work" / name
    told = f"{path} was made while the group ran; by whom cannot be known, running then: good, rogue, long"
    assert (report.exit_code, group(report).problems[0]) == (1, told)
    assert place.context == {"n": 1}
    assert resumed(place).exit_code == 0
    assert place.context == {"n": 2}


def test_a_write_that_keeps_the_size_right_after_the_seal_is_found_too(place: Workplace) -> None:
    write = "printf '{\"n\": 7}\\n' > good/context-good.json"
    report = place.run(
        TEXT.format(slots=3, run=f"{SEALED}; {write}; touch ../../altered", long=wait_for("run/altered"))
    )
    assert len(group(report).problems) == 1
    assert place.context == {"n": 1}


def test_rewriting_the_same_bytes_is_no_alteration(place: Workplace) -> None:
    write = "cat good/context-good.json > c; cat c > good/context-good.json; touch base.json"
    report = place.run(
        TEXT.format(slots=3, run=f"{SEALED}; {write}; touch ../../altered", long=wait_for("run/altered"))
    )
    assert report.exit_code == 0


def test_only_those_who_ran_after_the_seal_are_named(place: Workplace) -> None:
    write = "echo '{}' > rogue/context-rogue.json"
    report = place.run(TEXT.format(slots=1, run="true", long=f"cd {FOLDER}; {write}"))
    (problem,) = group(report).problems
    assert problem.endswith("running then: long")


def test_a_write_by_what_the_last_subagent_left_running_is_found_though_no_subagent_ran_then(place: Workplace) -> None:
    ended = 'until [ $(grep -c subagent-finished "$SHARDFLOW_RUN_DIR/events.jsonl") = 3 ]; do sleep 0.01; done'
    write = f"cd {FOLDER}; echo '{{}}' > long/context-long.json"
    (place.folder / "stray.sh").write_text(f"trap '' TERM; touch heard; {ended}; {write}")
    report = place.run(TEXT.format(slots=1, run="true", long=f"setsid sh stray.sh & {wait_for('heard')}"))
    (problem,) = group(report).problems
    assert problem.endswith("running then: no subagent of this group")


def test_a_shard_of_a_sibling_that_has_not_started_is_found(place: Workplace) -> None:
    write = f"cd {FOLDER}; mkdir long; echo '{{\"n\": 9}}' > long/context-long.json"
    report = place.run(TEXT.format(slots=1, run=write, long="true"))
    assert report.exit_code == 1
    ending = endings(report)["long"]
    assert isinstance(ending, NotStarted)
    assert "groups/01-work/long: something stands there already" in ending.reason
    assert place.context == {"n": 1}


def test_a_context_written_by_another_program_during_the_run_is_not_overwritten(place: Workplace) -> None:
    context = place.folder / "shared.json"
    context.write_text('{"n": 1}')
    report = place.run(
        TEXT.format(slots=3, run="true", long="echo '{\"mine\": 1}' > shared.json"), context=str(context)
    )
    assert report.exit_code == 1
    (problem,) = group(report).problems
    assert problem.startswith(f"{context} was altered while the group ran; by whom cannot be known, running then: ")
    assert problem.endswith("; a subagent writes its own copy, $CONTEXT_FILE")
    assert context.read_text() == '{"mine": 1}\n'


def test_a_context_that_appears_during_the_run_is_not_overwritten(place: Workplace) -> None:
    context = place.folder / "shared.json"
    report = place.run(
        TEXT.format(slots=3, run="true", long="echo '{\"mine\": 1}' > shared.json"), context=str(context)
    )
    assert report.exit_code == 1
    assert context.read_text() == '{"mine": 1}\n'


def test_a_second_run_on_the_same_context_is_refused_at_once(place: Workplace) -> None:
    context = place.folder / "shared.json"
    process = place.start(TEXT.format(slots=3, run="touch ready", long=wait_for("go")), str(context))
    while not (place.folder / "ready").exists():
        assert process.poll() is None
    with pytest.raises(ContextLocked, match=rf"in use by another run \(process {process.pid}\)"):
        place.run(TEXT.format(slots=3, run="true", long="true"), context=str(context), run_dir=str(place.folder / "2"))
    assert not (place.folder / "2").exists()
    (place.folder / "go").touch()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert context.read_text() == '{\n  "n": 2\n}\n'


FORGED = """
import hashlib, json, os, pathlib
run = pathlib.Path(os.environ["SHARDFLOW_RUN_DIR"])
shard = run / "groups/01-work/good/context-good.json"
forged = b'{"n": 666}'
lines = (run / "events.jsonl").read_text().splitlines()
line = next(json.loads(line) for line in lines if '"subagent": "good"' in line and "subagent-finished" in line)
line["sealed"]["sha256"] = hashlib.sha256(forged).hexdigest()
%s
shard.write_bytes(forged)
"""


@pytest.mark.parametrize(
    "put",
    [
        "(run / 'events.jsonl').open('a').write(json.dumps(line) + chr(10))",
        "new = run / 'new'; new.write_text('\\n'.join([*lines, json.dumps(line)])); new.rename(run / 'events.jsonl')",
    ],
)
def test_a_journal_forged_to_fit_a_forged_shard_is_not_relied_on_when_the_run_is_resumed(
    place: Workplace, put: str
) -> None:
    (place.folder / "forge.py").write_text(FORGED % put)
    rogue = f"[ -e forged ] || ({SEALED}; cd ../../..; {sys.executable} forge.py; touch forged)"
    text = TEXT.format(slots=3, run=rogue, long=wait_for("forged"))
    assert place.run(text).exit_code == 1
    report = resumed(place)
    assert report.exit_code == 0
    assert place.context == {"n": 2}


def test_files_of_a_group_that_ended_are_found_altered_when_the_run_ends(place: Workplace) -> None:
    files = "group.json merge.json context.json a/context-a.json"
    write = f"cd run/groups/01-first; for f in {files}; do echo >> $f; done; rm -f base.json"
    text = f"""
        name: late
        phases:
          - id: first
            behavior: parallel
            subagents: [{{id: a, run: 'echo ''{{"a": 1}}'' > "$SHARDFLOW_SHARD"'}}]
          - id: second
            behavior: main-only
            run: |
              {write}
        """
    report = place.run(text)
    assert report.exit_code == 1
    found = [problem.partition(" after 01-first had ended") for problem in report.problems]
    told = [what for what, sealed, _ in found if sealed]
    assert [os.path.basename(one) for one in told] == [
        "group.json was altered",
        "base.json was removed",
        "context-a.json was altered",
        "merge.json was altered",
        "context.json was altered",
    ]
    assert place.context == {"a": 1}


def test_files_of_a_group_that_an_earlier_start_merged_are_found_altered_too(place: Workplace) -> None:
    text = """
        name: later
        phases:
          - {id: first, behavior: main-only, shard: patch, run: 'echo ''{"a": 1}'' > "$SHARDFLOW_SHARD"'}
          - {id: second, behavior: main-only, run: '[ -e fixed ] && echo >> run/groups/01-first/merge.json'}
        """
    assert place.run(text).exit_code == 1
    (place.folder / "fixed").touch()
    report = resumed(place)
    assert (report.exit_code, [group.kept for group in report.groups]) == (1, [True, False])
    (problem,) = report.problems
    assert "groups/01-first/merge.json was altered after 01-first had ended" in problem
