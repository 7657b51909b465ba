"""Bytes written piece by piece that may become more than memory should hold: most of them then wait in a file."""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from typing import IO, Final

from shardflow.errors import StorageError

_IN_MEMORY: Final = 1 << 20
"""Bytes that are kept in memory; a file is opened only for more."""
_CHUNK: Final = 1 << 18


class Spool:
    """Pieces in the order they were added. What does not fit into memory is in a file without a name in the folder for
    temporary files ($TMPDIR), which ends with the process.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def __del__(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added yet."""
        return self._file is None and not self._pieces

    def add(self, piece: bytes) -> None:
        """Add a piece. Raises StorageError where the file system refuses."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _IN_MEMORY:
            self._write()

    def _write(self) -> None:
        import tempfile  # 10 ms, only ever needed for large ledgers

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
            self._file.seek(0, SEEK_END)
            self._file.write(b"".join(self._pieces))
            self._file.flush()
        except OSError as error:
            raise StorageError(
                f"cannot keep what a merge has to tell in {tempfile.gettempdir()}: {error.strerror}; "
                "make room there, or set TMPDIR to another folder"
            ) from error
        self._pieces.clear()
        self._size = 0

    def chunks(self) -> Iterator[bytes]:
        """Give all bytes in chunks of a quarter of a megabyte; none where nothing was added."""
        if self._file is not None:
            self._file.seek(0)
            while chunk := self._file.read(_CHUNK):
                yield chunk
        if rest := b"".join(self._pieces):
            yield rest
