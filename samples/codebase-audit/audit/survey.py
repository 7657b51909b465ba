"""Phase 1: choose the tree and lay out the context that all auditors start from."""

from __future__ import annotations

import os
import platform
import sysconfig
from typing import Any

from audit.complexity import BANDS
from audit.tree import files


def survey(context: dict[str, Any]) -> dict[str, Any]:
    """Give the context an audit starts from; whatever an earlier audit left in it is replaced."""
    root = os.environ.get("AUDIT_ROOT") or os.path.realpath(sysconfig.get_paths()["stdlib"])
    if not os.path.isdir(root):
        raise SystemExit(f"AUDIT_ROOT: {root} is not a folder")
    return {
        "title": context.get("title") or _title(root),
        "root": root,
        "files": len(files(root)),
        "status": "clean",
        "files_scanned": 0,
        "largest_read": 0,
        "warnings": 0,
        "problems": [],
        "findings": [],
        "complexity": {"functions": 0, "total": 0, "bands": dict.fromkeys(BANDS, 0), "worst": []},
        "docstrings": {"packages": {}},
        "graph": {"modules": {}, "external": {}},
    }


def _title(root: str) -> str:
    if root == os.path.realpath(sysconfig.get_paths()["stdlib"]):
        return f"the standard library of Python {platform.python_version()}"
    return os.path.basename(os.path.realpath(root)) or root
