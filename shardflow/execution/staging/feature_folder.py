"""The output folder of a feature, `.temp/<feature>/`: made private of links, its outputs, its final files.

Law: nothing is written outside of the folder, whatever stands in it: no step on the way to a file may be a link.
"""

from __future__ import annotations

import os
import re
import time
from typing import Final

from shardflow.errors import StorageError, UsageError
from shardflow.model.fields import quoted
from shardflow.model.records import record
from shardflow.storage.runs.records import CONTEXT
from shardflow.workflow.dialect.outputs import feature_fault, output_place
from shardflow.workflow.model import Subagent

HOME: Final = ".temp"
"""Where the output folders of all features stand, in the folder a run is started in."""

_LONGEST: Final = 64


@record
class FeatureFolder:
    """The output folder of one feature. `path` is absolute."""

    path: str
    feature: str
    workflow: str

    @property
    def project(self) -> str:
        """The folder that the feature is one of: where its first run was started."""
        return os.path.dirname(os.path.dirname(self.path))

    @property
    def context(self) -> str:
        """The canonical context, unless the run was given another."""
        return f"{self.path}/{CONTEXT}"

    def make(self) -> None:
        """Make the folder if need be. Raises StorageError where its place is taken, or leads elsewhere by a link."""
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            if os.path.islink(os.path.dirname(self.path)) or os.path.islink(self.path):
                raise StorageError(
                    f"{self.path} leads elsewhere by a symbolic link; remove it, or take another feature"
                )
            os.makedirs(self.path, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {self.path}: {(error.strerror or str(error)).lower()}") from error

    def output(self, subagent: Subagent) -> str:
        """Give where the output file of a subagent belongs, relative to the folder. Raises NoPlace."""
        return output_place(written_output(subagent), self.feature, self.workflow)

    def absolute(self, place: str) -> str:
        """Give the file of a place inside of the folder."""
        return f"{self.path}/{place}"

    def make_way(self, place: str) -> None:
        """Make the folders that lead to a place. Raises StorageError where one of them is a link or no folder."""
        folder = self.path
        for name in place.split("/")[:-1]:
            folder = f"{folder}/{name}"
            try:
                os.mkdir(folder)
            except FileExistsError:
                if os.path.islink(folder) or not os.path.isdir(folder):
                    raise StorageError(f"{folder} is a symbolic link, or no folder") from None
            except OSError as error:
                raise StorageError(f"cannot make {folder}: {(error.strerror or str(error)).lower()}") from error

    def size(self, place: str) -> int | None:
        """Give the bytes of the file at a place; None where no regular file stands, or a link leads elsewhere."""
        path = self.absolute(place)
        if os.path.islink(path) or not os.path.isfile(path):
            return None
        if os.path.realpath(path) != os.path.join(os.path.realpath(self.path), place):
            return None
        return os.path.getsize(path)


def written_output(subagent: Subagent) -> str:
    """Give the output path of a subagent as it is written, or what stands for it."""
    path = subagent.config.get("output_path")
    return path if isinstance(path, str) else subagent.output or f"{subagent.id}.md"


def is_declared(subagent: Subagent) -> bool:
    """Tell whether a subagent says where its output is."""
    return "output_path" in subagent.config


def feature_folder(feature: str | None, workflow: str) -> FeatureFolder:
    """Give the output folder of a feature in the current folder; without a name, that of the workflow's.

    Raises UsageError for a name that no folder should have.
    """
    name = feature if feature is not None else _slug(workflow)
    if fault := feature_fault(name):
        raise UsageError(f"{quoted(name)} cannot be a feature: {fault}")
    return FeatureFolder(os.path.abspath(f"{HOME}/{name}"), name, workflow)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST].strip("-") or "feature"


def moment_text(seconds: float) -> str:
    """Write a moment as the shell engine did: UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
