"""Commands that look at what runs recorded."""

from __future__ import annotations

from typing import Annotated, Final

from shardflow.cli.declarations.common import ALL, FORMAT, JSON
from shardflow.cli.parameters import Argument, command


def blame(
    run_dir: Annotated[str, Argument("RUN", "A run directory, or its name in .shardflow/runs.")],
    path: Annotated[
        str | None, Argument("PATH", "A place of the context, such as $.findings[0].severity. Default: all of it.")
    ] = None,
    *,
    layout: Annotated[str | None, FORMAT] = None,
    whole: Annotated[bool, ALL] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Tell which shard, phase and rule made the context what it is.

    For each part of what stands at PATH after the run's last merge: the shards it comes from, the phase and the rule;
    what came about together is one part. Then the changes there that were superseded, and by whom; then what was
    removed, items of lists too, with the path it had. What no merge touched comes from the initial context.

    List items are followed from merge to merge: by key where a rule keys the list, otherwise by value, wherever they
    moved to. An edited item of a list without keys is found between neighbours that stayed; where that is not plain,
    it counts as new and the former one as removed. Of equal items, the first are taken for those that stood there
    before.

    It reads the bases, ledgers and merged contexts that the run recorded, nothing else.

    Exit codes: 0 told, 1 nothing ever stood there or a recorded file was altered, 2 wrong usage.

    For example:

      shardflow blame .shardflow/runs/20261123-101500-audit-1f3a
      shardflow blame .shardflow/runs/20261123-101500-audit-1f3a '$.findings[0].severity'
      shardflow blame RUN "$.findings[?@.file=='a.py']" --json
    """
    from shardflow.cli.commands.blame import show_blame
    from shardflow.cli.commands.selecting import selection_of

    return show_blame(run_dir, path, selection_of(layout, None, whole=whole, as_json=as_json))


COMMANDS: Final = (command(blame),)
