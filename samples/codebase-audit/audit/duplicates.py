"""Auditor of duplicates: files with the same content, told by size first and SHA-256 then."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from audit.notes import edit_shard, flag, problem, scanned
from audit.tree import File, files

GROUPS_KEPT = 20


def audit(context: dict[str, Any]) -> None:
    """Note the groups of equal files, the most wasteful first. Empty files are all alike and mean nothing."""
    by_size: dict[int, list[File]] = defaultdict(list)
    for file in files(context["root"]):
        by_size[file.size].append(file)
    suspects = [file for size, alike in by_size.items() if size and len(alike) > 1 for file in alike]
    by_hash: dict[str, list[File]] = defaultdict(list)
    for file in suspects:
        digest = _digest(context, file)
        if digest:
            by_hash[digest].append(file)
    groups = [_group(digest, alike) for digest, alike in by_hash.items() if len(alike) > 1]
    groups.sort(key=lambda group: (-group["wasted_bytes"], group["files"]))
    for group in groups:
        for path in group["files"]:
            others = len(group["files"]) - 1
            flag(context, path, "duplicates", "low", 1, f"{others} other {_files(others)} just like it")
    context["duplicates"] = {
        "groups": len(groups),
        "wasted_bytes": sum(group["wasted_bytes"] for group in groups),
        "largest": groups[:GROUPS_KEPT],
    }
    scanned(context, suspects)


def _digest(context: dict[str, Any], file: File) -> str:
    try:
        return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        problem(context, file.path, "duplicates", str(error.strerror))
        return ""


def _group(digest: str, alike: list[File]) -> dict[str, Any]:
    size = alike[0].size
    paths = sorted(file.path for file in alike)
    return {"sha256": digest, "bytes": size, "wasted_bytes": size * (len(alike) - 1), "files": paths}


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


if __name__ == "__main__":
    edit_shard(audit)
