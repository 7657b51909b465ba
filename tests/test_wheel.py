"""The wheel stands alone: installed into an empty environment, outside the checkout, it brings its rule sets along."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("wheel")]


def run(*command, folder):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the wheel, and pytest; give the folder of the commands."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT), folder=folder)
    (wheel,) = folder.glob("shardflow-*.whl")
    venv.create(folder / "empty", with_pip=True)
    run(str(folder / "empty/bin/python"), "-m", "pip", "install", "--quiet", str(wheel), "pytest", folder=folder)
    return folder / "empty" / "bin"


def test_the_installed_wheel_merges_with_a_shipped_rule_set(installed, tmp_path):
    finding = {"file": "a.py", "line": 1}
    for name, severity in (("base", None), ("context-a", "low"), ("context-b", "high")):
        found = [] if severity is None else [{**finding, "severity": severity}]
        (tmp_path / f"{name}.json").write_text(json.dumps({"findings": found}))
    shards = ("base.json", "context-a.json", "context-b.json")
    merged = run(str(installed / "shardflow"), "merge", *shards, "--rules", "findings", folder=tmp_path)
    assert json.loads(merged) == {"findings": [{**finding, "severity": "high"}]}


def test_the_installed_wheel_collects_cases_of_another_project_and_those_it_brings_along(installed, tmp_path):
    (tmp_path / "own.case.yaml").write_text(
        "{rules: ./r.yaml, base: {n: 1}, shards: {a: {n: 2}, b: {n: 3}}, expect: {context: {n: 4}}}"
    )
    (tmp_path / "r.yaml").write_text("rules: [{path: $.n, strategy: sum}]")
    (tmp_path / "test_it.py").write_text(
        "def test_it(shardflow_rules):\n    assert shardflow_rules('strict').merge({}, a={'n': 1}) == {'n': 1}\n"
    )
    (shipped,) = installed.parent.glob("lib/*/site-packages/shardflow/merge_rules/cases")
    told = run(str(installed / "pytest"), "-q", ".", str(shipped), "-o", f"shardflow_cases={shipped}", folder=tmp_path)
    cases = [file for file in shipped.rglob("*") if file.is_file()]
    assert len(cases) >= 20
    assert told.splitlines()[-1].startswith(f"{len(cases) + 2} passed")
