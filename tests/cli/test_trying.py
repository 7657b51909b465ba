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


def test_what_takes_longer_says_so_in_whole_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "_LOGGED", 0)
    search = Trying("checking ours", "of 2,000 examples looked at")
    search.hear(1200)
    search.close()
    assert capsys.readouterr().err == "checking ours: 1,200 of 2,000 examples looked at\n"
