"""`translate train`."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import add_config, say


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate train`."""
    train = commands.add_parser("train", help="train a method on data, both named in a configuration")
    add_config(train)
    train.add_argument("--resume", action="store_true", help="go on where the run of this name stopped")
    train.add_argument("--runs", type=Path, default=Path("runs"), help="folder of runs (default: runs)")
    train.set_defaults(do=_train)


def _train(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.training import together
    from translate.training.run import Run

    with together.company():
        plan = together.each(lambda: config.plan(config.read(arguments.config, arguments.overrides)))
        result = Run(plan, arguments.runs, say).train(resume=arguments.resume)
    if result.interrupted:
        return 128 + result.interrupted
    if together.leads():
        best = " --best" if plan.settings.best else ""
        say(f"done: {result.folder}, step {result.step:,}; next: translate export {result.folder}{best} -o MODEL.onnx")
    return 0
