"""Evaluation: how good a model is, in numbers that can be checked."""

from translate.evaluation.evaluate import evaluate
from translate.evaluation.scores import Scores

__all__ = ["Scores", "evaluate"]
