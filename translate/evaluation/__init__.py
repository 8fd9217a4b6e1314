"""Evaluation: how good a model is, in numbers that can be checked."""

from translate.evaluation.evaluate import Scores, evaluate

__all__ = ["Scores", "evaluate"]
