"""Commands that check what people write, running nothing."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.parameters import Argument, command


def validate(
    workflows: Annotated[list[str], Argument("WORKFLOW", "The workflows to check, YAML files.")],
) -> int:
    """Check workflows, running nothing.

    The rules and contexts they name are checked too. All errors of all files are reported at once, each with its file
    and line.

    Exit codes: 0 all valid, 2 invalid.

    For example:

      shardflow validate audit.yaml
      shardflow validate samples/*/workflow.yaml
    """
    from shardflow.cli.commands.validate import validate_files

    return validate_files(tuple(workflows))


COMMANDS: Final = (command(validate),)
