"""Runs that are interrupted on purpose."""

import pytest
import torch

from translate.training.run import Run


def train_to(run: Run, step: int) -> None:
    """Train until the checkpoint of `step` is written, and be interrupted there."""
    save = run._save

    def save_and_stop() -> None:
        save()
        if run.trainer.step == step:
            raise KeyboardInterrupt

    run._save = save_and_stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run.train(resume=True)
    run._save = save  # type: ignore[method-assign]
    torch.manual_seed(99)  # what the process did in between does not matter
