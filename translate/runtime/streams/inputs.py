"""What is read: files, folders, patterns and archives become entries, each one picture."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePath

from translate import pixels
from translate.errors import DataError

HERE = PurePath()
_WILD = r"[*?\[]"


@dataclass(frozen=True)
class Entry:
    """One picture to be read."""

    path: Path
    """The file; of an archive's entry the archive and the entry's name, which no file system knows."""
    folder: PurePath
    """Where its result belongs below the output folder."""
    open: Callable[[], pixels.Source]
    """Gives what `pixels.read` takes, or raises PictureError."""


def entries(inputs: Sequence[str | os.PathLike[str]], out: Path, recursive: bool, stack: ExitStack) -> list[Entry]:
    """Every picture of the inputs once, in the inputs' order.

    Args:
        inputs: files; folders, which stand for the pictures in them; `.zip` files, likewise; and, where no file has
            such a name, patterns with `*`, `?`, `[…]` and `**`.
        out: folder of the results, which is not looked for pictures.
        recursive: take the folders of folders as well.
        stack: keeps archives open as long as it lives.

    Raises:
        DataError: there is no picture at all, a pattern has no match, or a folder cannot be listed.
    """
    found: dict[str, Entry] = {}
    for given in inputs:
        for entry in _entries(Path(given), out, recursive, stack):
            found.setdefault(os.path.realpath(entry.path), entry)
    if not found:
        where = ", ".join(str(path) for path in inputs) or "the inputs"
        raise DataError(f"there are no pictures in {where}: give picture files, or a folder that has some")
    return list(found.values())


def _entries(path: Path, out: Path, recursive: bool, stack: ExitStack) -> Iterable[Entry]:
    # os.path asks without raising: a name may be too long, or a folder closed to us.
    if os.path.isdir(path):
        return _tree(path, out) if recursive else [_file(file, HERE) for file in pixels.find(path)]
    if not os.path.lexists(path) and re.search(_WILD, str(path)):
        return _matches(path, out, stack)
    return _one(path, HERE, stack)


def _one(path: Path, folder: PurePath, stack: ExitStack) -> list[Entry]:
    """A file as it is given, an archive as its pictures."""
    if path.suffix.lower() != ".zip":
        return [_file(path, folder)]
    from translate.runtime.streams.archive import Archive

    archive = stack.enter_context(Archive(path))
    return [Entry(path / name, folder / where, reader) for name, where, reader in archive.pictures()]


def _file(path: Path, folder: PurePath) -> Entry:
    return Entry(path, folder, lambda: path)


def _tree(root: Path, out: Path) -> Iterator[Entry]:
    """The pictures of a folder and of all below it, not following links to folders, in natural order."""
    inside = pixels.find(root)  # says what is wrong with the folder itself, where `walk` would be silent
    yield from (_file(file, HERE) for file in inside)
    for folder, inner, _ in os.walk(root, onerror=_closed):
        results = (name for name in inner if os.path.isdir(out) and os.path.samefile(os.path.join(folder, name), out))
        hidden = (name for name in inner if name.startswith("."))
        left_out = {*results, *hidden}
        inner[:] = sorted((name for name in inner if name not in left_out), key=pixels.natural)
        if folder != str(root):
            below = Path(folder).relative_to(root)
            yield from (_file(file, below) for file in pixels.find(folder))


def _closed(error: OSError) -> None:
    raise DataError(f"the folder {error.filename} cannot be listed: {error.strerror}") from None


def _matches(pattern: Path, out: Path, stack: ExitStack) -> Iterator[Entry]:
    """What a shell would have found, as far as it is a picture or an archive; folders are kept below the fixed part."""
    fixed = next(place for place, part in enumerate(pattern.parts) if re.search(_WILD, part))
    root = Path(*pattern.parts[:fixed])
    try:
        found = sorted(root.glob(str(Path(*pattern.parts[fixed:]))), key=pixels.natural)
    except (ValueError, OSError) as error:
        raise DataError(f"the pattern {pattern} cannot be used ({error}): write it like photos/**/*.jpg") from None
    known = pixels.READABLE | pixels.ARRAYS | {".zip"}
    found = [path for path in found if path.suffix.lower() in known and os.path.isfile(path)]
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if _inside(out, root):  # results of an earlier run are no inputs of this one
        found = [path for path in found if not _inside(path, out)]
    if not found:
        raise DataError(f"no picture matches {pattern}: check the pattern, or give a folder")
    for path in found:
        yield from _one(path, path.relative_to(root).parent, stack)


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents
