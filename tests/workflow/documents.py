"""Documents for the tests of the workflow reader: any JSON value, and valid workflows as mappings."""

from __future__ import annotations

import string
from typing import Final

import pytest
from hypothesis import strategies as st

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Document
from shardflow.model.values import Json
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.reading.workflow import read_workflow

HOW_TO_NAME: Final = "agent: with one of claude, codex, gemini, opencode"
HOW_TO_RUN: Final = (
    f"say run: with a shell command or a list of arguments, python: package.module:function, or {HOW_TO_NAME}"
)
HOW_A_PHASE_RUNS: Final = (
    "say run: with a shell command or a list of arguments, python: package.module:function,"
    f" main_agent: {{script: JavaScript}}, or {HOW_TO_NAME}"
)
ID_RULE: Final = "an id is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit"

LETTERS: Final = string.ascii_letters + string.digits

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=25,
)

ids = st.from_regex(r"[A-Za-z0-9](?:[._-]?[A-Za-z0-9]){0,20}", fullmatch=True).filter(
    lambda text: not text.lower().endswith(".json")
)
labels = st.text(LETTERS + " äß…-", min_size=1, max_size=40).filter(str.strip)
commands = st.text(LETTERS + " $'\"{;|\n€", min_size=1, max_size=40).filter(
    lambda text: text.strip() and "{{" not in text
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
secrets = st.fixed_dictionaries({"env": names}) | st.fixed_dictionaries({"file": names})
variables = names.filter(lambda name: name != "CONTEXT_FILE" and not name.startswith("SHARDFLOW_"))
rules: st.SearchStrategy[Json] = st.sampled_from(
    ["findings", "rules/own.yaml", {"rules": [{"path": "$.n", "strategy": "sum"}]}]
)
contexts: st.SearchStrategy[Json] = st.sampled_from(["context.json", {"n": 1}, {}])
timeouts: st.SearchStrategy[Json] = st.sampled_from([1, 0.5, "30s", "1.5m", "1h"])
counts = st.integers(1, 10_000)

texts = st.text(LETTERS + " -:()*", min_size=1, max_size=12).filter(str.strip)
programs = (
    st.fixed_dictionaries({"run": commands | st.lists(commands, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"python": st.from_regex(r"[a-z]{1,5}(?:\.[a-z]{1,5})?:[a-z_]{1,8}", fullmatch=True)})
    | st.fixed_dictionaries({"agent": st.just("codex"), "prompt": texts})
    | st.fixed_dictionaries(
        {"agent": st.sampled_from(["claude", "gemini", "opencode"]), "prompt": texts},
        optional={
            "model": st.from_regex(r"[a-z][a-z0-9/.-]{0,8}", fullmatch=True),
            "tools": st.lists(texts, max_size=2),
            "args": st.lists(texts, max_size=2),
            "pass_env": st.lists(variables, max_size=2),
        },
    )
)
declared = st.lists(st.sampled_from(["$", "$.a", "$.findings[*]", "$..['b c']"]), max_size=2)
on_undeclared_write = st.sampled_from(["refuse", "warn"])
settings = st.fixed_dictionaries(
    {},
    optional={
        "env": st.dictionaries(variables, st.text(LETTERS + " {}=", max_size=10) | secrets, max_size=3),
        "cwd": st.sampled_from([".", "sub/folder", "/tmp"]),
        "shard": st.sampled_from(["copy", "patch", "journal"]),
        "writes": declared,
        "reads": declared,
    },
)
conditions: st.SearchStrategy[Json] = st.sampled_from(
    [
        {"path": "$.a[0]['b c']", "is": "not-empty"},
        {"path": "$", "equals": {"a": [1, None]}},
        {"any": [{"path": "$.n", "at_least": 3}, {"not": {"all": [{"path": "$.n", "in": [1, "1"]}]}}]},
    ]
)
fan_outs: st.SearchStrategy[Json] = st.sampled_from(
    [{"path": "$.files"}, {"path": "$.a.files", "key": "name", "max": 7}]
)
choosing = st.fixed_dictionaries({}, optional={"when": conditions, "foreach": fan_outs})
retries: st.SearchStrategy[Json] = st.sampled_from([0, 3, {"max": 2, "backoff": "1s", "on": [75, "timed-out"]}])
policies: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "timeout": timeouts,
        "idle_timeout": timeouts,
        "grace": timeouts,
        "stop_signal": st.sampled_from(["SIGINT", "SIGKILL"]),
        "allow_failure": st.booleans(),
        "retry": retries,
    },
)
failures: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "fail_fast": st.booleans(),
        "on_failure": st.sampled_from(["stop", "continue", {"require": 1}, {"require": "75%"}]),
    },
)
limits: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.sampled_from([{}, {"wall_time": "2h"}, {"subagents": 3, "shard_bytes": 1000, "nesting": 9}])
    },
)
what_runs = st.builds(lambda program, more: {**program, **more}, programs, settings)
with_policy = st.builds(lambda runs, policy: {**runs, **policy}, what_runs, policies)


@st.composite
def groups(draw: st.DrawFn) -> list[Json]:
    """The subagents of a phase: some with an id of their own, some sharing a type."""
    own = draw(st.lists(ids, unique_by=str.lower, max_size=3))
    shared = draw(st.lists(st.sampled_from(["scan", "Scan", "scan-2", "write"]), max_size=4))
    free = [name for name in own if not name.lower().startswith(("scan", "write"))]
    named: list[Json] = [{"id": name, **draw(with_policy), **draw(choosing)} for name in free]
    named += [{"type": name, **draw(with_policy)} for name in shared]
    return draw(st.permutations(named or [{"id": "only", **draw(what_runs)}]))


@st.composite
def phases(draw: st.DrawFn, phase_id: str) -> dict[str, Json]:
    behavior = draw(st.sampled_from(["parallel", "sequential", "main-only"]))
    more: dict[str, Json] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "description": labels,
                "max_parallel": counts,
                "rules": rules,
                "on_undeclared_write": on_undeclared_write,
                "when": conditions,
            },
        )
    )
    inside: dict[str, Json] = draw(what_runs) if behavior == "main-only" else {"subagents": draw(groups())}
    return {"id": phase_id, "behavior": behavior, **more, **inside, **draw(policies), **draw(failures)}


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Json]:
    """A mapping that is a valid workflow."""
    more: dict[str, Json] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "description": labels,
                "max_parallel": counts,
                "rules": rules,
                "context": contexts,
                "on_undeclared_write": on_undeclared_write,
            },
        )
    )
    phase_ids = draw(st.lists(ids, unique_by=str.lower, min_size=1, max_size=3))
    return {
        "name": draw(labels),
        **more,
        **draw(policies),
        **draw(limits),
        **draw(failures),
        "phases": [draw(phases(name)) for name in phase_ids],
    }


def document(text: str) -> Document:
    """Read a YAML text as the file `w.yaml`."""
    return parse_yaml(text.encode(), "w.yaml")


def problems_of(text: str) -> list[str]:
    with pytest.raises(InvalidWorkflow) as caught:
        read_workflow(document(text))
    return [str(problem) for problem in caught.value.problems]


def parallel(subagents: str) -> str:
    """Give a workflow whose only phase has these subagents, the first of them on line 3."""
    return f"name: w\nphases: [{{id: p, behavior: parallel, subagents: [\n{subagents}\n]}}]"


def subagent(settings: str) -> str:
    return parallel(f"{{id: a, {settings}}}")
