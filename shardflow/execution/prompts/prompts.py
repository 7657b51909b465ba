"""The prompt of a subagent: from the template of its type, or in general words. It ends with what to leave where.

Templates stand at `subagents/prompts/TYPE/WORKFLOW.md.tmpl`, else `subagents/prompts/TYPE/default.md.tmpl`, beside the
workflow and in its folder's parent. One for the workflow goes over a default one wherever they stand, one beside the
workflow over one in the parent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from shardflow.execution.prompts.templates import Named, Rendered, Template, is_file_name, read_template, render
from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.storage.runs.directory import GroupFolder
from shardflow.workflow.model import Item, ShardForm

_FOLDER: Final = os.path.join("subagents", "prompts")
_TASKS: Final = ("task", "prompt", "instructions", "description")
"""Names under which a configuration says what to do, in the order they are looked for."""
_SETTINGS: Final = frozenset({*_TASKS, "context", "output_path", "model", "max_tokens"})
"""What of a configuration is told in a place of its own, or is not for the prompt."""


@record
class PromptRequest:
    """All that a prompt is made of. `phase` is the phase as the workflow has it, with its `id`.

    `output` is the file the output belongs into, None if none is expected; `shard` the subagent's shard (in
    this `form`) and `project` the folder of what is worked on, None where the prompt shall not speak of them. All, and
    `output_dir`, are absolute. `item` is the one a subagent of a fan-out works on.
    """

    workflow_name: str
    subagent_type: str
    phase: Mapping[str, Json]
    context: dict[str, Json]
    config: Mapping[str, Json]
    output_dir: str
    output: str | None = None
    shard: str | None = None
    form: ShardForm = ShardForm.COPY
    project: str | None = None
    item: Item | None = None


@record
class Prompt:
    """A prompt. `missing` is what its template named in vain."""

    text: str
    missing: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its subagent is warned of."""
        return (f"its prompt names what is not there: {', '.join(self.missing)}",) if self.missing else ()


def build_prompt(request: PromptRequest, folders: Sequence[str], own: str = "") -> Prompt:
    """Make the prompt of a subagent; `folders` are the workflow's folder and its parent.

    `own` is the task that a workflow says in `prompt:`, which is a template, too. Raises InvalidTemplate, StorageError.
    """
    if not own:
        return _built(request, folders)
    task = render_prompt(Template(own, "prompt"), request)
    built = _built(replaced(request, config={**request.config, "task": task.text}), folders)
    return replaced(built, missing=(*task.missing, *built.missing))


def _built(request: PromptRequest, folders: Sequence[str]) -> Prompt:
    path = find_template(request.subagent_type, request.workflow_name, folders)
    if path is None:
        return Prompt(f"{_general(request)}\n\n{_ending(request)}")
    rendered = render_prompt(read_template(path), request)
    return Prompt(f"{rendered.text.rstrip()}\n\n{_ending(request)}", rendered.missing)


def find_template(subagent_type: str, workflow_name: str, folders: Sequence[str]) -> str | None:
    """Find the template of a type. A name that cannot be a file's, and would lead elsewhere, has none."""
    return next(filter(os.path.isfile, _candidates(subagent_type, workflow_name, folders)), None)


def render_prompt(template: Template, request: PromptRequest) -> Rendered:
    """Render a template with what prompts are rendered with. Raises InvalidTemplate, StorageError."""
    values: dict[str, Json] = {
        "workflow_name": request.workflow_name,
        "subagent_type": request.subagent_type,
        "phase": Named(request.phase),
        "context": request.context,
        "config": dict(request.config),
        "output_dir": request.output_dir,
        **({} if request.item is None else {"item": request.item.value}),
    }
    return render(template, values)


def _candidates(subagent_type: str, workflow_name: str, folders: Sequence[str]) -> Iterator[str]:
    if all(map(is_file_name, subagent_type.split("/"))):
        for name in (workflow_name, "default"):
            if is_file_name(name):
                yield from (os.path.join(folder, _FOLDER, subagent_type, f"{name}.md.tmpl") for folder in folders)


def _general(request: PromptRequest) -> str:
    parts = [
        f"# Role\n\nYou are the subagent `{request.subagent_type}` of the workflow `{request.workflow_name}`.",
        f"# Phase\n\n{_phase(request.phase)}",
        f"# Task\n\n{_task(request)}",
    ]
    if "context" in request.config:
        parts.append(f"# What to know\n\n{_shown(request.config['context'])}")
    if more := {name: value for name, value in request.config.items() if name not in _SETTINGS}:
        parts.append(f"# Configuration\n\n{_shown(more)}")
    return "\n\n".join(parts)


def _phase(phase: Mapping[str, Json]) -> str:
    name = f"{phase['name']} (`{phase['id']}`)" if phase.get("name") else f"`{phase['id']}`"
    return f"{name}: {phase['description']}" if phase.get("description") else name


def _task(request: PromptRequest) -> str:
    given = next((request.config[name] for name in _TASKS if request.config.get(name)), None)
    if given is not None:
        return _shown(given)
    return f"Do the work of a `{request.subagent_type}` for this phase, as its name and the phase's description say."


def _ending(request: PromptRequest) -> str:
    parts = []
    if request.item is not None:
        parts.append(f"# Item\n\nYour part of the work is this item, and no other:\n\n{_fenced(request.item.value)}")
    if request.project is not None:
        parts.append(f"The project's files are in the folder `{request.project}`.")
    parts.append("# What to leave")
    if request.shard is not None:
        parts.append(_shard(request.shard, request.form))
    parts.append(
        "No output file is expected." if request.output is None else f"Save your output to the file `{request.output}`."
    )
    return "\n\n".join(parts) + "\n"


def _shard(shard: str, form: ShardForm) -> str:
    group = GroupFolder(os.path.dirname(os.path.dirname(shard)))
    base = f"The context that all subagents share is the JSON file `{group.base}`; "
    match form:
        case ShardForm.COPY:
            return (
                f"The context that all subagents share is the JSON file `{shard}`, your own copy of it. "
                "Read there what you need, and record there what later phases shall know, by editing that file."
            )
        case ShardForm.PATCH:
            return (
                f"{base}read there what you need. Record what later phases shall know as a JSON Merge Patch (RFC 7396) "
                f"of it in the file `{shard}`."
            )
        case ShardForm.JOURNAL:
            return (
                f"{base}read there what you need. Record what later phases shall know by appending lines to the file "
                f"`{shard}`, each one JSON object such as "
                """`{"set": "$.a.b", "value": 1}`, `{"add": "$.count", "value": 1}`, """
                """`{"append": "$.items", "value": "x"}` or `{"remove": "$.a.c"}`."""
            )


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else _fenced(value)


def _fenced(value: Json) -> str:
    """Show a value as JSON, out of which no text in it leads: a line of JSON never begins with a fence."""
    return f"```json\n{written_bytes(value).decode()}```"
