"""Whether a file is the one that was meant: by the checksum on its card, or by the one that was seen first.

`trusted.toml` lies with the data, so that those who share a folder of data share what it rests on. For most pix2pix
archives nobody published a SHA-256: the first download decides (as with ssh's known hosts), and is held to afterwards.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from translate.data.known.catalogue import Archive
from translate.errors import FetchError
from translate.files import write_whole

TRUSTED = "trusted.toml"


class WrongFileError(FetchError):
    """A file that is not the one that was meant; `acceptable` where only somebody's word speaks against it."""

    def __init__(self, why: str, acceptable: bool) -> None:
        super().__init__(why)
        self.acceptable = acceptable


def verify(
    file: Path, archive: Archive, name: str, folder: Path, accept: str, watch: Callable[[int], None]
) -> tuple[str, str]:
    """Hold a file to what is known of it.

    Args:
        file: the archive as it came.
        archive: what its card says.
        name: of the data set.
        folder: where `trusted.toml` is.
        accept: a SHA-256 that is right whatever else is known, or nothing.
        watch: is told how many bytes have been read.

    Returns:
        How it is known to be right, as the end of a sentence that begins with the file's name; and its SHA-256 if that
        is to be recorded, once the file has proved to be an archive of pictures.

    Raises:
        WrongFileError: it is another file.
    """
    sha256, md5 = digests(file, watch)
    path = folder / TRUSTED
    trusted = read(folder).get(f"{name}/{archive.file}", "")
    if accept:
        if sha256 != accept:
            raise WrongFileError(f"it has the sha256 {sha256}, and --accept names another one", False)
        return f"has the sha256 that --accept names, which is held to from now on ({path})", sha256
    if trusted:
        _alike("sha256", sha256, trusted, f"{path} has from an earlier time", sha256, True)
        return f"has the sha256 that was seen first ({path})", ""
    if archive.sha256:
        _alike("sha256", sha256, archive.sha256, f"{archive.recorded_by} recorded", sha256, False)
        return f"has the sha256 that {archive.recorded_by} recorded", ""
    if archive.md5:
        _alike("MD5", md5, archive.md5, f"{archive.recorded_by} recorded", sha256, True)
        known = f"has the MD5 that {archive.recorded_by} recorded"
    else:
        known = "comes without a checksum that anybody published"
    return f"{known}; its sha256 is held to from now on ({path})", sha256


def _alike(kind: str, found: str, known: str, by: str, sha256: str, acceptable: bool) -> None:
    if found != known:
        raise WrongFileError(
            f"it has the {kind} {found} and not {known}, which {by};"
            f" if you know that it is right, add --accept {sha256}",
            acceptable,
        )


def digests(file: Path, watch: Callable[[int], None]) -> tuple[str, str]:
    """SHA-256 and MD5 of a file, in hexadecimal."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    done = 0
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            sha256.update(piece)
            md5.update(piece)
            done += len(piece)
            watch(done)
    return sha256.hexdigest(), md5.hexdigest()


def read(folder: Path) -> dict[str, str]:
    """SHA-256 by `NAME/FILE`, as recorded.

    Raises:
        FetchError: the file is there and cannot be read: nothing is trusted silently anew.
    """
    path = folder / TRUSTED
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FetchError(f"{path} cannot be read ({error}): mend it, or remove it to trust anew") from None
    return {key: str(value) for key, value in table.items()}


def record(folder: Path, name: str, archive: Archive, sha256: str) -> None:
    """From now on the archive is that file and no other."""
    known = {**read(folder), f"{name}/{archive.file}": sha256}
    lines = ["# The sha256 of archives as they were first seen (or accepted): another file of that name is refused."]
    lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in sorted(known.items())]
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / TRUSTED, ("\n".join(lines) + "\n").encode())
