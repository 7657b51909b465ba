"""What a script can call, with real answers only: a helper that cannot know asks a configured program, or fails.

| helper | gives |
| --- | --- |
| `readFile(path)` | the text of a file |
| `readFiles(paths)` | an object: each path with its text |
| `writeFile(path, text)` | nothing; makes folders, writes, and the file becomes a deliverable of the current phase |
| `files_exist(paths)` | whether all of them exist |
| `contains_todos(deliverables)` | whether any holds TODO, FIXME or XXX, also as `TODOs`; an unreadable one does not |
| `identifyGaps(deliverables)` | a text for each thing missing: TODO, FIXME (not XXX), too short, unreadable |
| `analyzeFiles(folder)` | `{files, coverage}`, see `_analyze_files` |
| `thinkHard(prompt)` | a promise of the configured agent's answer |
| `has_syntax_errors`, `all_tests_pass`, `findAmbiguousRequirements`, `analyzeCoverage` | what a command says |

A list of paths may hold deliverables, objects with a `path`. Paths are relative to the output folder. All but
`thinkHard` are plain functions; `await` before them does no harm.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shardflow.errors import StorageError
from shardflow.execution.scripts.folder import OutputFolder
from shardflow.execution.scripts.host import HelperError
from shardflow.execution.scripts.model import Deliverable
from shardflow.model.fields import shown
from shardflow.model.values import Json
from shardflow.workflow.agents.reading import HELPERS

THINKING: Final = "thinkHard"
"""The type that the map of agents is asked for, to find who answers `thinkHard`."""

_TODO: Final = re.compile("TODO|FIXME|XXX")
_GAP: Final = re.compile("TODO|FIXME")
_SHORT: Final = 100
"""Characters, white space around left out, under which a deliverable is unfinished (the old engine's number)."""
_TEST: Final = re.compile(r"(^|[/._-])(tests?|specs?)([/._-]|$)", re.IGNORECASE)

Ask = Callable[[Sequence[str]], Sequence["str | HelperError"]]
"""Asks an agent several prompts at the same time; see `ScriptHelpers.ask`."""

RunCommand = Callable[[str, list[Json]], Json]
"""Lets the configured command of a helper answer: its name and what it was called with. Raises HelperError."""


def no_agent(prompts: Sequence[str]) -> Sequence[HelperError]:
    """Answer for an agent that is not there."""
    return [HelperError(f"no agent is configured to answer it; {how_to_answer(THINKING)}") for _ in prompts]


def how_to_answer(helper: str) -> str:
    """Say how to configure who answers a helper that cannot know by itself: an agent, of others a command."""
    if helper == THINKING:
        return "give one for the type 'thinkHard', or a default, under agents:"
    return f"say helpers: {{{helper}: {{run: ...}}}} in the workflow or in shardflow.yaml"


class Helpers:
    """The helpers of one run, on its output folder; see the module's page for what each does."""

    def __init__(
        self, folder: OutputFolder, ask: Ask = no_agent, commands: Mapping[str, RunCommand] | None = None
    ) -> None:
        self._folder = folder
        self._ask = ask
        self._commands = commands or {}
        self._written: dict[str, int] = {}
        self._helpers: dict[str, Callable[..., Json]] = {
            "readFile": self._read_file,
            "readFiles": self._read_files,
            "writeFile": self._write_file,
            "files_exist": self._files_exist,
            "contains_todos": self._contains_todos,
            "identifyGaps": self._identify_gaps,
            "analyzeFiles": self._analyze_files,
        }
        self.names = (*self._helpers, *HELPERS)

    def call(self, name: str, arguments: list[Json]) -> Json:
        """Do what the helper of this name does. Raises HelperError."""
        if name in HELPERS:
            return self._configured(name, arguments)
        helper = self._helpers[name]
        wanted = 2 if name == "writeFile" else 1
        given = (arguments + [None] * wanted)[:wanted]
        try:
            return helper(*given)
        except StorageError as error:
            raise HelperError(str(error)) from None

    def ask(self, prompts: Sequence[str]) -> Sequence[str | HelperError]:
        """Ask the agent."""
        return self._ask(prompts)

    def written(self) -> tuple[Deliverable, ...]:
        """Give, and forget, what was written since this was last asked."""
        written = tuple(Deliverable(path, size) for path, size in self._written.items())
        self._written.clear()
        return written

    def _configured(self, name: str, arguments: list[Json]) -> Json:
        command = self._commands.get(name)
        if command is None:
            raise HelperError(f"no command is configured that could tell; {how_to_answer(name)}")
        return command(name, arguments)

    def _read_file(self, path: Json) -> Json:
        return self._folder.read(path)

    def _read_files(self, paths: Json) -> Json:
        return {path: self._folder.read(path) for path in _paths(paths)}

    def _write_file(self, path: Json, text: Json) -> Json:
        if not isinstance(text, str):
            raise HelperError(f"expected a text to write, found {shown(text)}; JSON.stringify makes one of anything")
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise HelperError("the text holds half of a surrogate pair, which no file can hold") from None
        self._written[self._folder.deliver(path, data)] = len(data)
        return None

    def _files_exist(self, paths: Json) -> Json:
        exist = [self._folder.exists(path) for path in _paths(paths)]  # a path outside is told in any case
        return all(exist)

    def _contains_todos(self, deliverables: Json) -> Json:
        return any(_TODO.search(self._text(path) or "") for path in _paths(deliverables))

    def _identify_gaps(self, deliverables: Json) -> Json:
        return [gap for path in _paths(deliverables) for gap in _gaps(path, self._text(path))]

    def _text(self, path: str) -> str | None:
        try:
            return self._folder.read(path)
        except StorageError:
            return None

    def _analyze_files(self, folder: Json) -> Json:
        """List the files below a folder, and tell how many of them have a test beside the others.

        `files`: their paths, relative to the output folder where they are inside of it. `coverage`: the share, 0 to 1,
        of the files that are no tests and whose name, without its ending, stands in the name of a test file of the
        folder (`parser.py` is covered by `test_parser.py`, `parser.test.js`, `ParserSpec.kt`); null without such files.
        It counts files and not lines run: for these let `analyzeCoverage` run your coverage tool.
        """
        places = [self._folder.relative(place) for place in self._folder.files(folder)]
        return {"files": list(places), "coverage": _share_with_tests(places)}


def _paths(value: Json) -> list[str]:
    """Read a path, a list of paths, or of deliverables, each path once: a phase that ran again delivered it again."""
    if isinstance(value, str | dict):
        value = [value]
    if not isinstance(value, list):
        raise HelperError(f"expected a list of paths or deliverables, found {shown(value)}")
    return [*dict.fromkeys(_path(item) for item in value)]


def _path(item: Json) -> str:
    path = item.get("path") if isinstance(item, dict) else item
    if not isinstance(path, str):
        raise HelperError(f"expected a path, or a deliverable with a path, found {shown(item)}")
    return path


def _gaps(path: str, text: str | None) -> list[str]:
    if text is None:
        return [f"{path}: cannot be read"]
    gaps = [f"{path}: contains {word}" for word in dict.fromkeys(_GAP.findall(text))]
    if len(text.strip()) < _SHORT:
        gaps.append(f"{path}: shorter than {_SHORT} characters")
    return gaps


def _share_with_tests(places: list[str]) -> float | None:
    tests = [os.path.basename(place).lower() for place in places if _is_test(place)]
    sources = [place for place in places if not _is_test(place)]
    if not sources:
        return None
    covered = [place for place in sources if any(_stem(place) in test for test in tests)]
    return len(covered) / len(sources)


def _is_test(place: str) -> bool:
    name = os.path.basename(place)
    return bool(_TEST.search(name)) or bool(re.search(r"(Tests?|Specs?)\.\w+$", name))


def _stem(place: str) -> str:
    return os.path.basename(place).split(".")[0].lower()
