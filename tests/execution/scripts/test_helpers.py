"""The helpers give real answers about real files, or fail naming themselves; nothing leads out of the folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from shardflow.execution.scripts.host import HelperError
from shardflow.execution.scripts.model import Deliverable, Threw
from shardflow.model.values import Json
from tests.execution.scripts.hosting import Scripts

pytestmark = pytest.mark.needs("node")


def message(scripts: Scripts, text: str) -> str:
    outcome = scripts.run(text).outcome
    assert isinstance(outcome, Threw), outcome
    return outcome.message.replace(str(scripts.path), "@")


def test_what_is_written_is_read_again_byte_for_byte_and_told_as_a_deliverable(scripts: Scripts) -> None:
    run = scripts.run(r"writeFile('a/b/c.md', 'ä\r\n\0😀'); writeFile('d', ''); writeFile('a/b/c.md', 'é')")
    assert run.deliverables == (Deliverable("a/b/c.md", 2), Deliverable("d", 0))
    assert (scripts.path / "a/b/c.md").read_bytes() == "é".encode()
    assert scripts.run("return 1").deliverables == ()
    assert scripts.value("return readFile('a/b/c.md')") == "é"
    assert scripts.value("return readFiles(['d', {path: 'a/b/c.md'}])") == {"d": "", "a/b/c.md": "é"}


def test_what_a_script_wrote_before_it_failed_is_told_too(scripts: Scripts) -> None:
    run = scripts.run("writeFile('a', 'x'); throw 1")
    assert run.deliverables == (Deliverable("a", 1),)


def test_a_large_text_goes_both_ways(scripts: Scripts) -> None:
    scripts.run("writeFile('large', 'é'.repeat(3e6))")
    assert scripts.value("return readFile('large').length") == 3_000_000


@pytest.mark.parametrize(
    "path", ["'x.md'", "'./x.md'", "'a/../x.md'", "output_dir + '/x.md'", "`${output_dir}/a/../x.md`", "'x.md/'"]
)
def test_a_path_into_the_folder_is_as_good_however_it_is_spelt(scripts: Scripts, path: str) -> None:
    assert scripts.run(f"writeFile({path}, 'x')").deliverables == (Deliverable("x.md", 1),)
    assert scripts.value(f"return readFile({path})") == "x"


def test_a_folder_reached_by_a_link_is_the_folder(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    scripts.path = tmp_path / "link"
    assert scripts.run("writeFile(output_dir + '/x', 'x')").deliverables == (Deliverable("x", 1),)
    assert (tmp_path / "real/x").read_text() == "x"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("'../x'", "'../x' is outside of the output folder, and files are only written inside of it"),
        ("'a/../../x'", "'a/../../x' is outside of the output folder, and files are only written inside of it"),
        ("'/tmp/x'", "'/tmp/x' is outside of the output folder, and files are only written inside of it"),
        ("output_dir", "'@' is outside of the output folder, and files are only written inside of it"),
        ("output_dir + 'x/y'", "'@x/y' is outside of the output folder, and files are only written inside of it"),
        ("'context.json'", "cannot write 'context.json': the engine itself writes context.json there"),
        (
            "output_dir + '/./Metadata.json'",
            "cannot write '@/./Metadata.json': the engine itself writes metadata.json there",
        ),
        (
            "'a/../context.json.lock'",
            "cannot write 'a/../context.json.lock': the engine itself writes context.json.lock there",
        ),
        ("'.'", "'.' is outside of the output folder, and files are only written inside of it"),
        ("'linked/x'", "cannot write 'linked/x': what leads to it is a symbolic link, or no folder"),
        ("'file/x'", "cannot write 'file/x': what leads to it is a symbolic link, or no folder"),
        ("'folder'", "cannot write 'folder': is a directory"),
        ("''", "expected a path, found a text that is blank"),
        ("5", "expected a path, found the integer 5"),
        (r"'a\0b'", r"'a\x00b' can be no path: it holds a NUL or half of a surrogate pair"),
        (r"'\ud800'", r"'\ud800' can be no path: it holds a NUL or half of a surrogate pair"),
        ("'a'.repeat(300)", f"cannot write '{'a' * 300}': file name too long"),
    ],
)
def test_nothing_is_written_outside_of_the_output_folder(scripts: Scripts, tmp_path: Path, path: str, why: str) -> None:
    scripts.path = tmp_path / "out"
    (tmp_path / "elsewhere").mkdir()
    scripts.path.mkdir()
    (scripts.path / "linked").symlink_to(tmp_path / "elsewhere")
    (scripts.path / "file").write_text("")
    (scripts.path / "folder").mkdir()
    assert message(scripts, f"writeFile({path}, 'x')") == f"Error: writeFile: {why}"
    assert not [*(tmp_path / "elsewhere").iterdir(), *tmp_path.glob("x"), *tmp_path.glob("outx")]
    assert sorted(path.name for path in scripts.path.iterdir()) == ["file", "folder", "linked"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_leads_to_left_alone(
    scripts: Scripts, tmp_path: Path
) -> None:
    scripts.path = tmp_path / "out"
    scripts.path.mkdir()
    (tmp_path / "outside").write_text("mine")
    (scripts.path / "x").symlink_to(tmp_path / "outside")
    scripts.run("writeFile('x', 'theirs')")
    assert (tmp_path / "outside").read_text() == "mine"
    assert (scripts.path / "x").read_text() == "theirs"


def test_files_are_read_from_the_output_folder_and_the_project_only(scripts: Scripts, tmp_path: Path) -> None:
    scripts.path = tmp_path / "project/.temp/feature"
    scripts.path.mkdir(parents=True)
    scripts.readable = (str(tmp_path / "project"),)
    (tmp_path / "project/package.json").write_text("{}")
    (tmp_path / "secret").write_text("key")
    (scripts.path / "link").symlink_to(tmp_path / "secret")
    assert scripts.value("return readFile('../../package.json')") == "{}"
    for path in ("../../../secret", str(tmp_path / "secret"), "link"):
        assert message(scripts, f"readFile('{path}')").endswith("is outside of the output folder and of the project")
        assert "outside" in message(scripts, f"files_exist(['{path}'])")


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("files_exist(['done.md', 'folder'])", True),
        ("files_exist(['done.md', 'none'])", False),
        ("files_exist([])", True),
        ("contains_todos(['done.md', 'none'])", False),
        ("contains_todos(['done.md', {path: 'todo.md'}])", True),
        ("contains_todos('todo.md')", True),
        ("contains_todos(['many.md'])", True),
        ("contains_todos(['short.md'])", True),
        ("identifyGaps(['done.md'])", []),
        ("identifyGaps(['many.md'])", ["many.md: contains TODO", "many.md: contains FIXME"]),
        ("identifyGaps([{path: 'todo.md', size_bytes: 3}])", ["todo.md: contains TODO", "todo.md: contains FIXME"]),
        ("identifyGaps(['none', {path: 'none'}, 'none'])", ["none: cannot be read"]),
        ("identifyGaps(['short.md', 'none'])", ["short.md: shorter than 100 characters", "none: cannot be read"]),
    ],
)
def test_deliverables_are_really_looked_at(scripts: Scripts, call: str, value: Json) -> None:
    (scripts.path / "folder").mkdir()
    (scripts.path / "done.md").write_text("All is done, not even a todo list is left. " * 5)
    (scripts.path / "many.md").write_text("Some TODOs are left, see FIXME_LATER. " * 5)
    (scripts.path / "todo.md").write_text("TODO: write it. FIXME later. TODO again. " * 5)
    (scripts.path / "short.md").write_text("XXX" + " " * 200)
    assert scripts.value(f"return {call}") == value


def test_the_coverage_of_a_folder_is_the_share_of_its_files_that_have_a_test(scripts: Scripts) -> None:
    for name in (
        "parser.py",
        "tests/test_parser.py",
        "ui/list.ts",
        "ui/list.test.ts",
        "Cart.java",
        "CartTest.java",
        "latest.py",
        ".git/config",
    ):
        path = scripts.path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (scripts.path / "src/link.py").symlink_to("parser.py")
    assert scripts.value("return analyzeFiles('src')") == {
        "files": [
            "src/Cart.java",
            "src/CartTest.java",
            "src/latest.py",
            "src/parser.py",
            "src/tests/test_parser.py",
            "src/ui/list.test.ts",
            "src/ui/list.ts",
        ],
        "coverage": 0.75,
    }
    (scripts.path / "empty").mkdir()
    assert scripts.value("return analyzeFiles('empty')") == {"files": [], "coverage": None}
    assert message(scripts, "analyzeFiles('none')") == "Error: analyzeFiles: there is no folder 'none'"


@pytest.mark.parametrize(
    "name", ["has_syntax_errors", "all_tests_pass", "findAmbiguousRequirements", "analyzeCoverage"]
)
def test_what_only_a_command_could_tell_is_never_invented(scripts: Scripts, name: str) -> None:
    assert message(scripts, f"return {name}(['x'])") == (
        f"Error: {name}: no command is configured that could tell; "
        f"say helpers: {{{name}: {{run: ...}}}} in the workflow or in shardflow.yaml"
    )


def test_all_prompts_of_one_moment_are_asked_at_once(scripts: Scripts) -> None:
    asked: list[list[str]] = []

    def ask(prompts: Sequence[str]) -> Sequence[str | HelperError]:
        asked.append(list(prompts))
        return [HelperError("refused") if prompt == "bad" else prompt.upper() for prompt in prompts]

    scripts.ask = ask
    assert scripts.value("return Promise.all(['a', 'b'].map(thinkHard))") == ["A", "B"]
    assert scripts.value("return [await thinkHard('c'), await thinkHard('d')]") == ["C", "D"]
    assert scripts.value("return thinkHard('bad').catch(error => error.message)") == "thinkHard: refused"
    assert asked == [["a", "b"], ["c"], ["d"], ["bad"]]
    assert scripts.run("1;\nawait thinkHard('bad')").outcome == Threw("Error: thinkHard: refused", 2)
    assert scripts.run("await thinkHard(5)").outcome == Threw("TypeError: thinkHard: expected the prompt as a text", 1)


def test_without_an_agent_a_question_fails_and_says_how_to_give_one(scripts: Scripts) -> None:
    assert message(scripts, "return thinkHard('x')") == (
        "Error: thinkHard: no agent is configured to answer it; "
        "give one for the type 'thinkHard', or a default, under agents:"
    )
