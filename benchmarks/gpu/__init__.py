"""One command for a GPU that is at hand for minutes: checks, speed, roofline and a whole training, in one record.

    python -m benchmarks.gpu --data FOLDER --out FILE.json

It needs torch, numpy and Pillow, and no network. See benchmarks/README.md.
"""
