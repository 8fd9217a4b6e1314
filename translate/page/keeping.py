"""The server's folder for files on their way: private, swept while it serves, and gone when it ends."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_AGAIN = 2.0  # seconds for which a measured size is good

_log = logging.getLogger("translate.page")


class Keeping:
    """A folder of files that are deleted when they are old.

    Args:
        folder: the folder.
        seconds: for which a file is kept.
        spared: gives the paths of files that are kept for ever, such as those that belong to the page itself.
    """

    def __init__(self, folder: Path, seconds: float, spared: Callable[[], Iterable[str]] = tuple) -> None:
        self.folder = folder
        self._seconds, self._spared = seconds, spared
        self._measured, self._size = float("-inf"), 0

    def size(self) -> int:
        """Bytes of all files in the folder, measured a few seconds ago at most."""
        now = time.monotonic()
        if now - self._measured > _AGAIN:
            self._size = sum(status.st_size for _, status in self._files())
            self._measured = now
        return self._size

    def sweep(self) -> None:
        """Delete what is too old, by when it came here, and folders that are empty and as old."""
        spared, now = {os.path.abspath(path) for path in self._spared()}, time.time()
        for path, status in self._files():
            if now - status.st_ctime > self._seconds and os.path.abspath(path) not in spared:
                with suppress(OSError):  # gone, or held open where that keeps it
                    path.unlink()
        for inner, _, _ in os.walk(self.folder, topdown=False):
            try:
                if now - os.stat(inner).st_ctime > self._seconds and Path(inner) != self.folder:
                    os.rmdir(inner)
            except OSError:  # not empty, or gone
                continue

    async def run(self) -> None:
        """Sweep again and again, a sixth of the time that a file is kept after the last."""
        while True:
            await asyncio.sleep(min(self._seconds / 6, 600))
            try:
                await asyncio.to_thread(self.sweep)
            except Exception:  # the next time may go well; without any, the disk fills
                _log.exception("old files could not be deleted")

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for inner, _, names in os.walk(self.folder):
            for name in names:
                path = Path(inner, name)
                try:
                    yield path, path.lstat()
                except OSError:
                    continue


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for files on their way, for nobody else on this machine, where Gradio puts its files; gone at the end.

    Meanwhile the process is in an empty folder: Gradio gives out files of the one that it is in.
    """
    folder, before = Path(tempfile.mkdtemp(prefix="translate-")), os.getcwd()  # mode 0700
    given = {name: os.environ.get(name) for name in ("GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE")}
    try:
        for name in ("files", "examples", "empty"):
            (folder / name).mkdir()
        os.environ["GRADIO_TEMP_DIR"] = str(folder / "files")
        os.environ["GRADIO_EXAMPLES_CACHE"] = str(folder / "examples")
        os.chdir(folder / "empty")
        yield folder / "files"
    finally:
        os.chdir(before)
        for name, value in given.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)
