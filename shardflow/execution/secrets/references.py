"""References to secrets, followed: each value read from where the workflow's owner keeps it, when a run starts.

Laws: a value stands in this process's memory and in the environment of who names it, never in a run directory. A
variable that a workflow refers to is nobody's but theirs: no other subagent inherits it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidInput, StorageError
from shardflow.model.documents import Problem
from shardflow.workflow.model import Workflow
from shardflow.workflow.program import Secret, SecretFile, SecretVariable

if TYPE_CHECKING:
    from shardflow.execution.secrets.escapes import ShardMask  # likewise
    from shardflow.execution.secrets.masking import Mask  # loaded only where a workflow refers to secrets
    from shardflow.workflow.agents.model import AgentEntry  # likewise

_LIMIT: Final = 64 << 10


class Secrets:
    """The secrets of a run: the value of each reference, or what is wrong with one that nobody may come to need."""

    def __init__(
        self, values: Mapping[Secret, bytes], names: Mapping[Secret, str], unusable: Mapping[Secret, str] | None = None
    ) -> None:
        self._values = values
        self._names = names
        self._unusable = unusable or {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._values)

    @cached_property
    def mask(self) -> Mask:
        """The mask of all of them."""
        from shardflow.execution.secrets.masking import Mask

        return Mask(self._named())

    @cached_property
    def shard_mask(self) -> ShardMask:
        """The mask of all of them for JSON texts, in which they may be escaped."""
        from shardflow.execution.secrets.escapes import ShardMask

        return ShardMask(self.mask, self._named())

    def _named(self) -> Iterator[tuple[str, bytes]]:
        return ((self._names[secret], value) for secret, value in self._values.items())

    def environment(self, named: Mapping[str, Secret]) -> dict[bytes, bytes]:
        """Give the variables that are secrets of who names these. Raises StorageError where one cannot be used."""
        for name, secret in named.items():
            if secret not in self._values:
                why = self._unusable.get(secret, "neither the workflow nor the map of agents refers to it")
                raise StorageError(f"the secret {name} cannot be used: {why}")
        return {os.fsencode(name): self._values[secret] for name, secret in named.items()}

    def left_of(self, environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Give what of this process's environment everyone may have."""
        kept = {os.fsencode(secret.name) for secret in self._names if isinstance(secret, SecretVariable)}
        return {name: value for name, value in environment.items() if name not in kept}

    def refuse_in(self, data: bytes, source: str) -> None:
        """Refuse a context that holds a secret: every shard would. Raises InvalidInput."""
        if self and (name := self.shard_mask.found_in(data)):
            hint = "take it out, and let subagents find it in their environment"
            raise InvalidInput([Problem(source, None, f"the context holds the value of the secret {name}", None, hint)])


NO_SECRETS: Final = Secrets({}, {})


def read_secrets(workflow: Workflow, workflow_file: str, agents: Iterable[AgentEntry] = ()) -> Secrets:
    """Read every secret that a workflow refers to; files are relative to its folder. `agents` are the programs that
    its scripts may yet choose: a secret of theirs that cannot be used matters only to who needs it then.

    Raises InvalidInput with all that cannot be used.
    """
    folder = os.path.dirname(workflow_file)
    needed = {secret: (where, name) for where, name, secret in reversed([*_references(workflow)])}
    names = {secret: name for entry in agents for name, secret in entry.secrets.items()}
    names |= {secret: name for secret, (_, name) in needed.items()}
    read = {secret: _value(secret, folder) for secret in names}
    unusable = {secret: value for secret, value in read.items() if isinstance(value, str)}
    problems = [
        Problem(workflow_file, None, f"{where}: the secret {name} cannot be used: {unusable[secret]}")
        for secret, (where, name) in reversed(needed.items())
        if secret in unusable
    ]
    if problems:
        raise InvalidInput(problems)
    values = {secret: value for secret, value in read.items() if isinstance(value, bytes)}
    return Secrets(values, names, unusable) if names else NO_SECRETS


def _references(workflow: Workflow) -> Iterator[tuple[str, str, Secret]]:
    for phase in workflow.phases:
        for subagent in phase.subagents:
            for name, secret in subagent.secrets.items():
                yield f"{phase.id}/{subagent.id}", name, secret


def _value(secret: Secret, folder: str) -> bytes | str:
    """Give the value, or what is wrong with it."""
    from shardflow.execution.secrets.masking import SHORTEST

    try:
        value = _read(secret, folder)
    except StorageError as error:
        return str(error)
    if value is None:
        return f"this process has no environment variable {os.fsdecode(secret.name)}"  # type: ignore[union-attr]
    if b"\0" in value:
        return "it holds a NUL, which no environment variable can"
    if len(value) < SHORTEST:
        return f"it has {len(value)} bytes, and with fewer than {SHORTEST} it cannot be masked in what subagents print"
    return value


def _read(secret: Secret, folder: str) -> bytes | None:
    match secret:
        case SecretVariable(name):
            return os.environb.get(os.fsencode(name))
        case SecretFile(path):
            from shardflow.storage.files import read_regular

            value = read_regular(os.path.join(folder, path), _LIMIT)
            return value.removesuffix(b"\n").removesuffix(b"\r")
