"""Progress of a search where there is no terminal: a line now and then, none for what is soon done."""

from __future__ import annotations

import pytest

from shardflow.cli.views import trying
from shardflow.cli.views.trying import Trying


def test_what_is_soon_done_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    search = Trying("checking ours", "of 9 examples looked at")
    search.hear(1)
    search.close()
    assert capsys.readouterr().err == ""


def test_what_takes_longer_says_so_in_whole_lines_after_five_seconds_and_then_twice_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(trying, "monotonic", lambda: now[0])
    search = Trying("checking ours", "of 9,000 examples looked at")
    for moment in range(70):
        now[0] = moment
        search.hear(moment * 100)
    search.close()
    assert capsys.readouterr().err.splitlines() == [
        "checking ours: 500 of 9,000 examples looked at",
        "checking ours: 3,500 of 9,000 examples looked at",
        "checking ours: 6,500 of 9,000 examples looked at",
    ]
