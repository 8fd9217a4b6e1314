"""A procedural town: the data set that needs no download, drawn from a seed in five views, in register.

`day`, `night`, `labels`, `edges` and `grey` show one scene pixel for pixel, so even methods for unpaired data can be
measured against the truth. sampling.py decides what stands where (scene.py), houses.py, openings.py and
surroundings.py give it shape (shape.py, palette.py), paint.py interprets the shapes once a view, disk.py writes.
"""

from translate.data.town.disk import make
from translate.data.town.paint import VIEWS, classes, draw
from translate.data.town.palette import CLASSES

__all__ = ["CLASSES", "VIEWS", "classes", "draw", "make"]
