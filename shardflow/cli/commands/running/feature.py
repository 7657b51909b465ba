"""What the command line says of a run of the dialect: its feature, its agents, who decides at checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_input
from shardflow.cli.console import is_terminal
from shardflow.cli.views import View
from shardflow.errors import UsageError
from shardflow.model.records import record
from shardflow.workflow.model import Workflow

if TYPE_CHECKING:
    from shardflow.execution.staging.asking import Asker
    from shardflow.execution.staging.preparing import StagingRequest


@record
class FeatureOptions:
    """The options of a run of the dialect."""

    feature: str | None = None
    flags: tuple[str, ...] = ()
    agents: str | None = None
    answers: str | None = None
    yes: bool = False


def staging_request(options: FeatureOptions, workflow: Workflow, view: View) -> StagingRequest | None:
    """Give what a run of the dialect needs to know; None for a native one. Raises UsageError or InvalidInput."""
    if not workflow.keeps_books and options.feature is None:
        given = {
            "--flag": options.flags,
            "--agents": options.agents,
            "--answers": options.answers,
            "--yes": options.yes,
        }
        refuse_of_the_dialect(given)
        return None
    from shardflow.execution.staging.preparing import StagingRequest

    asker = asker_of(options.answers, workflow, view, yes=options.yes)
    return StagingRequest(options.feature, options.flags, options.agents, asker)


def refuse_of_the_dialect(given: Mapping[str, object]) -> None:
    """Refuse options that a native workflow has no use for, by name. Raises UsageError."""
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} is for workflows of the dialect, and this one uses nothing of it")


def asker_of(answers: str | None, workflow: Workflow, view: View, *, yes: bool) -> Asker:
    """Say who decides: what is written down, then the first option, a person at the terminal, or nobody."""
    from shardflow.execution.staging.asking import first_option, nobody, written_answers

    otherwise: Asker = nobody
    if yes:
        otherwise = first_option
    elif is_terminal(sys.stdin) and is_terminal(sys.stderr):
        from shardflow.cli.views.running.asking import TerminalAsker

        otherwise = TerminalAsker(view)
    if answers is None:
        return otherwise
    from shardflow.storage.yaml.documents import parse_yaml
    from shardflow.workflow.dialect.answers import read_answers

    document = parse_yaml(read_input(answers, MAX_WORKFLOW_BYTES), answers)
    return written_answers(
        read_answers(document, {phase.id: phase.staging.questions for phase in workflow.phases}), otherwise
    )
