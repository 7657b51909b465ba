"""What can go wrong, as a tree; every error carries its data.

ShardflowError
├── InvalidInput        problems in a file, all of them at once           (exit code 2)
│   ├── InvalidJson
│   ├── InvalidYaml
│   ├── InvalidRules
│   ├── InvalidWorkflow
│   ├── InvalidCase
│   ├── InvalidAgents
│   ├── InvalidTemplate
│   └── InvalidShards   shards that cannot be told apart
├── UsageError          the request makes no sense, whatever the files say (exit code 2)
│   └── SeveralErrors   of what a request names, several cannot be used
├── NodeUnusable        scripts need Node.js, and it is missing or too old (exit code 2)
├── StorageError        the file system refused, or a file is not what it must be (exit code 1)
│   ├── ContextLocked   another run is writing this context
│   ├── RunInProgress   a run that still goes on cannot be resumed     (exit code 2)
│   └── NotARun         a folder that is no run directory              (exit code 2)
└── TamperedRun         an input of a recorded merge was altered since (exit code 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from shardflow.exit_codes import FAILED, INVALID
from shardflow.model.documents import Problem


class ShardflowError(Exception):
    """Anything shardflow itself reports; `exit_code` is what the command line ends with.

    `file` is the file or folder that it is about, for programs; the message names it, too.
    """

    exit_code: ClassVar[int] = FAILED

    def __init__(self, message: str = "", *, file: object = None) -> None:
        """`file` is its path, as a text or as what Python's `str` makes one of."""
        super().__init__(message)
        self.file = None if file is None else str(file)


class InvalidInput(ShardflowError):
    """Input that cannot be used. `problems` has every problem found, in the order of the file."""

    exit_code = INVALID

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InvalidJson(InvalidInput):
    """A JSON text that is not strict JSON, or holds what would be lost in silence."""


class InvalidYaml(InvalidInput):
    """A YAML text that cannot be read safely or without loss."""


class InvalidRules(InvalidInput):
    """A rule set that cannot mean what its author meant."""


class InvalidWorkflow(InvalidInput):
    """A workflow that cannot run as written."""


class InvalidCase(InvalidInput):
    """A case file that cannot be replayed as written."""


class InvalidShards(InvalidInput):
    """Shards that cannot be told apart."""


class InvalidAgents(InvalidInput):
    """A file of agents and helpers that cannot mean what its author meant."""


class InvalidTemplate(InvalidInput):
    """A template that cannot be rendered."""


class UsageError(ShardflowError):
    """A request that makes no sense, whatever the files say."""

    exit_code = INVALID


class SeveralErrors(UsageError):
    """Of what a request names, several cannot be used: each of `errors` tells of one."""

    def __init__(self, errors: Iterable[ShardflowError]) -> None:
        self.errors = tuple({str(error): error for error in errors}.values())
        super().__init__("\n".join(map(str, self.errors)))


class NodeUnusable(ShardflowError):
    """Scripts need Node.js, and there is none, or one that is too old or does not work."""

    exit_code = INVALID


class StorageError(ShardflowError):
    """The file system refused, or a file is not what it must be."""


class ContextLocked(StorageError):
    """Another run holds the lock on this context."""


class RunInProgress(StorageError):
    """The run still goes on, in another process."""

    exit_code = INVALID


class NotARun(StorageError):
    """A folder that is no run directory."""

    exit_code = INVALID


class TamperedRun(ShardflowError):
    """An input of a recorded merge was altered since the run."""
