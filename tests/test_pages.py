"""What the pages can be held to: links lead somewhere, what they show is valid, what they list is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardflow.cli.declarations import all_commands, completed
from shardflow.merge.rules import OPTIONS
from shardflow.merge.strategies.registry import STRATEGIES
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.workflow.agents.preset import AgentCli
from shardflow.workflow.limits import limits_json
from shardflow.workflow.model import Behavior, Limits, ShardForm
from shardflow.workflow.policies import FAILURE_FIELDS, POLICY_FIELDS, RETRIED
from shardflow.workflow.reading.programs import PROGRAMS
from shardflow.workflow.reading.workflow import read_workflow
from tests.cli.shell import shardflow

ROOT = Path(__file__).parent.parent
PLACES = ("*.md", "shardflow/**/*.md", "merge_rules/*.md", "samples/*/README.md", "tests/**/*.md")
PAGES = sorted(str(path.relative_to(ROOT)) for place in PLACES for path in ROOT.glob(place))
README = "README.md"
OF_WORKFLOWS = "shardflow/workflow/README.md"
OF_AGENTS = "shardflow/agents/README.md"
OF_RULES = "merge_rules/README.md"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def links(page: str) -> Iterator[tuple[str, str]]:
    """Give the file and the heading that each link of a page leads to, but for those that leave the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if not target.startswith("http"):
            file, _, heading = target.partition("#")
            yield str((ROOT / page).parent / file if file else ROOT / page), heading


def headings(page: Path) -> set[str]:
    """Give the headings of a page as links spell them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def yaml_blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: str) -> None:
    for file, heading in links(page):
        assert Path(file).exists(), file
        assert not heading or heading in headings(Path(file)), heading


def test_the_readme_names_every_command() -> None:
    rows = re.findall(r"^\| (`shardflow .+?) \| ", text_of(README), re.MULTILINE)
    named = re.findall(r"`(?:shardflow )?([^`]+)`", "\n".join(rows))
    meant = {" ".join(completed(line.split())) for line in named}
    assert [one.name for one in all_commands() if not any(line.startswith(one.name) for line in meant)] == []


def test_the_readme_names_every_strategy_and_every_rule_set_that_ships() -> None:
    [named] = re.findall(r"^Strategies: `([^`]+)`", text_of(README), re.MULTILINE)
    assert named.split() == sorted(STRATEGIES)
    shipped = sorted(path.stem for path in (ROOT / "merge_rules").glob("*.yaml"))
    assert [name for name in shipped if f"`{name}`" not in text_of(README)] == []


def test_the_pages_name_every_agent_cli() -> None:
    [head] = re.findall(r"^\| \| (claude .+) \|$", text_of(OF_AGENTS), re.MULTILINE)
    assert head.split(" | ") == list(AgentCli)
    assert [cli for cli in AgentCli if cli not in text_of(README)] == []


def test_the_workflows_that_pages_show_whole_are_valid() -> None:
    whole = [block for page in (README, OF_WORKFLOWS) for block in yaml_blocks(page) if "phases:" in block]
    assert len(whole) == 2
    for block in whole:
        assert read_workflow(parse_yaml(block.encode(), "page.yaml")).phases


def test_the_rules_that_pages_show_whole_are_valid(tmp_path: Path) -> None:
    whole = [block for page in (README, OF_RULES) for block in yaml_blocks(page) if "\n  - {path: $." in block]
    assert len(whole) == 2
    for block in whole:
        (tmp_path / "rules.yaml").write_text(block)
        ended = shardflow("rules", "lint", "rules.yaml", cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_the_python_that_the_readme_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [shown] = re.findall(r"^```python\n(.*?)^```", text_of(README), re.MULTILINE | re.DOTALL)
    (tmp_path / "rules.yaml").write_text("rules: [{path: $.hits, strategy: sum}]")
    monkeypatch.chdir(tmp_path)
    exec(shown, {})


def test_the_page_about_workflows_names_every_field_and_ending() -> None:
    page = text_of(OF_WORKFLOWS)
    limits = limits_json(Limits(1, 1, 1, 1))
    for field in (*PROGRAMS, *POLICY_FIELDS, *FAILURE_FIELDS, *limits, *("env", "cwd", "shard", "writes", "reads")):
        assert f"{field}:" in page, field
    assert [name for name in RETRIED if f"`{name}`" not in page] == []
    assert [form for form in ShardForm if f"\n| `{form}`" not in page] == []
    assert f"# {' | '.join(Behavior)}\n" in text_of(README)


def test_the_page_about_rules_names_every_option() -> None:
    page = text_of(OF_RULES)
    assert [name for name in OPTIONS if f"| `{name}: " not in page] == []
