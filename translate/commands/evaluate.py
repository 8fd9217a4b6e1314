"""`translate evaluate`: how good a model is."""

from __future__ import annotations

import argparse
from pathlib import Path

from translate.commands.words import say
from translate.errors import ConfigError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The words of `translate evaluate`."""
    evaluate = commands.add_parser("evaluate", help="score exported models on a configuration's held-out pairs")
    evaluate.usage = "translate evaluate MODEL.onnx ... --data CONFIG.toml [key.sub=value ...] [options]"
    evaluate.add_argument("models", type=Path, nargs="+", metavar="MODEL.onnx", help="all of one direction")
    evaluate.add_argument(
        "--data", type=Path, required=True, metavar="CONFIG.toml", help="the configuration that trained them"
    )
    evaluate.set_defaults(do=_evaluate, overrides=[])
    evaluate.add_argument(
        "--reader", type=Path, metavar="READER.onnx", help="a model from target pictures to label maps: score classes"
    )
    evaluate.add_argument("--labels", type=Path, metavar="FOLDER", help="the true label maps, by the pictures' names")
    evaluate.add_argument("--save", type=Path, default=None, metavar="SCORES.json", help="write every picture's scores")


def _evaluate(arguments: argparse.Namespace) -> int:
    from translate import config
    from translate.evaluation import evaluate

    if bool(arguments.reader) != bool(arguments.labels):
        raise ConfigError("--reader and --labels go together: what reads classes, and which are the true ones")
    plan = config.plan(config.read(arguments.data, arguments.overrides))
    scores = evaluate(arguments.models, plan, arguments.reader, arguments.labels)
    say(scores.table())
    if arguments.save:
        scores.save(arguments.save)
    return 0
