"""The wheel stands alone: installed into an empty environment, outside the checkout, it brings its rule sets along."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command, folder):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.timeout(600)
def test_the_installed_wheel_merges_with_a_shipped_rule_set(tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT), folder=tmp_path)
    (wheel,) = tmp_path.glob("shardflow-*.whl")
    venv.create(tmp_path / "empty", with_pip=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", str(wheel), folder=tmp_path)
    finding = {"file": "a.py", "line": 1}
    for name, severity in (("base", None), ("context-a", "low"), ("context-b", "high")):
        found = [] if severity is None else [{**finding, "severity": severity}]
        (tmp_path / f"{name}.json").write_text(json.dumps({"findings": found}))
    command = str(tmp_path / "empty" / "bin" / "shardflow")
    shards = ("base.json", "context-a.json", "context-b.json")
    merged = run(command, "merge", *shards, "--rules", "findings", folder=tmp_path)
    assert json.loads(merged) == {"findings": [{**finding, "severity": "high"}]}
