"""Commands that check what people write, running nothing."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import JSON
from shardflow.cli.parameters import Argument, Option, command


def validate(
    workflows: Annotated[list[str], Argument("WORKFLOW", "The workflows to check, YAML files.", reads=True)],
    *,
    agents: Annotated[
        str | None, Option(("--agents",), "Which program runs each `type`, as it will be given to run.", "FILE")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Check workflows, running nothing.

    The rules and contexts they name are checked too. All errors of all files are reported at once, each with its file
    and line. Where subagents of one parallel phase declare writes to the same path and no rule settles it, where a rule
    prefers an id that no subagent has, or where a program, module, folder or final template is not there, a warning
    says so; with warnings alone a workflow is valid.

    Workflows of the shell engine are checked for all that a run needs: scripts that parse (with Node.js), a program for
    every type, templates that can be rendered, and checkpoints that lead to phases.

    Exit codes: 0 all valid, 2 invalid.

    For example:

      shardflow validate audit.yaml
      shardflow validate samples/*/workflow.yaml
      shardflow validate audit.yaml --json
    """
    from shardflow.cli.commands.validate import validate_files

    return validate_files(workflows, agents, as_json=as_json)


COMMANDS: Final = (command(validate),)
