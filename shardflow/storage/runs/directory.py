"""The run directory: where everything of one run stands.

    run.json            the run's record (see `records.py`)
    workflow.yaml       the workflow as it was read
    base.json           the context as it was when the run started
    context.json        the run's canonical context, or a copy of it
    former-context.json what stood in the canonical file before, where the engine opened its books in it
    events.jsonl        the journal
    groups/01-audit/    one folder a merged group, numbered in the order they ran
        group.json      the group's record, written when it has ended
        base.json       the context when the group started (read-only)
        rules.json      the effective rules
        <id>/           context-<id>.json, stdout.log, stderr.log; of a fan-out item.json, what it works on; prompt.md,
                        if it has a prompt; calling, if it is a Python function that did not return
        _tries/<id>/1/  what the first try of a subagent left that was tried again, and so on
        merge.json      the ledger
        conflicts.json  what no rule settled; only if there was anything
        _arbiters/      what arbiters were asked, a folder each: question.json, answer.json, stderr.log; of an agent CLI
                        also prompt.md, stdout.log, usage.json (tokens and dollars) and agent/, where it worked
        resolutions.json    what was decided about conflicts, by arbiters or afterwards
        context.json    the merged context; absent when the group failed or has conflicts
        former-1/       what stood here before `merge --write` recorded the merge anew, and so on
    scripts/01-thinkHard/   what a script asked a program: its question, stdout.log, stderr.log
    earlier/1/          what the run, when it was resumed for the first time, set aside and did not take back

Everything is private (folders 0700, files 0600). Each subagent has a folder of its own because many writers in one
folder contend (measured 2.0 to 2.5 times slower).
"""

from __future__ import annotations

from typing import Final

from shardflow.model.records import record

READ_ONLY: Final = 0o400
"""The mode of a base: whoever writes into it by mistake is refused."""


@record
class SubagentFolder:
    """The places of one subagent."""

    path: str
    shard: str
    stdout: str
    stderr: str

    @property
    def item(self) -> str:
        """The file of the item that a subagent of a fan-out works on."""
        return f"{self.path}/item.json"

    @property
    def prompt(self) -> str:
        """The file of its prompt, there only if it has one."""
        return f"{self.path}/prompt.md"

    @property
    def calling(self) -> str:
        """An empty file that stands there until its Python function has returned."""
        return f"{self.path}/calling"


@record
class ArbiterFolder:
    """The places of one question to an arbiter; `prompt`, `stdout` and `usage` are there only of agent CLIs."""

    path: str
    question: str
    answer: str
    stderr: str
    prompt: str
    stdout: str
    usage: str


@record
class GroupFolder:
    """The places of one group."""

    path: str

    @property
    def record(self) -> str:
        """The file of the group's record."""
        return f"{self.path}/group.json"

    @property
    def base(self) -> str:
        """The file of the context as it was when the group started."""
        return f"{self.path}/base.json"

    @property
    def rules(self) -> str:
        """The file of the effective rules."""
        return f"{self.path}/rules.json"

    @property
    def ledger(self) -> str:
        """The file of the merge's ledger."""
        return f"{self.path}/merge.json"

    @property
    def conflicts(self) -> str:
        """The file of the conflicts, there only if the merge had any."""
        return f"{self.path}/conflicts.json"

    @property
    def resolutions(self) -> str:
        """The file of what was decided about conflicts, there only if anything was."""
        return f"{self.path}/resolutions.json"

    @property
    def context(self) -> str:
        """The file of the merged context."""
        return f"{self.path}/context.json"

    @property
    def outcome(self) -> tuple[str, ...]:
        """The files that tell what came of the group: none stands there before its subagents have ended."""
        return (self.resolutions, self.conflicts, self.ledger, self.context, self.record)

    @property
    def arbiters(self) -> str:
        """The folder of what arbiters were asked; no subagent's id begins like this."""
        return f"{self.path}/_arbiters"

    def arbiter(self, conflict: str) -> ArbiterFolder:
        """Give the places of the question about a conflict, by its id."""
        path = f"{self.arbiters}/{conflict}"
        names = ("question.json", "answer.json", "stderr.log", "prompt.md", "stdout.log", "usage.json")
        return ArbiterFolder(path, *(f"{path}/{name}" for name in names))

    def tried(self, name: str, tries: int) -> str:
        """Give the folder that keeps what a failed try of a subagent left; no subagent's id begins like this."""
        return f"{self.path}/_tries/{name}/{tries}"

    def subagent(self, name: str) -> SubagentFolder:
        """Give the places of a subagent by its id."""
        path = f"{self.path}/{name}"
        return SubagentFolder(path, f"{path}/context-{name}.json", f"{path}/stdout.log", f"{path}/stderr.log")


@record
class RunDirectory:
    """The places of one run. `path` is absolute."""

    path: str

    @property
    def record(self) -> str:
        """The file of the run's record."""
        return f"{self.path}/run.json"

    @property
    def workflow(self) -> str:
        """The copy of the workflow."""
        return f"{self.path}/workflow.yaml"

    @property
    def base(self) -> str:
        """The file of the context as it was when the run started."""
        return f"{self.path}/base.json"

    @property
    def scripts(self) -> str:
        """The folder of what scripts asked programs, there only if they did."""
        return f"{self.path}/scripts"

    @property
    def context(self) -> str:
        """The run's canonical context, or a copy of it."""
        return f"{self.path}/context.json"

    @property
    def former_context(self) -> str:
        """What the canonical context held before the engine's books were opened in it, if it held anything."""
        return f"{self.path}/former-context.json"

    @property
    def journal(self) -> str:
        """The file of the journal."""
        return f"{self.path}/events.jsonl"

    @property
    def groups(self) -> str:
        """The folder of all groups."""
        return f"{self.path}/groups"

    @property
    def earlier(self) -> str:
        """The folder of what resumed starts set aside."""
        return f"{self.path}/earlier"

    def group(self, name: str) -> GroupFolder:
        """Give the places of a group by its folder's name."""
        return GroupFolder(f"{self.groups}/{name}")
