"""A real git repository whose JSON files are merged by the driver, and the history of a file as a few calls."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from tests.cli.shell import COMMAND, ENVIRONMENT

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.com"), ("DATE", "2026-11-23T10:00:00Z"))
}
_OWN_CONFIGURATION = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_EDITOR": "true"}


class Repository:
    """A repository with the branch `main`, set up as the help of `git-driver` says."""

    def __init__(self, folder: Path, options: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        driver = f"{shlex.join(COMMAND)} git-driver {options} -- %O %A %B %P"
        self.git("config", "merge.shardflow.driver", driver)
        self.commit({".gitattributes": "*.json merge=shardflow\n"})

    def git(self, *arguments: str, code: int | None = 0, cwd: str = ".") -> subprocess.CompletedProcess[str]:
        """Run git; it must end with this exit code, any at all for None."""
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / cwd,
            env={**ENVIRONMENT, **_IDENTITY, **_OWN_CONFIGURATION},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert code is None or ended.returncode == code, ended.stdout + ended.stderr
        return ended

    def commit(self, files: dict[str, object], branch: str | None = None) -> None:
        """Write files (texts as they are, other values as JSON) and commit, on a branch of its own if one is named."""
        if branch is not None:
            exists = self.git("rev-parse", "--verify", "--quiet", branch, code=None).returncode == 0
            self.git("checkout", "--quiet", *([] if exists else ["-b"]), branch)
        for name, value in files.items():
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            self.path(name).write_text(value if isinstance(value, str) else written(value))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")

    def diverge(self, ours: dict[str, object], theirs: dict[str, object]) -> None:
        """Commit theirs on the branch `theirs` and ours on `main`, from the same commit; stay on `main`."""
        self.commit(theirs, "theirs")
        self.git("checkout", "--quiet", "main")
        self.commit(ours)

    def path(self, name: str) -> Path:
        return self.folder / name

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    def unmerged(self) -> list[str]:
        """Name the files with unresolved conflicts."""
        return self.git("diff", "--name-only", "--diff-filter=U").stdout.splitlines()


def written(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
