"""Exporting: a network and a card become one `.onnx` file that needs none of our code."""

from translate.exporting.describe import describe
from translate.exporting.export import export

__all__ = ["describe", "export"]
