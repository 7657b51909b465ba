"""Auditor of sizes: languages, lines and bytes, and the largest files."""

from __future__ import annotations

import os
from typing import Any

from audit.notes import edit_shard, flag, problem, scanned
from audit.tree import File, files

LARGEST_KEPT = 20
LONG, VERY_LONG = 2000, 5000

_EXTENSIONS = {
    "Python": "py pyi pyw", "C": "c h", "C++": "cc cpp cxx hpp", "Rust": "rs", "Go": "go", "Java": "java",
    "JavaScript": "js mjs cjs jsx", "TypeScript": "ts tsx", "Ruby": "rb", "Perl": "pl pm", "PHP": "php",
    "Swift": "swift", "Kotlin": "kt", "Scala": "scala", "Lua": "lua", "SQL": "sql", "Tcl": "tcl",
    "Shell": "sh bash zsh fish csh", "PowerShell": "ps1", "Batch": "bat cmd", "HTML": "html htm", "CSS": "css",
    "XML": "xml xsd", "JSON": "json", "YAML": "yaml yml", "TOML": "toml", "INI": "ini cfg", "CSV": "csv",
    "Markdown": "md", "reStructuredText": "rst", "Text": "txt", "Diff": "diff patch",
}  # fmt: skip
LANGUAGES = {f".{end}": language for language, ends in _EXTENSIONS.items() for end in ends.split()}


def audit(context: dict[str, Any]) -> None:
    """Note lines and bytes by language, and the largest files."""
    every = files(context["root"])
    languages: dict[str, dict[str, int]] = {}
    rows = []
    for file in every:
        language, lines = _measured(context, file)
        sums = languages.setdefault(language, {"files": 0, "lines": 0, "bytes": 0})
        sums["files"] += 1
        sums["lines"] += lines
        sums["bytes"] += file.size
        rows.append({"file": file.path, "language": language, "lines": lines, "bytes": file.size})
        if language == "Python" and lines > LONG:
            long = lines > VERY_LONG
            flag(context, file.path, "sizes", "medium", 3 if long else 2, f"{lines:,} lines long")
    context["sizes"] = {
        "lines": sum(row["lines"] for row in rows),
        "bytes": sum(row["bytes"] for row in rows),
        "languages": dict(sorted(languages.items(), key=lambda item: (-item[1]["lines"], item[0]))),
        "largest": sorted(rows, key=lambda row: (-row["bytes"], row["file"]))[:LARGEST_KEPT],
    }
    scanned(context, every)


def _measured(context: dict[str, Any], file: File) -> tuple[str, int]:
    """Give the language and the number of lines; a binary file has none."""
    try:
        with open(file.location, "rb") as stream:
            head = stream.read(8192)
            if b"\0" in head:
                return "(binary)", 0
            content = head + stream.read()
    except OSError as error:
        problem(context, file.path, "sizes", str(error.strerror))
        return "(unreadable)", 0
    lines = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    return LANGUAGES.get(os.path.splitext(file.path)[1].lower(), "(other text)"), lines


if __name__ == "__main__":
    edit_shard(audit)
