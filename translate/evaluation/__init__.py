"""Evaluation: how good a model is, in numbers that can be checked."""

from translate.evaluation.classes import Classes
from translate.evaluation.classifying import Classifier
from translate.evaluation.evaluate import evaluate
from translate.evaluation.judging import Judge, Sight
from translate.evaluation.scores import Scores

__all__ = ["Classes", "Classifier", "Judge", "Scores", "Sight", "evaluate"]
