"""The output folder as scripts see it: the one place they write to, and, with the project, all they read from.

Law: no path a script makes up, be it from the context or from a model's answer, writes anything outside of the folder
or reads anything outside of `readable`: not by `..`, not by an absolute path, not by a symbolic link on the way. Paths
are relative to the folder; an absolute one that leads into it is as good, since scripts build `${output_dir}/x.md`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shardflow.errors import StorageError
from shardflow.model.fields import shown
from shardflow.model.values import Json
from shardflow.storage.capabilities import NO_REPLACING
from shardflow.storage.files import read_regular
from shardflow.workflow.dialect.outputs import NoPlace, refuse_of_the_engine

LARGEST_FILE: Final = 64 << 20
"""Bytes of a file that a script reads or writes."""


class OutputFolder:
    """The output folder of a run. `path` and `readable`, further folders that may be read from, are absolute."""

    def __init__(self, path: str, readable: tuple[str, ...] = ()) -> None:
        self.path = os.path.realpath(path)
        self._given = os.path.normpath(path)
        self._readable = (self.path, *map(os.path.realpath, readable))

    def read(self, path: Json) -> str:
        """Read a file as UTF-8 text, whatever is none replaced by U+FFFD. Raises StorageError."""
        return read_regular(self.place(path), LARGEST_FILE).decode("utf-8", "replace")

    def exists(self, path: Json) -> bool:
        """Tell whether a file or folder stands there. Raises StorageError for a path outside."""
        return os.path.exists(self.place(path))

    def place(self, path: Json) -> str:
        """Give the real path of what shall be read. Raises StorageError for one outside of what may be read."""
        place = os.path.realpath(os.path.join(self.path, _checked(path)))
        if not any(_is_within(place, folder) for folder in self._readable):
            raise StorageError(f"{path!r} is outside of the output folder and of the project")
        return place

    def relative(self, place: str) -> str:
        """Name a place as scripts name it: relative to the folder if it is inside of it."""
        return os.path.relpath(place, self.path) if _is_within(place, self.path) else place

    def files(self, path: Json) -> Iterator[str]:
        """Give the real paths of all regular files below a folder in order of their names, links not followed.

        What is hidden (`.git`, `.temp`) is left out. Raises StorageError where there is no such folder.
        """
        top = self.place(path)
        if not os.path.isdir(top):
            raise StorageError(f"there is no folder {path!r}")
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                place = os.path.join(folder, name)
                if not name.startswith(".") and stat.S_ISREG(os.lstat(place).st_mode):
                    yield place

    def deliver(self, path: Json, data: bytes) -> str:
        """Write a file as `write` does, but none that the engine itself keeps there. Raises StorageError."""
        try:
            refuse_of_the_engine("/".join(self._segments(_checked(path))))
        except NoPlace as fault:
            raise StorageError(f"cannot write {path!r}: {fault}") from None
        return self.write(path, data)

    def write(self, path: Json, data: bytes) -> str:
        """Write a file, making the folders on the way; give its path relative to the folder. Raises StorageError."""
        if len(data) > LARGEST_FILE:
            raise StorageError(f"more than {LARGEST_FILE >> 20} MiB in one file")
        segments = self._segments(_checked(path))
        try:
            with self._opened(segments[:-1]) as folder:
                _put(folder, segments[-1], data)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                reason = "what leads to it is a symbolic link, or no folder"
            raise StorageError(f"cannot write {path!r}: {reason}") from None
        return "/".join(segments)

    def _segments(self, path: str) -> list[str]:
        place = os.path.normpath(os.path.join(self.path, path))
        for folder in (self.path, self._given):
            if place != folder and _is_within(place, folder):
                return os.path.relpath(place, folder).split("/")
        raise StorageError(f"{path!r} is outside of the output folder, and files are only written inside of it")

    @contextmanager
    def _opened(self, segments: list[str]) -> Iterator[int]:
        """Open a folder of the output folder, made if need be, step by step: no step follows a symbolic link."""
        os.makedirs(self.path, exist_ok=True)
        folder = os.open(self.path, _FOLDER)
        try:
            for segment in segments:
                with suppress(FileExistsError):
                    os.mkdir(segment, dir_fd=folder)
                inner = os.open(segment, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


def _put(folder: int, name: str, data: bytes) -> None:
    """Make a file of an open folder hold exactly these bytes, in one step, whatever stood there but a folder."""
    temporary = f".shardflow-{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, _NEW, _MODE, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        try:
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            if error.errno not in NO_REPLACING:
                raise
            os.unlink(name, dir_fd=folder)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _checked(path: Json) -> str:
    """Give a path that can be one. Raises StorageError for anything else."""
    if not isinstance(path, str):
        raise StorageError(f"expected a path, found {shown(path)}")
    if not path.strip():
        raise StorageError("expected a path, found a text that is blank")
    if "\0" in path or any("\ud800" <= character <= "\udfff" for character in path):
        raise StorageError(f"{path!r} can be no path: it holds a NUL or half of a surrogate pair")
    return path


def _is_within(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip("/") + "/")


_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE: Final = 0o666
"""As any program makes a file, less what the user's mask takes away: deliverables are there to be read."""
