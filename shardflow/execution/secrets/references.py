"""References to secrets, followed: each value read from where the workflow's owner keeps it, when a run starts.

Laws: a value stands in this process's memory and in the environment of who names it, never in a run directory. A
variable that a workflow refers to is nobody's but theirs: no other subagent inherits it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidInput, StorageError
from shardflow.model.documents import Problem
from shardflow.workflow.model import Secret, SecretFile, SecretVariable, Subagent, Workflow

if TYPE_CHECKING:
    from shardflow.execution.secrets.masking import Mask  # loaded only where a workflow refers to secrets

_LIMIT: Final = 64 << 10


class Secrets:
    """The secrets of a run: the value of each reference."""

    def __init__(self, values: Mapping[Secret, bytes], names: Mapping[Secret, str]) -> None:
        self._values = values
        self._names = names

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._values)

    @cached_property
    def mask(self) -> Mask:
        """The mask of all of them."""
        from shardflow.execution.secrets.masking import Mask

        return Mask((self._names[secret], value) for secret, value in self._values.items())

    def environment(self, subagent: Subagent) -> dict[bytes, bytes]:
        """Give the variables of a subagent that are secrets."""
        return {os.fsencode(name): self._values[secret] for name, secret in subagent.secrets.items()}

    def left_of(self, environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Give what of this process's environment everyone may have."""
        kept = {os.fsencode(secret.name) for secret in self._values if isinstance(secret, SecretVariable)}
        return {name: value for name, value in environment.items() if name not in kept}

    def refuse_in(self, data: bytes, source: str) -> None:
        """Refuse a context that holds a secret: every shard would. Raises InvalidInput."""
        if self and (name := self.mask.found_in(data)):
            hint = "take it out, and let subagents find it in their environment"
            raise InvalidInput([Problem(source, None, f"the context holds the value of the secret {name}", None, hint)])


NO_SECRETS: Final = Secrets({}, {})


def read_secrets(workflow: Workflow, workflow_file: str) -> Secrets:
    """Read every secret that a workflow refers to; files are relative to its folder. Raises InvalidInput with all
    that cannot be used.
    """
    values: dict[Secret, bytes] = {}
    names: dict[Secret, str] = {}
    problems: list[Problem] = []
    for where, name, secret in _references(workflow):
        if secret in names:
            continue
        names[secret] = name
        value = _value(secret, os.path.dirname(workflow_file))
        if isinstance(value, str):
            problems.append(Problem(workflow_file, None, f"{where}: the secret {name} cannot be used: {value}"))
        else:
            values[secret] = value
    if problems:
        raise InvalidInput(problems)
    return Secrets(values, names) if values else NO_SECRETS


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
