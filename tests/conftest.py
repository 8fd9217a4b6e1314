"""What all tests share: nothing calls home, and a tiny world to train on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import launched

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write golden files anew instead of comparing")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight scenes of the synthetic town at 32², a folder a view."""
    from translate.data import town

    folder = tmp_path_factory.mktemp("town")
    town.make(folder, 8, 32, ("edges", "day", "night"))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window. A module's, because its driver leaves a loop running that asynchronous tests mind."""
    with launched() as browser:
        yield browser
