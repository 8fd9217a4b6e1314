"""Golden curves: the losses of twelve seeded steps of every method. A sign error has the right shapes.

`pytest tests/golden --regenerate` writes them anew; say in the commit why they had to change.
"""

import json
from pathlib import Path

import pytest

from tests.tiny import ignore, plan
from translate.methods import METHODS
from translate.training.run import Run

CURVES = Path(__file__).parent / "curves"


@pytest.mark.parametrize("name", METHODS)
def test_curve(name: str, town: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    run = Run(plan(name, town, steps=12), tmp_path, ignore)
    run.train(resume=False)
    curve = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    path = CURVES / f"{name}.json"
    if request.config.getoption("--regenerate"):
        CURVES.mkdir(exist_ok=True)
        lines = ",\n".join(json.dumps({key: round(value, 6) for key, value in step.items()}) for step in curve)
        path.write_text(f"[\n{lines}\n]\n")
    golden = json.loads(path.read_text())
    assert len(curve) == len(golden) == 12
    for mine, theirs in zip(curve, golden, strict=True):
        # Other instruction sets sum in another order; twelve steps amplify that to less than this.
        assert mine == pytest.approx(theirs, rel=2e-3, abs=2e-3)
