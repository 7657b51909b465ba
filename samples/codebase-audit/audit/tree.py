"""The files of a source tree, in one order for every auditor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

SKIPPED = {"__pycache__", "site-packages", "dist-packages", "node_modules"}
"""Folders that hold nothing a person of this project wrote; hidden folders are skipped too."""


@dataclass(frozen=True)
class File:
    """A regular file: `path` relative to the root for people, `location` to open it, `size` in bytes."""

    path: str
    location: str
    size: int

    def read(self) -> bytes:
        """Give the content."""
        with open(self.location, "rb") as stream:
            return stream.read()


def files(root: str) -> list[File]:
    """List the regular files below a folder, sorted by path. Symbolic links are not followed."""
    return sorted(_walk(root, root), key=lambda file: file.path)


def python_files(root: str) -> list[File]:
    """List the Python files below a folder, sorted by path."""
    return [file for file in files(root) if file.path.endswith(".py")]


def share(items: list[File], part: str) -> list[File]:
    """Give one part of the files, such as '2/4': dealt out by size, so that all parts take about as long."""
    number, parts = map(int, part.split("/"))
    by_size = sorted(items, key=lambda file: (-file.size, file.path))
    return by_size[number - 1 :: parts]


def printable(text: str) -> str:
    """Give a text that JSON can hold: bytes of a file name that are not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _walk(folder: str, root: str) -> Iterator[File]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not entry.name.startswith("."):
                    yield from _walk(entry.path, root)
            elif entry.is_file(follow_symlinks=False):
                path = os.path.relpath(entry.path, root).replace(os.sep, "/")
                yield File(printable(path), entry.path, entry.stat(follow_symlinks=False).st_size)
