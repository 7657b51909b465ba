"""What a resumed run starts from: the context as the run left it, and nobody else's; anew where nothing is left."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from shardflow.errors import ContextLocked, UsageError
from shardflow.execution.reporting.report import Status
from shardflow.storage.context_lock import ContextLock
from tests.execution.resumption.resuming import TEXT, WHOLE, counted, failed_run, resumed
from tests.execution.running import Workplace


@pytest.mark.parametrize("was_there", [True, False])
def test_a_context_outside_the_run_is_gone_on_with(place: Workplace, was_there: bool) -> None:
    outside = place.folder / "outside.json"
    if was_there:
        outside.write_text('{"n":    1, "mine": true}')
    assert place.run(TEXT, context=str(outside)).exit_code == 1
    (place.folder / "fixed").touch()
    assert resumed(place).exit_code == 0
    assert counted(place) == "abbcd"
    assert json.loads(outside.read_text()) == WHOLE
    assert place.context == WHOLE
    assert resumed(place, from_phase="look").exit_code == 0
    assert json.loads(outside.read_text()) == WHOLE


def test_a_context_that_another_run_uses_is_left_to_it(place: Workplace) -> None:
    outside = place.folder / "outside.json"
    place.run(TEXT, context=str(outside))
    with ContextLock(str(outside)), pytest.raises(ContextLocked):
        resumed(place)
    assert (counted(place), place.read("run.json")["status"]) == ("ab", "failed")


def test_a_phase_that_runs_again_finds_the_context_as_it_was_then_which_stays_until_its_merge(place: Workplace) -> None:
    outside, seen = place.folder / "outside.json", place.folder / "seen"
    outside.write_text('{"n": 1}')
    (place.folder / "fixed").touch()
    text = TEXT.replace("echo b >> count;", "echo b >> count; cp outside.json seen;")
    assert place.run(text, context=str(outside)).exit_code == 0
    (place.folder / "fixed").unlink()
    seen.unlink()
    assert resumed(place, from_phase="look").exit_code == 1
    assert json.loads(seen.read_text()) == json.loads(outside.read_text()) == {"n": 1}
    (place.folder / "fixed").touch()
    assert resumed(place).exit_code == 0
    assert json.loads(outside.read_text()) == WHOLE


def test_a_start_that_died_before_its_first_event_leaves_a_context_to_be_created_by_the_first_merge(
    place: Workplace,
) -> None:
    outside = place.folder / "outside.json"
    (place.folder / "fixed").touch()
    place.run(TEXT, context=str(outside))
    shutil.rmtree(place.run_dir / "groups")
    for file in (outside, place.run_dir / "base.json"):
        file.unlink()
    (place.run_dir / "events.jsonl").write_bytes(b"")
    assert resumed(place).status is Status.DONE
    assert (json.loads(outside.read_text()), counted(place)) == (WHOLE, "aabbccdd")


@pytest.mark.parametrize("left", [b"", b'{"n"', None], ids=["empty", "torn", "gone"])
@pytest.mark.parametrize("files", [["base.json"], ["context.json"], ["base.json", "context.json"]], ids=" ".join)
def test_where_a_power_cut_left_the_first_event_and_not_the_files_behind_it_the_run_begins_anew_with_what_was_sealed(
    place: Workplace, files: list[str], left: bytes | None
) -> None:
    failed_run(place)
    for file in files:
        (place.run_dir / file).unlink()
        if left is not None:
            (place.run_dir / file).write_bytes(left)
    assert resumed(place).status is Status.DONE
    assert (place.context, place.read("base.json"), counted(place)) == (WHOLE, {"n": 1}, "abbcd")


def test_a_start_that_died_before_its_first_event_begins_anew_from_the_context_it_found(place: Workplace) -> None:
    outside = place.folder / "outside.json"
    outside.write_text('{"n": 1, "mine": true}')
    assert place.run(TEXT, context=str(outside)).exit_code == 1
    shutil.rmtree(place.run_dir / "groups")
    (place.run_dir / "base.json").unlink()
    (place.run_dir / "events.jsonl").write_bytes(b"")
    (place.folder / "fixed").touch()
    assert resumed(place).status is Status.DONE
    assert (json.loads(outside.read_text()), place.read("base.json")) == (WHOLE, {"n": 1, "mine": True})


def test_a_context_is_known_by_the_record_of_its_merge_where_the_journal_lost_that_line(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    failing = TEXT.replace("echo c >> count;", "exit 3;")
    assert place.run(failing).status is Status.FAILED
    journal = place.run_dir / "events.jsonl"
    journal.write_text(
        "".join(line for line in place.text("events.jsonl").splitlines(True) if '"group-merged"' not in line)
    )
    assert resumed(place, TEXT).status is Status.DONE
    assert (place.context, counted(place)) == (WHOLE, "abcd")


def test_who_must_put_a_context_back_is_told_of_the_last_one_that_was_merged(place: Workplace) -> None:
    outside = place.folder / "outside.json"
    outside.write_text('{"n": 1}')
    (place.folder / "fixed").touch()
    text = TEXT.replace("sequential", "parallel").replace('{"d": 1}', '{"c": 2}')
    assert place.run(text, context=str(outside)).status is Status.CONFLICT
    outside.write_text("{}")
    with pytest.raises(UsageError, match=r"groups/01-look/context\.json, or start a new run"):
        resumed(place)


def test_a_context_that_someone_else_changed_is_not_written_over(place: Workplace) -> None:
    outside = place.folder / "outside.json"
    outside.write_text('{"n": 1}')
    place.run(TEXT, context=str(outside))
    outside.write_text('{"n": 1, "mine": true}')
    (place.folder / "fixed").touch()
    with pytest.raises(UsageError, match="not as the run left it") as caught:
        resumed(place)
    assert outside.read_text() == '{"n": 1, "mine": true}'
    (left,) = re.findall(r"what the run left, which stands in (\S+), or start a new run", str(caught.value))
    assert not (place.run_dir / "earlier").exists()
    shutil.copy(left, outside)
    assert resumed(place).status is Status.DONE


def test_a_merged_context_of_the_run_itself_that_is_gone_is_said_to_be_gone(place: Workplace) -> None:
    (place.folder / "fixed").touch()
    failing = TEXT.replace("echo c >> count;", "exit 3;")
    assert place.run(failing).status is Status.FAILED
    (place.run_dir / "context.json").unlink()
    with pytest.raises(UsageError, match=r"does not exist any more; .* stands in \S+/groups/01-look/context\.json, or"):
        resumed(place, TEXT)


def test_a_context_that_is_gone_is_said_to_be_gone(place: Workplace) -> None:
    outside = place.folder / "outside.json"
    outside.write_text('{"n": 1}')
    place.run(TEXT, context=str(outside))
    outside.unlink()
    with pytest.raises(UsageError, match="does not exist any more; put back what the run left, which"):
        resumed(place)
