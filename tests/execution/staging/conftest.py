from __future__ import annotations

from pathlib import Path

import pytest

from tests.execution.staging.features import FeaturePlace


@pytest.fixture
def feature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeaturePlace:
    """A folder that the test stands in, as a person who starts a run does."""
    monkeypatch.chdir(tmp_path)
    return FeaturePlace(tmp_path)
