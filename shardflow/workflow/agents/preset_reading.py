"""Reading `agent:` with what belongs to it, of a subagent or of an entry of the map of agents."""

from __future__ import annotations

import re
from typing import Final

from shardflow.model.fields import Fields, Place, quoted
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.texts import read_filled, read_handed_over, refuse_template

_CLIS: Final = {cli.value: cli for cli in AgentCli}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_preset(fields: Fields) -> AgentPreset:
    """Read `agent:` and what belongs to it."""
    cli = fields.required("agent", lambda place: place.choice("agent CLI", _CLIS)) or AgentCli.CLAUDE
    if cli is AgentCli.CODEX and "tools" in fields:
        fields.place("tools").refuse("codex has no tools to choose from", "leave it out; its sandbox is set by args:")
    return AgentPreset(
        cli=cli,
        model=fields.optional("model", _read_option, None),
        tools=fields.optional("tools", _read_texts, None),
        arguments=fields.optional("args", _read_texts, ()),
        pass_environment=fields.optional("pass_env", _read_names, ()),
        prompt=fields.optional("prompt", read_filled, ""),
    )


def _read_option(place: Place) -> str:
    """Read a text that becomes one argument of a CLI, and never looks like an option of it."""
    text = read_filled(place)
    refuse_template(place, text)
    if text.startswith("-"):
        place.refuse(f"{quoted(text)} would be taken for an option of the CLI", "options go into args:")
    return text


def _read_texts(place: Place) -> tuple[str, ...]:
    texts = tuple(map(read_handed_over, place.items()))
    for item, text in zip(place.items() if texts else (), texts, strict=True):
        refuse_template(item, text)
    return texts


def _read_names(place: Place) -> tuple[str, ...]:
    names = _read_texts(place)
    for item, name in zip(place.items() if names else (), names, strict=True):
        if isinstance(item.value, str) and not _VARIABLE.fullmatch(name):
            item.refuse(f"{quoted(name)} cannot be the name of an environment variable")
    return names
