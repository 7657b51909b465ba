"""Problems as people read them: what, where, what next, and none longer than its place is worth."""

from shardflow.model.documents import Problem
from shardflow.model.paths import parse_path


def test_a_problem_shows_where_it_is_and_leaves_out_what_is_unknown() -> None:
    path = parse_path("$.a[2]")
    assert str(Problem("x.json", 3, "is wrong", path, "mend it")) == "x.json:3: is wrong at $.a[2]; mend it"
    assert str(Problem("x.json", None, "is wrong")) == "x.json: is wrong"


def test_a_path_is_whole_up_to_a_length_and_then_cut_in_its_middle() -> None:
    assert str(Problem("x", None, "wrong", ("k" * 198,))) == f"x: wrong at $.{'k' * 198}"
    said = str(Problem("x", None, "wrong", ("begin", "k" * 1000, "end")))
    assert said.startswith("x: wrong at $.begin.kkk")
    assert said.endswith("kkk.end")
    assert "…" in said
    assert len(said) == len("x: wrong at ") + 200
