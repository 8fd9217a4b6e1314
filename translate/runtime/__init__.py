"""Inference: an exported `.onnx` file and ONNX Runtime. Nothing here, or below it, imports torch."""

from translate.runtime.metadata import models
from translate.runtime.round_trip import RoundTrip, round_trip
from translate.runtime.streams.files import Outcome, translate_files
from translate.runtime.translator import Translator

__all__ = ["Outcome", "RoundTrip", "Translator", "models", "round_trip", "translate_files"]
