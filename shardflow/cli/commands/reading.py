"""Files named on the command line, read into what the floors below speak of."""

from __future__ import annotations

from typing import Final

from shardflow.storage.yaml_documents import parse_yaml
from shardflow.workflow.model import Workflow
from shardflow.workflow.reading import read_workflow

MAX_WORKFLOW_BYTES: Final = 16 << 20
"""The largest workflow file read."""


def workflow_of(data: bytes, source: str) -> Workflow:
    """Read a workflow. Raises InvalidYaml or InvalidWorkflow with every problem."""
    return read_workflow(parse_yaml(data, source))
