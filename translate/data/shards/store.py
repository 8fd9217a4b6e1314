"""Shards on a disk, as something that files lie in; and what to say where they are not what was packed."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from translate.data.files import Blob, Container, Member, unreadable
from translate.data.shards.index import Shard
from translate.errors import DataError, PictureError

MOST_OPEN = 128
"""Shards up to which each process leaves them open."""


class Shards(Container):
    """Shards, wherever they are. A member's place is its shard's number, and start and length there.

    Args:
        where: a folder or an address.
        shards: what is said of them.
    """

    def __init__(self, where: str, shards: Sequence[Shard]) -> None:
        super().__init__(where)
        self.shards = list(shards)

    @property
    def known(self) -> bool:
        """Whether all have checksums, as those have that this package packed."""
        return all(shard.sha256 for shard in self.shards)

    def read(self, member: Member) -> bytes:
        number, start, length = member.place
        content = self.piece(number, start, length)
        if len(content) != length:
            raise PictureError(f"{member} is cut short, as {self.shards[number].name} is: copy or pack it again")
        return content

    @abstractmethod
    def piece(self, number: int, start: int, length: int) -> bytes:
        """Bytes of a shard, fewer where it ends; raises PictureError."""

    @abstractmethod
    def check(self) -> None:
        """Whether all of them are what was packed, as far as that can be known before they are read.

        Raises:
            DataError: some are not; names them.
        """


class OnDisk(Shards):
    """Shards as files.

    Args:
        where: what errors call the place.
        shards: what is said of them.
        paths: the files.
    """

    def __init__(self, where: str, shards: Sequence[Shard], paths: Sequence[Path]) -> None:
        super().__init__(where, shards)
        self._blobs = [Blob(path, keep=len(paths) <= MOST_OPEN) for path in paths]

    def piece(self, number: int, start: int, length: int) -> bytes:
        try:
            return self._blobs[number].read(start, length)
        except OSError as error:
            raise unreadable(str(self._blobs[number].path), error) from None

    def check(self) -> None:
        with ThreadPoolExecutor() as pool:
            blobs = (blob.path for blob in self._blobs)
            problems = [problem for problem in pool.map(differs, blobs, self.shards) if problem]
        if problems:
            more = f" … and {len(problems) - 3} more" if len(problems) > 3 else ""
            raise DataError(
                f"{self.where}: {len(problems)} of {len(self.shards)} shards are not what was packed: "
                f"{'; '.join(problems[:3])}{more}: copy or pack them again"
            )


def differs(path: Path, shard: Shard) -> str:
    """How a file is not the shard that it should be; empty if it is. Its checksum is compared if one is known."""
    try:
        size = path.stat().st_size
        if size != shard.bytes:
            return f"{path} has {size:,} bytes, not {shard.bytes:,}"
        if shard.sha256 and digest(path) != shard.sha256:
            return f"{path} has another checksum"
    except FileNotFoundError:
        return f"{path} is not there"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    return ""


def digest(path: Path) -> str:
    """SHA-256 of a file; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
