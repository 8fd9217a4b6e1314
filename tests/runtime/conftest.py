from pathlib import Path

import pytest

from translate.runtime import Translator

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture(scope="session")
def negative() -> Translator:
    """A model that gives 255 - x."""
    return Translator(ASSETS / "invert.onnx", threads=1, engine="cpu")
