"""The papers' training steps, literally: what the authors' PyTorch code does, in its order, with torch alone.

Nothing is faster here than there: fp32, eager, activations in place, gradients for all that theirs computes gradients
for. It is what a step is timed against (`benchmarks.training`) and what the trainer's arithmetic is proved equal to,
weight for weight (`tests/maths/test_transcription.py`). Names follow theirs, A for source and B for target.
"""
