"""What is written when all phases are through: the final template, rendered, and `metadata.json`.

Law: a template that is not there is told and stops nobody; one that cannot be rendered keeps the run from starting, or
fails it where that is only found now (partials that include each other).
"""

from __future__ import annotations

import os
import time
from typing import Final

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.prompts.templates import Template, escaping_for, read_template, render
from shardflow.execution.scripts.folder import OutputFolder
from shardflow.execution.staging.feature_folder import FeatureFolder, moment_text
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.storage.json.canonical import written_bytes
from shardflow.workflow.dialect.model import Finalization
from shardflow.workflow.dialect.outputs import NoPlace, output_place
from shardflow.workflow.model import Workflow

_METADATA: Final = "metadata.json"


@record
class Finalized:
    """What came of it: `problems` fail the run, `notes` are told."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def finalize(
    workflow: Workflow, folder: FeatureFolder, places: tuple[str, ...], context: dict[str, Json], run_dir: str
) -> Finalized:
    """Render the final template, if there is one, and write the metadata; templates are looked for in `places`."""
    output = OutputFolder(folder.path)
    try:
        notes = _rendered(workflow.finalization, folder, output, places, context) if workflow.finalization else ()
        output.write(_METADATA, written_bytes(_metadata(folder, context, run_dir)))
    except (InvalidInput, StorageError, NoPlace) as error:
        return Finalized(problems=(f"finalization: {error}",))
    return Finalized(notes=notes)


def find_final_template(finalization: Finalization, places: tuple[str, ...]) -> str | None:
    """Find the file of the final template: relative to the first of these folders that has it."""
    paths = (os.path.join(place, finalization.template) for place in places)
    return next(filter(os.path.isfile, paths), None)


def template_places(file: str, project: str) -> tuple[str, ...]:
    """Give the folders a final template is looked for in: the current one, the workflow's, and that one's parent."""
    folder = os.path.dirname(os.path.abspath(file))
    return project, folder, os.path.dirname(folder)


def _rendered(
    finalization: Finalization,
    folder: FeatureFolder,
    output: OutputFolder,
    places: tuple[str, ...],
    context: dict[str, Json],
) -> tuple[str, ...]:
    if finalization.is_inline:
        template = Template(finalization.template, "finalization.template")
    elif path := find_final_template(finalization, places):
        template = read_template(path)
    else:
        return (f"finalization: there is no template {finalization.template}, so {finalization.output} is not written",)
    place = output_place(finalization.output, folder.feature, folder.workflow)
    names: dict[str, Json] = {
        "context": context,
        "output_dir": folder.path,
        "feature_name": folder.feature,
        "workflow_name": folder.workflow,
    }
    rendered = render(template, {**names, **context}, escaping_for(place))
    output.write(place, rendered.text.encode())
    missing = f"finalization: {template.source} names what is not there: {', '.join(rendered.missing)}"
    return (missing,) if rendered.missing else ()


def _metadata(folder: FeatureFolder, context: dict[str, Json], run_dir: str) -> dict[str, Json]:
    """Sum a finished run up, from its books."""
    said, feature, phases = (_object(context.get(name)) for name in ("workflow", "feature", "phases"))
    deliverables = context.get("deliverables")
    return {
        "workflow": folder.workflow,
        "execution_mode": said.get("execution_mode"),
        "feature": folder.feature,
        "flags": feature.get("flags"),
        "status": "completed",
        "started_at": said.get("started_at"),
        "completed_at": moment_text(time.time()),
        "phases_completed": phases.get("completed"),
        "phases_skipped": context.get("skip_phases"),
        "iteration_counts": phases.get("iteration_counts"),
        "subagents_spawned": context.get("subagents_spawned"),
        "deliverables": deliverables if isinstance(deliverables, list) else [],
        "run_dir": run_dir,
    }


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
