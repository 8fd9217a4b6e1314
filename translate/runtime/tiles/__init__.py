"""Pictures that do not fit into memory: read, translated and written in parts, so that no part shows.

    translate_large(Translator("day2night.onnx"), "city.tif", "night.tif")

Where a network sees no further than its halo, parts come out as the whole would: each is read with so much around it,
and normalised by the statistics of the whole picture. Where it sees everything, parts overlap and are blended.
"""

from translate.runtime.tiles.arrays import translate_array
from translate.runtime.tiles.files import translate_large_files
from translate.runtime.tiles.job import translate_large

__all__ = ["translate_array", "translate_large", "translate_large_files"]
