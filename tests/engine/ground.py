"""One run on disk: a workflow made of a plan, and each act on its run directory in a process that may die."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import traceback
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from shardflow.errors import UsageError
from shardflow.execution.inspection.resolving import open_merge, resolve
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.execution.run import run_workflow
from shardflow.merge.resolving.documents import Written
from shardflow.model.paths import Path as ConflictPath
from shardflow.model.paths import path_text
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.records import read_run_record
from tests.engine.oracle import Group, Left, Where
from tests.execution.running import request
from tests.faults.steps import Call, Steps

RULES: dict[str, Any] = {
    "none": {"rules": []},
    "sums": {"rules": [{"path": "$.n", "strategy": "sum"}]},
    "lasts": {"rules": [{"path": "$.n", "strategy": "sum"}, {"path": "$.status", "strategy": "last"}]},
    "strict": "strict",
}
"""The rules of a plan, as a workflow names them."""

WRONG = 70


class Ground:
    """A folder with a workflow and its run directory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.directory = RunDirectory(str(folder / "run"))
        self._rule_files = count(1)

    def plan(self, context: dict[str, Any], groups: Sequence[Group]) -> None:
        """Write the workflow."""
        phases = [
            {"id": f"p{number}", "behavior": "parallel", "rules": RULES[group.rules], "subagents": _subagents(group)}
            for number, group in enumerate(groups)
        ]
        text = json.dumps({"name": "w", "context": context, "phases": phases})
        (self.folder / "workflow.yaml").write_text(text)

    @property
    def is_a_run(self) -> bool:
        return os.path.exists(self.directory.record)

    @property
    def context(self) -> Any:
        """Read the canonical context; None before there is one."""
        if not os.path.exists(self.directory.context):
            return None
        return json.loads(Path(self.directory.context).read_bytes())

    @property
    def status(self) -> str:
        return read_run_record(self.directory).status

    def open(self) -> frozenset[ConflictPath]:
        """Give the paths of the conflicts that are left to decide."""
        try:
            return frozenset(conflict.path for conflict in open_merge(self.directory.path).conflicts)
        except UsageError:
            return frozenset()

    def files(self) -> dict[str, bytes]:
        """Give all that the run directory holds."""
        return {str(path): path.read_bytes() for path in Path(self.directory.path).rglob("*") if path.is_file()}

    def rule_file(self, rules: str) -> str:
        """Give a rule file, or the name of a shipped set."""
        if isinstance(RULES[rules], str):
            return str(RULES[rules])
        file = self.folder / f"rules-{next(self._rule_files)}.yaml"
        file.write_text(json.dumps(RULES[rules]))
        return str(file)

    def clear(self) -> None:
        """Remove what a start left that died before there was a run."""
        shutil.rmtree(self.directory.path, ignore_errors=True)

    def start(self, dies: int | None = None) -> bool:
        """Run the workflow; give whether the process lived. `dies` is at which step."""
        return self._apart(lambda: run_workflow(request(str(self.folder)), lambda event: None), dies)

    def resume(self, dies: int | None = None) -> bool:
        """Go on with the run."""
        return self._apart(self._resumed, dies)

    def decide(self, chosen: Sequence[tuple[Where, Any]], dies: int | None = None) -> bool:
        """Decide about conflicts."""
        written = [Written(path_text(where), choice, "", "a test") for where, choice in chosen]
        return self._apart(lambda: resolve(open_merge(self.directory.path), written), dies)

    def _resumed(self) -> object:
        asked, record = request(str(self.folder)), read_run_record(self.directory)
        resumed = ResumeRequest(self.directory, record, asked.workflow, asked.workflow_file, asked.workflow_bytes)
        return resume_run(resumed, lambda event: None)

    def _apart(self, act: Callable[[], object], dies: int | None) -> bool:
        child = os.fork()
        if child == 0:
            code = WRONG
            try:
                os.chdir(self.folder)
                if dies is not None:
                    Steps(self.folder, _Death(dies)).wrap()
                act()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL), "the engine raised, see above"
        return code == 0


class _Death:
    """Death at the step of this number; of a write, in the middle of it if the number is odd."""

    def __init__(self, step: int) -> None:
        self._left = step

    def __call__(self, call: Call) -> Any:
        self._left -= 1
        if self._left == 0:
            if call.function == "write" and len(call.arguments[1]) % 2:
                call.halfway()
            os.kill(os.getpid(), signal.SIGKILL)
        return call.through()


def _subagents(group: Group) -> list[dict[str, Any]]:
    return [
        {"id": name, "run": _line(left), **({"shard": left.form} if left.form != "copy" else {})}
        for name, left in group.shards.items()
    ]


def _line(left: Left) -> str:
    if left.form == "journal":
        lines = (json.dumps({"set": f"$.{name}", "value": value}) for name, value in left.value.items())
        return "; ".join(["true", *(f'printf "%s\\n" {shlex.quote(line)} >> "$SHARDFLOW_SHARD"' for line in lines)])
    return f'printf %s {shlex.quote(json.dumps(left.value))} > "$SHARDFLOW_SHARD"'
