"""Scripts run in the tests: one line each, in a host and an output folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from shardflow.execution.scripts.folder import OutputFolder
from shardflow.execution.scripts.helpers import Helpers, no_agent
from shardflow.execution.scripts.host import HelperError, ScriptHost
from shardflow.execution.scripts.model import NamedScript, Returned, Scope, ScriptForm, ScriptRun
from shardflow.model.values import Json, Value

LONG = 60.0
"""Seconds that no script needs, not even on a machine that is busy with other things."""


class Scripts:
    """Runs scripts in one host, one after another, on the folder `path`."""

    def __init__(self, host: ScriptHost, path: Path) -> None:
        self.host = host
        self.path = path
        self.context: Json = {"workflow": {"name": "demo"}, "count": 3, "names": ["a", "b"]}
        self.ask: Callable[[Sequence[str]], Sequence[str | HelperError]] = no_agent
        self.readable: tuple[str, ...] = ()

    def run(self, text: str, limit: float = LONG, form: ScriptForm = ScriptForm.BODY) -> ScriptRun:
        scope = Scope(self.context, {"id": "plan", "name": "Plan"}, str(self.path))
        helpers = Helpers(OutputFolder(str(self.path), self.readable), self.ask)
        return self.host.run(NamedScript(text, "the script", form), scope, helpers, limit)

    def value(self, text: str, form: ScriptForm = ScriptForm.BODY) -> Value:
        outcome = self.run(text, form=form).outcome
        assert isinstance(outcome, Returned), outcome
        return outcome.value
