"""Shards that lie on a server: whole ones are kept in a folder of limited size, which all processes share.

One process at a time fetches; the others wait for it, or for the shard to be there. What was used longest ago makes
room. Training reads files: it waits for the network only where that is slower than training.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from translate.data.files import Blob, unreadable
from translate.data.shards.download import download
from translate.data.shards.index import Shard
from translate.data.shards.store import Shards
from translate.errors import DataError, PictureError

GLANCE = 0.01  # seconds from one look for a shard that another process fetches to the next


def cache_folder() -> Path:
    """The user's own, where nothing else is said."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "translate" / "shards"


class Fetched(Shards):
    """Shards by HTTP.

    Args:
        where: their address, with a slash at the end.
        shards: what is said of them; their checksums are what they are kept under.
        folder: keeps them.
        most: bytes that it may hold.

    Raises:
        DataError: some have no checksum.
    """

    def __init__(self, where: str, shards: Sequence[Shard], folder: Path, most: int) -> None:
        super().__init__(where, shards)
        self.folder, self.most = folder, most
        if any(not shard.sha256 for shard in shards):
            raise DataError(f"{where}: its index gives no checksums: pack it again with translate data pack")

    def piece(self, number: int, start: int, length: int) -> bytes:
        while True:
            path = self.fetch(number)
            try:
                # Not left open: what makes room for others would stay on the disk.
                return Blob(path, keep=False).read(start, length)
            except FileNotFoundError:
                continue  # it has just made room for another
            except OSError as error:
                raise unreadable(str(path), error) from None

    def check(self) -> None:
        """Nothing: each is checked when it comes."""

    def fetch(self, number: int) -> Path:
        """Have a shard at hand.

        Raises:
            PictureError: it cannot be had.
        """
        from filelock import FileLock, Timeout

        path = self.path(number)
        try:
            while not _touched(path):
                self.folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(self.folder / "lock")
                with suppress(Timeout), lock.acquire(timeout=GLANCE, poll_interval=GLANCE):
                    if not path.exists():
                        self._download(number, path)
        except DataError as error:
            raise PictureError(str(error)) from None
        except OSError as error:
            raise PictureError(
                f"{self.shards[number].name} cannot be kept in {self.folder} ({error.strerror or error}): "
                "make room there, or set data.cache to another folder"
            ) from None
        return path

    def path(self, number: int) -> Path:
        """Where a shard is kept."""
        return self.folder / f"{self.shards[number].sha256}.tar"

    def _download(self, number: int, path: Path) -> None:
        part = path.with_suffix(".part")
        self._make_room(self.shards[number].bytes, part)
        download(self.where + self.shards[number].name, part, self.shards[number])
        os.replace(part, path)

    def _make_room(self, wanted: int, part: Path) -> None:
        """Remove what was used longest ago until `wanted` bytes fit."""
        found = []
        for path in (*self.folder.glob("*.tar"), *self.folder.glob("*.part")):
            with suppress(FileNotFoundError):
                status = path.stat()
                if path != part:
                    found.append((status.st_mtime_ns, status.st_size, path))
        held = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held + wanted <= self.most:
                return
            path.unlink(missing_ok=True)
            held -= size


def _touched(path: Path) -> bool:
    """Note that a file is used, if it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
