"""Drawn faces whose attributes are known: a world for generators, and for questions with an answer.

Eight attributes, each of every second face and independent of the others, and plenty that varies beside them.
traits.py decides (from a seed) who it is, head.py, hair.py and dress.py give it shape, paint.py interprets the shapes
once a view, disk.py writes pictures and attributes.csv.
"""

from translate.data.faces.disk import make
from translate.data.faces.paint import VIEWS, draw
from translate.data.faces.traits import ATTRIBUTES, attributes

__all__ = ["ATTRIBUTES", "VIEWS", "attributes", "draw", "make"]
