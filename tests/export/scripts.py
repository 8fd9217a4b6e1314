"""The scripts of `export/`, which is no package: each folder's are imported from there by name."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "tests" / "assets"


def script(folder: str, name: str) -> ModuleType:
    """The module `export/<folder>/<name>.py`, as it is when it runs: with its own folder on the path."""
    sys.path.insert(0, str(ROOT / "export" / folder))
    try:
        return importlib.import_module(name)
    finally:
        del sys.path[0]
