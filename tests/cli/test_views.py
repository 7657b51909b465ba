"""What is shown, from values alone: bounded, printable, and telling what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.agents.outcomes import Usage
from shardflow.cli.views.display import (
    count,
    counts_text,
    names_text,
    path_label,
    place,
    seconds,
    shell_word,
    shortened,
)
from shardflow.cli.views.running.lines import PlainLines
from shardflow.cli.views.running.live import picture
from shardflow.cli.views.running.progress import JobProgress, Progress, State
from shardflow.cli.views.tables import text_table
from shardflow.cli.views.usages import used_text
from shardflow.execution.reporting.events import GroupStarted, PhaseStarted, RunStarted, SubagentSkipped
from shardflow.execution.reporting.usages import added_up, recorded
from shardflow.model.decisions import Outcome
from shardflow.model.paths import Path, path_text
from shardflow.model.values import ABSENT, Json
from shardflow.storage.excerpts import value_text
from shardflow.workflow.model import Behavior

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
STATES = st.lists(st.sampled_from(State), max_size=60)


@given(VALUES, st.integers(10, 80))
def test_a_value_is_shown_printable_and_not_much_longer_than_asked(value: Json, width: int) -> None:
    shown = value_text(value, width)
    assert shown.isprintable()
    assert len(shown) <= width or "… (shortened; " in shown
    assert len(shown) <= width + 60


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ABSENT, "(absent)"),
        (None, "null"),
        (True, "true"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (Decimal("0.10000000000000000555"), "0.10000000000000000555"),
        ("é\x1b", '"é\\u001b"'),
        ({"a": [1, {}], "b": "\x9b"}, '{"a": [1, {}], "b": "\\x9b"}'),
    ],
)
def test_a_value_is_shown_as_json(value: Json, shown: str) -> None:
    assert value_text(value) == shown


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("run", "run"),
        ("a b", "'a b'"),
        ("-run", "./-run"),
        ("--all", "./--all"),
        ("-a b", "'./-a b'"),
        ("a/-b", "a/-b"),
    ],
)
def test_a_file_is_shown_as_a_word_that_a_shell_and_a_command_take_for_one(file: str, shown: str) -> None:
    assert shell_word(file) == shown


@given(st.lists(st.text() | st.integers(0)).map(tuple), st.integers(10, 80))
def test_a_path_is_shown_printable_and_in_the_width_asked_for(path: Path, width: int) -> None:
    shown = path_label(path, width)
    assert shown.isprintable()
    assert len(shown) <= width
    assert shown == path_text(path) or "…" in shown or not path_text(path).isprintable()


def test_a_path_too_long_keeps_its_end_which_tells_it_from_its_neighbours() -> None:
    path: Path = ("findings", "checkout answers with timeouts since the deployment", "severity")
    assert path_label(path, 40) == "$.findings['c… the deployment'].severity"


def test_what_is_cut_is_told() -> None:
    assert value_text("x" * 5_000, 10) == '"xxxxxxxx… (shortened; a text of 5,000 characters)'
    assert value_text(list(range(1_000)), 10) == "[0, 1, 2,… (shortened; a list of 1,000 items)"
    assert value_text({"key": 1, "other": 2}, 10) == '{"key": 1… (shortened; an object of 2 members)'
    assert value_text(10**6_000, 10) == "100000000… (shortened; a long integer)"


def test_a_huge_value_costs_no_more_than_what_is_shown_of_it() -> None:
    class Counting(list[Json]):
        asked = 0

        def __iter__(self) -> Iterator[Json]:
            for item in super().__iter__():
                Counting.asked += 1
                yield item

    value_text(Counting([0] * 1_000_000), 50)
    assert Counting.asked < 100


@given(st.text(), st.integers(2, 30))
def test_a_shortened_text_is_printable_and_fits(text: str, width: int) -> None:
    shown = shortened(text, width)
    assert shown.isprintable()
    assert len(shown) <= width


@given(STATES, st.integers(3, 40))
def test_the_picture_has_no_more_lines_than_there_are_rows(states: list[State], rows: int) -> None:
    progress = drawn(states)
    lines = [line for line, _ in picture(progress, rows, 80, 10.0)]
    assert len(lines) <= max(rows, 3)
    shown = sum(line.startswith("  ") and "… and" not in line for line in lines)
    hidden = sum(int(line.split()[2]) for line in lines if "… and" in line)
    assert shown + hidden == len(states)


@given(STATES)
def test_running_subagents_are_shown_before_all_others(states: list[State]) -> None:
    running = states.count(State.RUNNING)
    lines = [line for line, style in picture(drawn(states), 12, 80, 10.0) if style == "cyan"]
    assert len(lines) == min(running, 10 if len(states) <= 10 else 9)


def drawn(states: list[State]) -> Progress:
    subagents = {f"s{rank}": JobProgress(f"s{rank}", state) for rank, state in enumerate(states)}
    progress = Progress()
    progress.workflow, progress.phases, progress.phase, progress.behavior = "w", ("work",), "work", "parallel"
    progress.subagents, progress.started = subagents, 0.0
    return progress


def test_a_phase_that_comes_again_is_told_as_the_one_it_is() -> None:
    progress = Progress()
    progress.hear(RunStarted("w", "run", "context.json", ("plan", "build", "ask")))
    for phase in ("plan", "build", "ask", "build"):
        progress.hear(PhaseStarted(phase, Behavior.SEQUENTIAL, ("a",), 1))
    head, phase_line, *_ = (line for line, _ in picture(progress, 10, 80, progress.started))
    assert "phase 2 of 3" in head
    assert phase_line.startswith("build (sequential)")


def test_who_stands_for_the_items_of_a_list_or_is_skipped_does_not_count_as_waiting() -> None:
    progress = Progress()
    progress.hear(PhaseStarted("work", Behavior.PARALLEL, ("each", "not", "one"), 2, (A,)))
    progress.hear(SubagentSkipped("work", "not", "no"))
    progress.hear(GroupStarted("work", "01-work", ("each-1", "each-2", "one")))
    assert list(progress.subagents) == ["each-1", "each-2", "one"]
    progress.hear(PhaseStarted("then", Behavior.SEQUENTIAL, ("a", "b"), 1))
    progress.hear(GroupStarted("then", "02-then-a", ("a",)))
    assert progress.counts()[State.WAITING] == 2


A, B = ("a",), ("b", "c")


@pytest.mark.parametrize(
    ("behavior", "subagents", "lists", "told"),
    [
        (Behavior.PARALLEL, 2, (), "2 subagents in parallel, at most 3 at a time"),
        (Behavior.SEQUENTIAL, 1, (), "1 subagent"),
        (Behavior.PARALLEL, 1, (A,), "1 subagent for each item of $.a, in parallel, at most 3 at a time"),
        (Behavior.SEQUENTIAL, 1, (B,), "1 subagent for each item of $.b.c, one after another"),
        (
            Behavior.PARALLEL,
            5,
            (A,),
            "4 subagents and one for each item of $.a, in parallel, at most 3 at a time",
        ),
        (
            Behavior.SEQUENTIAL,
            5,
            (A, B, A),
            "2 subagents, 2 for each item of $.a and one for each item of $.b.c, one after another",
        ),
        (Behavior.SEQUENTIAL, 2, (A, A), "2 subagents for each item of $.a, one after another"),
    ],
)
def test_a_phase_is_announced_with_its_subagents_and_with_the_lists_that_make_more(
    behavior: Behavior, subagents: int, lists: tuple[Path, ...], told: str
) -> None:
    said: list[str] = []
    ids = tuple(f"s{rank}" for rank in range(subagents))
    PlainLines(said.append).hear(PhaseStarted("work", behavior, ids, 3, lists))
    assert said == [f"work: {told}"]


def test_counts_and_times_read_as_people_say_them() -> None:
    assert [count(1, "change"), count(1_000, "change")] == ["1 change", "1,000 changes"]
    assert counts_text({Outcome.APPLIED: 2, Outcome.AGREED: 0, Outcome.COMBINED: 1}) == (
        "3 changes (2 applied, 1 combined)"
    )
    assert counts_text({}) == "0 changes"
    assert [seconds(0.04), seconds(59.94), seconds(59.96), seconds(65.4), seconds(7_384)] == [
        "0.0 s",
        "59.9 s",
        "1 min 00 s",
        "1 min 05 s",
        "2 h 03 min",
    ]


def test_places_inside_the_current_folder_are_shown_relative_to_it(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    assert place(f"{here}/run/context.json") == "run/context.json"
    assert place(f"{here}/..hidden") == "..hidden"
    assert place("/etc/\x1b") == "/etc/\\x1b"
    monkeypatch.chdir("/")
    assert place("/app/run") == "/app/run"


@pytest.mark.parametrize(
    ("subagents", "arbiters", "prompts", "told"),
    [
        ((Usage(1_000, 20, 0.25),), (), (), "1,000 tokens in, 20 tokens out, $0.2500, by 1 subagent"),
        (
            (Usage(1_000, 20, 0.25), Usage(0, 0, Decimal("1.504"))),
            (Usage(1, 2, 0.5),),
            (),
            "1,001 tokens in, 22 tokens out, $2.25, by 2 subagents and 1 arbiter",
        ),
        (
            (),
            (Usage(1_000, 20, 0.25), Usage(500, 10)),
            (),
            "1,500 tokens in, 30 tokens out, $0.2500 (told by 1 of 2), by 2 arbiters",
        ),
        ((Usage(),), (), (), "nothing told, by 1 subagent"),
        (
            (Usage(1, 2),),
            (),
            (Usage(10, 20), Usage()),
            "11 tokens in (told by 2 of 3), 22 tokens out (told by 2 of 3), by 1 subagent and 2 prompts of scripts",
        ),
    ],
)
def test_what_agent_clis_used_is_a_sum_that_tells_how_many_did_not_say(
    subagents: tuple[Usage, ...], arbiters: tuple[Usage, ...], prompts: tuple[Usage, ...], told: str
) -> None:
    assert used_text(added_up([(str(place), one) for place, one in enumerate(subagents)], arbiters, prompts)) == told


def test_tries_are_told_beside_their_subagents_and_what_failed_is_in_the_sum() -> None:
    tries = [("p/a", Usage(1_000, 20, 0.25)), ("p/a", Usage()), ("p/b", Usage(1, 2, 0.5))]
    assert used_text(added_up(tries)) == (
        "1,001 tokens in (told by 2 of 3), 22 tokens out (told by 2 of 3), $0.7500 (told by 2 of 3), "
        "by 2 subagents in 3 tries"
    )


def test_what_a_journal_says_was_used_is_added_up_as_far_as_it_can_be_meant() -> None:
    values: list[Json] = [True, "5", None, -1, 10**5000, float("nan"), []]
    odd: list[dict[str, Json]] = [{"input": value, "output": value, "cost": value} for value in values]
    odd += [{}, {"cost": float("inf")}]
    told: dict[str, Json] = {"input": 3, "output": 4, "cost": 1}
    used = recorded({"subagent": [("a", one) for one in odd], "arbiter": [("b", told)], "prompt": [("c", told)]})
    assert used is not None
    assert used.as_json() == {
        "input": 6,
        "output": 8,
        "cost": 2.0,
        "told_by": {"input": 2, "output": 2, "cost": 2},
        "subagent_count": 1,
        "try_count": 9,
        "arbiter_count": 1,
        "prompt_count": 1,
    }
    assert recorded({}) is None


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["one"], "one"),
        (["a", "bb", "cc-cc-cc-cc-cc"], "a, bb, cc-cc-cc-cc-cc"),
        (["a", "bb", "cc-cc-cc-cc-ccc"], "a, bb and 1 more"),
        (["a" * 30], "a" * 20 + "…"),
        (["a" * 30, "b"], "a" * 9 + "… and 1 more"),
        ([f"s{n}" for n in range(1200)], "s0, s1 and 1,198 more"),
    ],
)
def test_names_that_do_not_fit_are_counted(names: list[str], shown: str) -> None:
    assert names_text(names, 21) == shown


def test_columns_of_a_table_stand_below_one_another_whatever_letters_it_has() -> None:
    rows = [("名前", "x"), ("e\u0301te", "y"), ("ü", "z")]
    assert list(text_table(("path", "value"), rows, None)) == ["path  value", "名前  x", "e\u0301te   y", "ü     z"]
