"""Image-to-image translation: methods are games played in turns, models are one `.onnx` file.

Importing this package imports nothing else: each part is imported by the module that needs it, so that the
command line answers at once and inference never meets torch.
"""

__version__ = "0.1.0"
