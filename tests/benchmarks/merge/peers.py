"""Other mergers on the same files. Each gives the bytes of its result."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import orjson

from tests.benchmarks.merge.contexts import Context
from tests.benchmarks.merge.inputs import Inputs, indented

Peer = Callable[[Inputs], bytes]


def peers(size: int, *, patient: bool) -> dict[str, Peer]:
    """Give the mergers that are installed, the `dict update` everybody writes first among them.

    jsonmerge takes a minute and more for 10 copies of 1 MB: from 1 MB on it needs patience.
    """
    found: dict[str, Peer] = {"dict update": _update}
    if shutil.which("jq"):
        found["jq reduce"] = _jq
    if importlib.util.find_spec("deepmerge"):
        found["deepmerge"] = _deepmerge()
    if importlib.util.find_spec("nbdime"):
        found["nbdime"] = _nbdime()
    if importlib.util.find_spec("jsonmerge") and (patient or size < 1_000_000):
        found["jsonmerge"] = _jsonmerge()
    return found


def _update(inputs: Inputs) -> bytes:
    def update(target: Context, source: Context) -> Context:
        for name, value in source.items():
            if isinstance(value, dict) and isinstance(target.get(name), dict):
                update(target[name], value)
            else:
                target[name] = value
        return target

    return _folded(inputs, lambda _, merged, copy: update(merged, copy))


def _deepmerge() -> Peer:
    from deepmerge import Merger

    merger = Merger([(list, ["override"]), (dict, ["merge"])], ["override"], ["override"])
    return lambda inputs: _folded(inputs, lambda _, merged, copy: merger.merge(merged, copy))


def _jsonmerge() -> Peer:
    from jsonmerge import merge

    return lambda inputs: _folded(inputs, lambda _, merged, copy: merge(merged, copy))


def _nbdime() -> Peer:
    """Merge three ways: the base, what was merged so far, and the next copy. Conflicts are left as nbdime decides.

    It decides for the base, and counters that two copies count up are conflicts of the whole document.
    """
    from nbdime.merging.decisions import apply_decisions
    from nbdime.merging.generic import decide_merge

    def merge(base: Context, merged: Context, copy: Context) -> Context:
        found: Context = apply_decisions(base, decide_merge(base, merged, copy))
        return found

    return lambda inputs: _folded(inputs, merge)


def _folded(inputs: Inputs, merge: Callable[[Context, Context, Context], Any]) -> bytes:
    base = orjson.loads(inputs.base.read_bytes())
    merged = orjson.loads(inputs.base.read_bytes())
    for copy in inputs.copies():
        merged = merge(base, merged, orjson.loads(copy.read_bytes()))
    return indented(merged)


def _jq(inputs: Inputs) -> bytes:
    files = [inputs.base.name, *(path.name for path in inputs.copies())]
    command = ["jq", "-n", "reduce inputs as $each ({}; . * $each)", *files]
    return subprocess.run(command, cwd=inputs.folder, capture_output=True, check=True).stdout
