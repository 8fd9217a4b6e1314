"""Golden curves: the losses of twelve seeded steps of every method. A sign error has the right shapes.

In float64, so that the order in which a machine sums does not show: CUT amplifies it a thousandfold within ten steps.
`pytest tests/golden --regenerate` writes them anew; say in the commit why they had to change.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.tiny import plan
from translate import config
from translate.batches import Batch
from translate.data.loading import Order, Pictures, loader
from translate.methods import METHODS
from translate.training.trainer import Trainer, seed_step

CURVES = Path(__file__).parent / "curves"
STEPS = 12


@pytest.fixture
def _float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def widened(batch: Batch) -> Batch:
    return type(batch)(*(part / 127.5 - 1 if part.dtype == torch.uint8 else part for part in batch))


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("name", METHODS)
def test_curve(name: str, town: Path, request: pytest.FixtureRequest) -> None:
    made = plan(name, town, steps=STEPS)
    seed_step(5, 0)
    trainer = Trainer(config.build_method(made.resolved), made.settings, total=STEPS, seed=5)
    pictures = Pictures(made.layout, made.transform)
    batches = loader(pictures, Order(len(pictures), made.settings.batch, 5, 0, STEPS), workers=0, pin=False)
    curve = [
        {term: loss.item() for term, loss in trainer.play(widened(batch)).items() if "/right_on_" not in term}
        for batch in batches
    ]
    path = CURVES / f"{name}.json"
    if request.config.getoption("--regenerate"):
        CURVES.mkdir(exist_ok=True)
        path.write_text("[\n" + ",\n".join(json.dumps(step) for step in curve) + "\n]\n")
    golden = json.loads(path.read_text())
    assert len(curve) == len(golden) == STEPS
    for mine, theirs in zip(curve, golden, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-7)
