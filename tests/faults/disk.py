"""A small model of a disk under power: what was asked for, in order, and what of it a cut may leave.

What a file system promises, and no more (POSIX fsync(2), and the ordered metadata of journaling file systems):

- a file's content is on the disk as of its last sync; later writes may be there up to any of them, the last one torn
- a folder's entries are there as of its last sync; later changes of one folder happen in their order, or not at all
- a rename is one step, also between folders; it and all that came before it in either folder are on the disk together
- syncing a file says nothing about its name in its folder, nor a folder about its own name in the one above
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.steps import Call


@dataclass(eq=False)
class File:
    """The content on the disk, and every later one."""

    contents: list[bytes]


@dataclass(eq=False)
class Folder:
    """The entries on the disk when watching began, and now."""

    before: dict[str, Node] = field(default_factory=dict)
    entries: dict[str, Node] = field(default_factory=dict)


Node = File | Folder
Entries = list[tuple[Folder, str, "Node | None"]]


@dataclass(frozen=True)
class Operation:
    """What a process asked for; `data` is the whole content of a file behind a write."""

    function: str
    path: str
    to: str = ""
    data: bytes = b""


class Recorder:
    """Lists the operations of a process, as a strike of `Steps`; what others wrote meanwhile is listed as writes.

    An operation happens and is listed in one go: else a thread that looks around between would list what another one
    writes into a file before that file is listed as created.
    """

    def __init__(self, folder: Path) -> None:
        self.operations: list[Operation] = []
        self._in_turn = threading.Lock()
        self._folder = folder
        self._known = self._written()

    def __call__(self, call: Call) -> Any:
        with self._in_turn:
            if call.function != "fsync":
                return self._listed(call)
            # as of its beginning: what another thread writes meanwhile may be left out
            self._look_around()
            self._add(Operation("sync", call.path))
        return call.through()

    def _listed(self, call: Call) -> Any:
        is_new = call.function == "open" and not os.path.lexists(call.path)
        if call.function in ("replace", "rename"):
            self._look_around()
        done = call.through()
        match call.function:
            case "open":
                if is_new:
                    self._add(Operation("create", call.path))
            case "write" | "pwrite" | "ftruncate":
                self._write(call.path)
            case "replace" | "rename":
                self._add(Operation("rename", call.path, to=os.path.abspath(call.arguments[1])))
                self._known = self._written()
            case "mkdir" | "unlink":
                self._add(Operation(call.function, call.path))
        return done

    def _add(self, operation: Operation) -> None:
        self.operations.append(operation)

    def _write(self, path: str) -> None:
        data = Path(path).read_bytes()
        if self._known.get(path) != data:
            self._known[path] = data
            self._add(Operation("write", path, data=data))

    def _look_around(self) -> None:
        """See what subagents and arbiters wrote."""
        for path in self._written():
            self._write(path)

    def _written(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in written_by_others(self._folder)}


def written_by_others(folder: Path) -> Iterator[Path]:
    """Give the files below a folder that subagents and arbiters write and a run lives on: shards and answers."""
    yield from folder.rglob("context-*.json")
    yield from folder.rglob("answer.json")


class Disk:
    """What stands below a folder; everything that is there at first is on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = _read(folder)
        self._changes: list[Entries] = []
        self._durable: set[int] = set()

    def apply(self, operation: Operation) -> None:
        """Let the power be on for one more operation."""
        if operation.path == str(self.folder):
            return self._sync(self._root)
        folder, name = self._place(operation.path)
        match operation.function:
            case "create":
                self._change([(folder, name, File([b""]))])
            case "mkdir":
                self._change([(folder, name, Folder())])
            case "unlink":
                self._change([(folder, name, None)])
            case "rename":
                to, new = self._place(operation.to)
                self._change([(folder, name, None), (to, new, folder.entries[name])])
            case "write":
                self._file(folder, name).contents.append(operation.data)
            case "sync":
                self._sync(folder.entries[name])
        return None

    def synced(self) -> dict[str, bytes | None]:
        """Give what a cut leaves at least: files by path, folders as None."""
        return dict(_walk(self._root, self._entries(self._durable), lambda file: file.contents[0]))

    def synced_and_last(self) -> dict[str, bytes | None]:
        """Give what a cut may leave if the last change of a folder came to the disk by itself, and no content did."""
        chosen = self._closed(self._durable | {len(self._changes) - 1})
        return dict(_walk(self._root, self._entries(chosen), lambda file: file.contents[0]))

    def everything(self) -> dict[str, bytes | None]:
        """Give what a cut leaves at most."""
        return dict(_walk(self._root, self._entries(set(range(len(self._changes)))), lambda file: file.contents[-1]))

    def left_by(self, choose: Callable[[int], int]) -> dict[str, bytes | None]:
        """Give what a cut may leave; `choose` gives a number from 0 to its argument."""
        reached: set[int] = set()
        for folder in {id(folder): folder for change in self._changes for folder, _, _ in change}.values():
            own = self._of(folder)
            reached |= set(own[: choose(len(own))])
        return dict(_walk(self._root, self._entries(self._closed(self._durable | reached)), lambda f: _some(f, choose)))

    def _change(self, entries: Entries) -> None:
        for folder, name, node in entries:
            if node is None:
                folder.entries.pop(name)
            else:
                folder.entries[name] = node
        self._changes.append(entries)

    def _sync(self, node: Node) -> None:
        if isinstance(node, File):
            node.contents = node.contents[-1:]
        else:
            self._durable = self._closed(self._durable | set(self._of(node)))

    def _of(self, folder: Folder) -> list[int]:
        return [number for number, change in enumerate(self._changes) if any(one is folder for one, _, _ in change)]

    def _closed(self, chosen: set[int]) -> set[int]:
        """Add all that came before what is chosen, in the same folders."""
        closed: set[int] = set()
        folders: set[int] = set()
        for number in range(len(self._changes) - 1, -1, -1):
            own = {id(folder) for folder, _, _ in self._changes[number]}
            if number in chosen or own & folders:
                closed.add(number)
                folders |= own
        return closed

    def _entries(self, chosen: set[int]) -> Callable[[Folder], dict[str, Node]]:
        def entries(folder: Folder) -> dict[str, Node]:
            found = dict(folder.before)
            for number in sorted(chosen):
                for one, name, node in self._changes[number]:
                    if one is folder and node is None:
                        found.pop(name, None)
                    elif one is folder and node is not None:
                        found[name] = node
            return found

        return entries

    def _place(self, path: str) -> tuple[Folder, str]:
        *above, name = Path(path).relative_to(self.folder).parts
        folder = self._root
        for part in above:
            inner = folder.entries[part]
            assert isinstance(inner, Folder), path
            folder = inner
        return folder, name

    def _file(self, folder: Folder, name: str) -> File:
        node = folder.entries[name]
        assert isinstance(node, File), name
        return node


def _read(folder: Path) -> Folder:
    entries: dict[str, Node] = {
        path.name: _read(path) if path.is_dir() else File([path.read_bytes()]) for path in folder.iterdir()
    }
    return Folder(entries, dict(entries))


def _some(file: File, choose: Callable[[int], int]) -> bytes:
    """Choose one of the contents that may be there: any of them, or one that was being written."""
    number = choose(len(file.contents) - 1)
    data = file.contents[number]
    if number == 0 or choose(1):
        return data
    same = next(
        (at for at, (old, new) in enumerate(zip(file.contents[0], data, strict=False)) if old != new), len(data)
    )
    return data[: max(choose(len(data)), min(same, len(file.contents[0])))]


def _walk(
    folder: Folder, entries: Callable[[Folder], dict[str, Node]], content: Callable[[File], bytes], above: str = ""
) -> Iterator[tuple[str, bytes | None]]:
    for name, node in entries(folder).items():
        if isinstance(node, File):
            yield above + name, content(node)
        else:
            yield above + name, None
            yield from _walk(node, entries, content, f"{above}{name}/")
