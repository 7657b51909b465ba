"""What an adapter makes of a task: the arguments and the environment of a CLI that gets its prompt on standard input.

Law: nothing of the prompt or the context is ever an argument; what a CLI may write is its shard and its output file,
or, where it can only be told folders, those these are in; it finds of our environment only what its adapter lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from shardflow.model.records import record

COMMON: Final = (
    *("HOME", "LANG", "LANGUAGE", "LC_*", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER", "XDG_*"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE", "TRACEPARENT", "TRACESTATE"),
)
"""Variables that every agent CLI gets: where it is, how it reaches the network, and the trace it is part of."""


@record
class AgentTask:
    """One piece of work for an agent CLI. All paths are absolute.

    `folder` is its own working folder, empty and private; `shard` and `output` are what it shall write, None for what
    it shall not; `readable` are folders it may look into: the project's, the output folder.
    """

    folder: str
    shard: str | None = None
    output: str | None = None
    readable: tuple[str, ...] = ()

    @property
    def writable(self) -> tuple[str, ...]:
        """The files it shall write."""
        return tuple(path for path in (self.shard, self.output) if path is not None)


@record
class Start:
    """How a CLI is started: `arguments` with the program first, `environment` beside what it inherits.

    `files` are texts by name, to be written into the task's folder beforehand.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = MappingProxyType({})
    files: Mapping[str, str] = MappingProxyType({})


def inherited(environment: Mapping[bytes, bytes], allowed: Iterable[str]) -> dict[bytes, bytes]:
    """Give what a CLI gets of an environment: the common variables and the `allowed` ones, names or globs."""
    patterns = [pattern.encode() for pattern in (*COMMON, *allowed)]
    return {
        name: value for name, value in environment.items() if any(fnmatchcase(name, pattern) for pattern in patterns)
    }
