"""Inference: an exported `.onnx` file and ONNX Runtime. Nothing here, or below it, imports torch."""

from translate.runtime.folder import Outcome, translate_files
from translate.runtime.metadata import models
from translate.runtime.translator import Translator

__all__ = ["Outcome", "Translator", "models", "translate_files"]
