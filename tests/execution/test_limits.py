"""Limits of a whole run, the serial fallback, and shards reused from other runs."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from shardflow.execution.reporting.endings import Cancelled, InvalidShard, Succeeded, ending_text
from shardflow.execution.reporting.events import Event, Noted
from shardflow.execution.reporting.report import Status
from shardflow.storage.capabilities import lacking
from tests.execution.resumption.resuming import resumed
from tests.execution.running import Workplace, edit, endings

TEXT = f"""
    name: limited
    context: {{n: 0, l: [a, b, c]}}
    limits: LIMITS
    phases:
      - id: work
        behavior: parallel
        subagents:
          - id: one
            run: |
              echo one >> count; {edit('c["n"] = 1')}
          - id: each
            foreach: {{path: $.l}}
            run: echo each >> count
    """


def test_a_run_that_takes_too_long_is_stopped_failed_and_can_be_resumed(place: Workplace) -> None:
    text = TEXT.replace("LIMITS", "{wall_time: 1.5}").replace("echo each", "test -e fast || sleep 100; echo each")
    report = place.run(text)
    assert (report.status, report.exit_code) == (Status.FAILED, 1)
    assert report.problems == ("stopped: the run may take 1.5 s (limits: wall_time)",)
    assert endings(report)["each-a"] == Cancelled(started=True)
    (place.folder / "fast").touch()
    assert resumed(place, text.replace("1.5", "1h")).exit_code == 0


@pytest.mark.parametrize(("most", "code"), [(4, 0), (3, 1)])
def test_a_run_starts_no_more_subagents_than_it_may(place: Workplace, most: int, code: int) -> None:
    report = place.run(TEXT.replace("LIMITS", f"{{subagents: {most}}}"))
    assert (report.exit_code, (place.folder / "count").exists()) == (code, code == 0)
    wanted = () if code == 0 else ("the run would start 4 subagents, and may start 3 (limits: subagents)",)
    assert report.phases[0].problems == wanted


def test_a_shard_that_is_too_large_is_invalid(place: Workplace) -> None:
    report = place.run(TEXT.replace("LIMITS", "{shard_bytes: 60}").replace('c["n"] = 1', 'c["n"] = "x" * 60'))
    ending = endings(report)["one"]
    assert isinstance(ending, InvalidShard)
    assert "more than the 60 bytes that the workflow's limits allow" in ending_text(ending)
    assert endings(report)["each-a"] == Succeeded()


NESTED = """
    name: nested
    context: {old: [[[[1]]]], list: [{}], there: {deep: {}}}
    limits: {nesting: 3}
    phases:
      - id: work
        behavior: parallel
        subagents:
          - {id: one, shard: FORM, run: 'printf "%s" "$LEFT" > "$SHARDFLOW_SHARD"', env: {LEFT: 'TEXT'}}
          - {id: other, run: 'true'}
    """


@pytest.mark.parametrize(
    ("form", "left", "where"),
    [
        ("patch", '{"new": [[1, "[[["]]}', None),
        ("patch", '{"new": [[1, {}]]}', "$.new[0][1]"),
        ("patch", '{"there": {"deep": {"x": 1}}}', None),
        ("patch", '{"there": {"deep": {"x": []}}}', "$.there.deep.x"),
        ("patch", '{"old": null}', None),
        ("journal", '{"add": "$.there.deep.n", "value": 1}', None),
        ("journal", '{"append": "$.list", "value": {"a": {}}}', "$.list[1].a"),
        ("copy", '{"old": [[[[1]]]], "list": [{}, {"x": 1}], "there": {"deep": {}}}', None),
        ("copy", '{"old": [[[[2]]]], "list": [{}], "there": {"deep": {}}}', "$.old[0][0]"),
    ],
)
def test_what_a_shard_changes_may_not_nest_deeper_than_the_limit(
    place: Workplace, form: str, left: str, where: str | None
) -> None:
    report = place.run(NESTED.replace("FORM", form).replace("TEXT", left))
    told = ending_text(endings(report)["one"])
    assert endings(report)["other"] == Succeeded()
    if where is None:
        assert (report.exit_code, endings(report)["one"]) == (0, Succeeded()), told
    else:
        words = f"shard one nests deeper than the 3 levels that the workflow's limits allow at {where}; "
        assert report.exit_code == 1
        assert f"context-one.json: {words}" in told


def test_what_the_engine_itself_tells_the_context_has_no_limits_of_a_shard(place: Workplace) -> None:
    report = place.run("""
        name: told
        context: {}
        limits: {nesting: 1, shard_bytes: 20}
        phases:
          - {id: work, behavior: main-only, run: exit 1, on_failure: continue}
        """)
    assert report.exit_code == 0
    assert [failure["subagent"] for failure in place.context["failures"]] == ["work"]


def refusing(number: int) -> Any:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def replacing_only_nothing(old: Any, new: Any, real: Any = os.rename) -> None:
    if os.path.isfile(new):
        raise OSError(errno.EEXIST, "file exists")
    real(old, new)


@pytest.mark.parametrize("lacks", ["locks", "replacing", "both"])
def test_where_the_file_system_cannot_do_what_is_needed_the_run_is_serial_says_so_and_is_right(
    place: Workplace, lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacks != "replacing":
        for module in ("context_lock", "capabilities", "runs.journal"):
            monkeypatch.setattr(f"shardflow.storage.{module}.flock", refusing(errno.ENOLCK))
    if lacks != "locks":
        monkeypatch.setattr(os, "replace", replacing_only_nothing)
    heard: list[Event] = []
    context = place.folder / "context.json"
    context.write_text('{"n": 0, "l": ["a", "b", "c"]}')
    report = place.run(TEXT.replace("LIMITS", "{}"), heard.append, context=str(context))
    assert report.exit_code == 0
    assert '"n": 1' in context.read_text()
    [warning, *_] = [event.text for event in heard if isinstance(event, Noted)]
    assert "this run goes on serially" in warning
    assert warning in report.notes
    assert ("cannot lock a file" in warning, "put a file in the place of another" in warning) == (
        lacks != "replacing",
        lacks != "locks",
    )
    assert [line["max_parallel"] for line in place.journal() if line["event"] == "phase-started"] == [1]
    assert [name for name in os.listdir(place.folder) if name.endswith(".tmp")] == []


def test_here_nothing_is_lacking_and_trying_leaves_nothing(tmp_path: Path) -> None:
    assert list(lacking(str(tmp_path / "not/yet/there"))) == []
    assert os.listdir(tmp_path) == []


def counted(place: Workplace) -> list[str]:
    return sorted((place.folder / "count").read_text().split())


def test_a_run_reuses_sealed_shards_of_the_same_content_only_if_asked_and_tells_it(place: Workplace) -> None:
    text = TEXT.replace("LIMITS", "{}")
    runs = place.folder / "runs"
    first = place.run(text, run_dir=str(runs / "first"))
    assert place.run(text, run_dir=str(runs / "second")).exit_code == 0
    assert len(counted(place)) == 8
    changed = text.replace("echo one", "echo uno")
    third = place.run(changed, run_dir=str(runs / "third"), reuse=True)
    assert counted(place) == ["each"] * 6 + ["one"] * 2 + ["uno"]
    assert [(one.id, one.kept) for one in third.subagents] == [
        ("one", False),
        ("each-a", True),
        ("each-b", True),
        ("each-c", True),
    ]
    assert [one.reused_from for one in third.subagents] == ["", "second", "second", "second"]
    assert (runs / "third/context.json").read_bytes() == (runs / "first/context.json").read_bytes()
    assert (runs / "second/groups/01-work/each-a/context-each-a.json").exists()
    assert first.exit_code == third.exit_code == 0


def test_a_shard_that_was_altered_or_is_of_a_workflow_elsewhere_is_not_reused(place: Workplace) -> None:
    text = TEXT.replace("LIMITS", "{}")
    runs = place.folder / "runs"
    place.run(text, run_dir=str(runs / "first"))
    (runs / "first/groups/01-work/one/context-one.json").write_text('{"n": 666}')
    report = place.run(text, run_dir=str(runs / "second"), reuse=True)
    assert [one.kept for one in report.subagents] == [False, True, True, True]
    moved = Workplace(place.folder / "elsewhere")
    moved.folder.mkdir()
    report = moved.run(text, run_dir=str(runs / "third"), reuse=True)
    assert not any(one.kept for one in report.subagents)
