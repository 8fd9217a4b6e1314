"""Inference: an exported `.onnx` file and ONNX Runtime. Nothing here, or below it, imports torch."""

from translate.runtime.metadata import models
from translate.runtime.round_trip import RoundTrip, round_trip
from translate.runtime.streams.files import Outcome, translate_files
from translate.runtime.streams.video import Progress, Video, translate_video
from translate.runtime.translator import Translator

__all__ = [
    "Outcome",
    "Progress",
    "RoundTrip",
    "Translator",
    "Video",
    "models",
    "round_trip",
    "translate_files",
    "translate_video",
]
