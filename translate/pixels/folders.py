"""The pictures of a folder, in the order a person expects."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from translate.errors import DataError
from translate.pixels.formats import LISTED


def find(folder: str | os.PathLike[str]) -> list[Path]:
    """The picture files of a folder (by suffix, not hidden, not those of its folders), in natural order.

    Raises:
        DataError: the folder does not exist or cannot be listed.
    """
    folder = Path(folder)
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        raise DataError(f"the folder {folder} does not exist") from None
    except NotADirectoryError:
        raise DataError(f"{folder} is a file, not a folder") from None
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be listed: {error.strerror}") from None
    pictures = (name for name in names if not name.startswith(".") and Path(name).suffix.lower() in LISTED)
    return [folder / name for name in sorted(pictures, key=natural) if (folder / name).is_file()]


def natural(key: str | os.PathLike[str]) -> tuple[Any, ...]:
    """A sort key by which `2.png` comes before `10.png`; case matters only between names that are otherwise equal."""
    text = os.fspath(key)
    parts: list[Any] = re.split(r"([0-9]+)", text.casefold())
    # Odd places are the numbers: compared by length, then digit by digit, they may be as long as they like.
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return tuple(parts), text
