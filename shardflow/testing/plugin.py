"""The pytest plugin: case files are tests, and a fixture reads rule sets.

A file is a case if its name ends in `.case.yaml`, `.case.yml` or `.case.json`, or if it stands in a folder of the ini
option `shardflow_cases` (by default `merge_rules/cases` of the root folder) and ends in `.yaml`, `.yml` or `.json`. It
passes if what comes out of its merge is what it expects. A fixture gives rules to tests of one's own:

    def test_hits_add_up(shardflow_rules):
        rules = shardflow_rules("rules.yaml")       # beside the test; or a shipped set's name; or rules as a dict
        assert rules.merge({"hits": 1}, a={"hits": 2}, b={"hits": 3}) == {"hits": 4}
        assert rules.conflicts({"s": ""}, a={"s": "x"}, b={"s": "y"}) == ["$.s"]

pytest loads this module wherever shardflow is installed, so it imports nothing before there is a case or the fixture
is asked for. `-p no:shardflow` turns it off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shardflow.testing.trying import TriedRules

_FOLDERS = "shardflow_cases"
_SUFFIXES = (".yaml", ".yml", ".json")
_CASES = tuple(f".case{suffix}" for suffix in _SUFFIXES)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option that names folders of cases."""
    told = "folders, from the root folder, in which every .yaml, .yml and .json file is a shardflow case"
    parser.addini(_FOLDERS, told, type="args", default=["merge_rules/cases"])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Collect case files, by name or folder."""
    if file_path.name.endswith(_CASES) or (file_path.name.endswith(_SUFFIXES) and _in_a_folder(file_path, parent)):
        return CaseFile.from_parent(parent, path=file_path)
    return None


def _in_a_folder(file: Path, parent: pytest.Collector) -> bool:
    folders = (parent.config.rootpath / folder for folder in parent.config.getini(_FOLDERS))
    return any(file.is_relative_to(folder) for folder in folders)


class CaseFile(pytest.File):
    """A file that holds one case."""

    def collect(self) -> Iterable[CaseItem]:
        """Give the one test of the file; the file is not read before it runs."""
        yield CaseItem.from_parent(self, name="case")


class CaseItem(pytest.Item):
    """The test of one case."""

    def runtest(self) -> None:
        """Merge the case and compare. Raises NotAsExpected, or InvalidInput for a case that cannot be read."""
        from shardflow.testing.trying import check_case

        check_case(str(self.path))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Show what differs, or what is wrong with the file, and nothing of the plugin."""
        from shardflow.errors import ShardflowError

        if isinstance(excinfo.value, AssertionError | ShardflowError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say where the test stands, and what it is called above its failure: its file, since all are called alike."""
        return self.path, None, self.nodeid.partition("::")[0]


@pytest.fixture
def shardflow_rules(request: pytest.FixtureRequest) -> Callable[[object], TriedRules]:
    """Read rules to try: a path from the test's folder, the name of a shipped set, or what a rule file holds."""
    from shardflow.errors import ShardflowError
    from shardflow.testing.trying import tried_rules

    def read(rules: object) -> TriedRules:
        __tracebackhide__ = True  # of what pytest shows
        try:
            return tried_rules(rules, str(request.path.parent))
        except ShardflowError as error:
            raise error.with_traceback(None) from None  # it says what is wrong; how it was found says nothing

    return read
